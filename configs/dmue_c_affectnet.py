"""DMUE-C on AffectNet.

    python launch.py --config=configs/dmue_c_affectnet.py \
        --workdir=runs/dmue_c_affectnet --config.data.dir=data/affectnet
"""

from configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('affectnet', arg))
