"""RUL (Zhang et al. 2021): features mixed by their relative uncertainty.

    python launch.py --config=configs/rul.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/rul --config.data.dir=data/raf_db

    Needs:    32 s an epoch of 8,000 faces of 48 px on one core (width 16); for the
              presets of the larger sets a GPU, hours not known.
    Expected: 82.06 % on RAF-DB with noise=0.3 (embedding proximity, Table 3) or
              81.16 (ReSup, Table 1), from face weights.
    Measured: 54.9 % (plain 52.6) on 8,000 FER2013 faces, 30 % wrong labels, 12
              epochs from random weights (docs/results.md, "The methods side by
              side"). Not on the papers' sets.

--config.algorithm.relabel=True is the arm that its authors used for noisy labels.
"""

from fer_jax.configs import default, scn

# The release's.
PAPER = {
    'batch_size': 64,
    'epochs': 60,
    'data': {'augmentation': 'scn'},
    'optimizer': {
        'name': 'adam',
        'learning_rate': 2e-4,
        'classifier_learning_rate': 2e-3,
        'weight_decay': 1e-4,
        'schedule': 'exponential',
        'decay_factors': (0.9,),
        'decay_epochs': (),
    },
}


def get_config(arg='', faces=default.FACES):
    config = default.get_config(arg, 'rul', faces)
    preset = default.preset(config)
    if preset in faces:
        config.update(PAPER)
        config.data.balanced = config.data.name == 'affectnet'  # as the authors do
    elif preset in scn.RELABEL_EPOCHS:
        config.algorithm.relabel_epoch = scn.RELABEL_EPOCHS[preset]
    return config
