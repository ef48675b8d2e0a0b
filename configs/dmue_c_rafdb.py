"""DMUE-C on RAF-DB.

    python launch.py --config=configs/dmue_c_rafdb.py --workdir=runs/dmue_c_rafdb \
        --config.data.dir=data/raf_db
"""

from configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('raf_db', arg))
