"""RUL-C on FER2013.

    python launch.py --config=configs/rul_c_fer2013.py --workdir=runs/rul_c_fer2013 \
        --config.data.dir=data/fer2013
"""

from configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('fer2013', arg))
