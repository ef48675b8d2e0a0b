"""ReSup on FERPlus.

    python launch.py --config=configs/resup_ferplus.py --workdir=runs/ferplus \
        --config.data.dir=data/ferplus

    Needs:    a GPU (two ResNet-18 at 224 px; compiled for an H100, a step of 256 in
              bfloat16 takes 4.7 GB); its hours are not known, none was at hand.
    Expected: 88.85 % (paper, Table 3); with noise=0.3 86.74 (Table 1). From face
              weights: --config.start.
    Measured: not run here at 224 px: no GPU. FERPlus labels at 48 px:
              resup_fer2013.
"""

from fer_jax.configs import default, resup


def get_config(arg=''):
    return resup.get_config(default.only('ferplus', arg))
