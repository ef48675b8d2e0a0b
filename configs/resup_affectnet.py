"""ReSup on AffectNet.

    python launch.py --config=configs/resup_affectnet.py --workdir=runs/affectnet \
        --config.data.dir=data/affectnet

    Needs:    a GPU (two ResNet-18 at 224 px; compiled for an H100, a step of 256 in
              bfloat16 takes 4.7 GB); its hours are not known, none was at hand.
    Expected: 65.46 % (paper, Table 3); with noise=0.3 62.89 (Table 1). From face
              weights: --config.start.
    Measured: not run here: no AffectNet, no GPU.
"""

from fer_jax.configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('affectnet', arg))
