"""ReSup on FER2013.

    python launch.py --config=configs/resup_fer2013.py --workdir=runs/fer2013 \
        --config.data.dir=data/fer2013
"""

from configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('fer2013', arg))
