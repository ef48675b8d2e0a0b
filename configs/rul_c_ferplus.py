"""RUL-C on FERPlus.

    python launch.py --config=configs/rul_c_ferplus.py --workdir=runs/rul_c_ferplus \
        --config.data.dir=data/ferplus

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 87.37 % (embedding-proximity paper, Table 1); with noise=0.3 82.83
              (Table 3). From face weights: --config.start.
    Measured: not run here at 224 px: no GPU.
"""

from fer_jax.configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('ferplus', arg))
