"""ReSup on RAF-DB.

    python launch.py --config=configs/resup_rafdb.py --workdir=runs/rafdb \
        --config.data.dir=data/rafdb

    Needs:    a GPU (two ResNet-18 at 224 px; compiled for an H100, a step of 256 in
              bfloat16 takes 4.7 GB); its hours are not known, none was at hand.
    Expected: 89.70 % (paper, Table 3); with noise=0.3 86.86 (Table 1), which is the
              best epoch of the released log, whose last five have a mean of 86.68.
              From face weights: --config.start.
    Measured: not run here: no RAF-DB, no GPU.
"""

from fer_jax.configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('raf_db', arg))
