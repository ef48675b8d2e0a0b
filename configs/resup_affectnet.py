"""ReSup on AffectNet.

    python launch.py --config=configs/resup_affectnet.py --workdir=runs/affectnet \
        --config.data.dir=data/affectnet
"""

from configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('affectnet', arg))
