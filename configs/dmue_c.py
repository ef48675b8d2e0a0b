"""DMUE-C: DMUE with embedding proximity.

The target branch's features pulled to the centre of their label.

    python launch.py --config=configs/dmue_c.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/dmue_c --config.data.dir=data/raf_db
"""

from configs import default, dmue


def get_config(arg=''):
    config = dmue.get_config(arg)
    config.proximity.weight = default.PROXIMITY.get(config.data.name, 0.01)
    return config
