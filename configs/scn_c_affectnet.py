"""SCN-C on AffectNet.

    python launch.py --config=configs/scn_c_affectnet.py \
        --workdir=runs/scn_c_affectnet --config.data.dir=data/affectnet
"""

from configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('affectnet', arg))
