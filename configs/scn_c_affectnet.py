"""SCN-C on AffectNet.

    python launch.py --config=configs/scn_c_affectnet.py \
        --workdir=runs/scn_c_affectnet --config.data.dir=data/affectnet
"""

from configs import scn_c


def get_config(arg=''):
    return scn_c.get_config(f'dataset=affectnet,{arg}')
