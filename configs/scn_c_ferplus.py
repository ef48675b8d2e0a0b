"""SCN-C on FERPlus.

    python launch.py --config=configs/scn_c_ferplus.py --workdir=runs/scn_c_ferplus \
        --config.data.dir=data/ferplus
"""

from configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('ferplus', arg))
