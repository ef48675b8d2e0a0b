"""SCN-C on FER2013.

    python launch.py --config=configs/scn_c_fer2013.py --workdir=runs/scn_c_fer2013 \
        --config.data.dir=data/fer2013

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 70.16 % (embedding-proximity paper, Table 1); with noise=0.3 63.85
              (Table 3). From face weights: --config.start.
    Measured: not run here at 224 px: no GPU. At 48 px, from random weights:
              configs/scn_c.py.
"""

from fer_jax.configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('fer2013', arg))
