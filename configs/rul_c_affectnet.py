"""RUL-C on AffectNet.

    python launch.py --config=configs/rul_c_affectnet.py \
        --workdir=runs/rul_c_affectnet --config.data.dir=data/affectnet
"""

from configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('affectnet', arg))
