"""DMUE-C on AffectNet.

    python launch.py --config=configs/dmue_c_affectnet.py \
        --workdir=runs/dmue_c_affectnet --config.data.dir=data/affectnet

    Needs:    a GPU (a ResNet-18 at 224 px whose last stage is there 8 times); its
              hours are not known, none was at hand.
    Expected: 65.73 % (embedding-proximity paper, Table 1); with noise=0.3 54.47
              (Table 3). From face weights: --config.start.
    Measured: not run here: no AffectNet, no GPU.
"""

from fer_jax.configs import default, dmue_c


def get_config(arg=''):
    return dmue_c.get_config(default.only('affectnet', arg))
