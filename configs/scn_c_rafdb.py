"""SCN-C on RAF-DB.

    python launch.py --config=configs/scn_c_rafdb.py --workdir=runs/scn_c_rafdb \
        --config.data.dir=data/raf_db
"""

from configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('raf_db', arg))
