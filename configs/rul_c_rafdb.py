"""RUL-C on RAF-DB.

    python launch.py --config=configs/rul_c_rafdb.py --workdir=runs/rul_c_rafdb \
        --config.data.dir=data/raf_db

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 89.51 % (embedding-proximity paper, Table 1); with noise=0.3 83.17
              (Table 3). From face weights: --config.start.
    Measured: not run here: no RAF-DB, no GPU.
"""

from fer_jax.configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('raf_db', arg))
