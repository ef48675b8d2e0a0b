"""SCN-C on AffectNet.

    python launch.py --config=configs/scn_c_affectnet.py \
        --workdir=runs/scn_c_affectnet --config.data.dir=data/affectnet

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 64.13 % (embedding-proximity paper, Table 1); with noise=0.3 55.05
              (Table 3). From face weights: --config.start.
    Measured: not run here: no AffectNet, no GPU.
"""

from fer_jax.configs import default, scn_c


def get_config(arg=''):
    return scn_c.get_config(default.only('affectnet', arg))
