"""SCN-C: SCN with embedding proximity.

Features pulled to the centre of their current label.

    python launch.py --config=configs/scn_c.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/scn_c --config.data.dir=data/raf_db
"""

from configs import default, scn


def get_config(arg=''):
    config = scn.get_config(arg)
    config.proximity.weight = default.PROXIMITY.get(config.data.name, 0.01)
    config.algorithm.rank_weight = 0.0  # the paper drops rank regularisation
    config.algorithm.classifier_bias = False  # and the bias
    return config
