"""EAC (Zhang et al. 2022): attention that a mirrored, differently erased face shares.

    python launch.py --config=configs/eac.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/eac --config.data.dir=data/raf_db

--config.data.augmentation chooses what the mirror image is of: 'eac' of the same face
with an erasing of its own, 'eac_shared' (or any other recipe) of the very same tensor.
"""

from configs import default

# The release's, with the learning rate its authors name for ResNet-18; 1e-4 for
# ResNet-50. Other batch sizes cost its users points.
PAPER = {
    'batch_size': 32,
    'epochs': 60,
    'data': {'augmentation': 'eac'},
    'optimizer': {
        'name': 'adam',
        'learning_rate': 2e-4,
        'weight_decay': 1e-4,
        'schedule': 'exponential',
        'decay_factors': (0.9,),
        'decay_epochs': (),
    },
}


def get_config(arg=''):
    config = default.get_config(arg, 'eac')
    if config.data.name in default.FACES:
        config.update(PAPER)
        config.data.balanced = config.data.name == 'affectnet'  # as the authors do
    return config
