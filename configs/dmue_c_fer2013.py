"""DMUE-C on FER2013.

    python launch.py --config=configs/dmue_c_fer2013.py --workdir=runs/dmue_c_fer2013 \
        --config.data.dir=data/fer2013

    Needs:    a GPU (a ResNet-18 at 224 px whose last stage is there 8 times); its
              hours are not known, none was at hand.
    Expected: 70.60 % (embedding-proximity paper, Table 1); with noise=0.3 64.11
              (Table 3). From face weights: --config.start.
    Measured: not run here at 224 px: no GPU. At 48 px, from random weights:
              configs/dmue_c.py.
"""

from fer_jax.configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('fer2013', arg))
