"""RUL-C on FERPlus.

    python launch.py --config=configs/rul_c_ferplus.py --workdir=runs/rul_c_ferplus \
        --config.data.dir=data/ferplus
"""

from configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('ferplus', arg))
