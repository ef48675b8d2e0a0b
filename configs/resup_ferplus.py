"""ReSup on FERPlus.

    python launch.py --config=configs/resup_ferplus.py --workdir=runs/ferplus \
        --config.data.dir=data/ferplus
"""

from configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('ferplus', arg))
