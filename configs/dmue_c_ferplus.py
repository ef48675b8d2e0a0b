"""DMUE-C on FERPlus.

    python launch.py --config=configs/dmue_c_ferplus.py --workdir=runs/dmue_c_ferplus \
        --config.data.dir=data/ferplus
"""

from configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('ferplus', arg))
