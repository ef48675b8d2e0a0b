"""RUL-C on AffectNet.

    python launch.py --config=configs/rul_c_affectnet.py \
        --workdir=runs/rul_c_affectnet --config.data.dir=data/affectnet

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 65.00 % (embedding-proximity paper, Table 1); with noise=0.3 57.48
              (Table 3). From face weights: --config.start.
    Measured: not run here: no AffectNet, no GPU.
"""

from fer_jax.configs import default, rul_c


def get_config(arg=''):
    return rul_c.get_config(default.only('affectnet', arg))
