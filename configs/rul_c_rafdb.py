"""RUL-C on RAF-DB.

    python launch.py --config=configs/rul_c_rafdb.py --workdir=runs/rul_c_rafdb \
        --config.data.dir=data/raf_db
"""

from configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('raf_db', arg))
