"""RUL-C: RUL with embedding proximity.

The mean branch pulled to the centre of its label.

    python launch.py --config=configs/rul_c.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/rul_c --config.data.dir=data/raf_db
"""

from configs import default, rul


def get_config(arg=''):
    config = rul.get_config(arg)
    config.proximity.weight = default.PROXIMITY.get(config.data.name, 0.01)
    config.algorithm.classifier_bias = False  # the paper drops the bias
    return config
