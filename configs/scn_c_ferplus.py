"""SCN-C on FERPlus.

    python launch.py --config=configs/scn_c_ferplus.py --workdir=runs/scn_c_ferplus \
        --config.data.dir=data/ferplus

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 87.31 % (embedding-proximity paper, Table 1); with noise=0.3 82.33
              (Table 3). From face weights: --config.start.
    Measured: not run here at 224 px: no GPU.
"""

from fer_jax.configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('ferplus', arg))
