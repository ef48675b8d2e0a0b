"""SCN-C on FER2013.

    python launch.py --config=configs/scn_c_fer2013.py --workdir=runs/scn_c_fer2013 \
        --config.data.dir=data/fer2013
"""

from configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('fer2013', arg))
