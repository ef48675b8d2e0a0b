"""DMUE-C on FERPlus.

    python launch.py --config=configs/dmue_c_ferplus.py --workdir=runs/dmue_c_ferplus \
        --config.data.dir=data/ferplus

    Needs:    a GPU (a ResNet-18 at 224 px whose last stage is there 8 times); its
              hours are not known, none was at hand.
    Expected: 86.03 % (embedding-proximity paper, Table 1); with noise=0.3 81.12
              (Table 3). From face weights: --config.start.
    Measured: not run here at 224 px: no GPU.
"""

from fer_jax.configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('ferplus', arg))
