"""DMUE-C on FER2013.

    python launch.py --config=configs/dmue_c_fer2013.py --workdir=runs/dmue_c_fer2013 \
        --config.data.dir=data/fer2013
"""

from configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('fer2013', arg))
