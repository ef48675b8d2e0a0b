"""DMUE-C on RAF-DB.

    python launch.py --config=configs/dmue_c_rafdb.py --workdir=runs/dmue_c_rafdb \
        --config.data.dir=data/raf_db

    Needs:    a GPU (a ResNet-18 at 224 px whose last stage is there 8 times); its
              hours are not known, none was at hand.
    Expected: 88.04 % (embedding-proximity paper, Table 1); with noise=0.3 81.67
              (Table 3). From face weights: --config.start.
    Measured: not run here: no RAF-DB, no GPU.
"""

from fer_jax.configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('raf_db', arg))
