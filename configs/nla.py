"""NLA (Lee, Choi et al. 2025): ambiguous labels weigh most, wrong ones least.

    python launch.py --config=configs/nla.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/nla --config.data.dir=data/raf_db

    Needs:    a GPU (two passes of a ResNet-18 at 224 px); its hours are not known, none
              was at hand. With on=features a CPU.
    Expected: the paper's tables were not at hand.
    Measured: not run here but in the tests.
"""

from fer_jax.configs import default

# The release's for RAF-DB. It trains AffectNet from 1e-6, times .6 an epoch; here as
# the others.
PAPER = {
    'batch_size': 32,
    'epochs': 60,
    'optimizer': {
        'name': 'adam',
        'learning_rate': 1e-4,
        'weight_decay': 1e-4,
        'schedule': 'exponential',
        'decay_factors': (0.9,),
        'decay_epochs': (),
    },
}
AFFECTNET = {
    'right_spread': 0.85,
    'right_ratio': 2.5,
    'wrong_spread': 0.75,
    'wrong_ratio': 3.0,
    'wrong_rival': 0.2,
}


def get_config(arg=''):
    config = default.get_config(arg, 'nla')
    preset = default.preset(config)
    if preset in default.FACES:
        config.update(PAPER)
        config.data.balanced = preset == 'affectnet'  # as the authors do
    elif preset == 'features':
        config.data.augmentation = 'eac'  # of the face, and of its mirror image
    if config.data.name == 'affectnet':
        config.algorithm.update(AFFECTNET)
    config.algorithm.narrowing_epochs = config.epochs / 15  # the release's slope
    return config
