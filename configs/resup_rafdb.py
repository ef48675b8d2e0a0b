"""ReSup on RAF-DB.

    python launch.py --config=configs/resup_rafdb.py --workdir=runs/rafdb \
        --config.data.dir=data/rafdb
"""

from configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('raf_db', arg))
