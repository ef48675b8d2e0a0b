"""DMUE (She et al. 2021): auxiliary branches find what else a face may be.

    python launch.py --config=configs/dmue.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/dmue --config.data.dir=data/raf_db

    Needs:    58 s an epoch of 8,000 faces of 48 px on one core (width 16); for the
              presets of the larger sets a GPU, hours not known.
    Expected: 77.59 % on RAF-DB with noise=0.3 (embedding proximity, Table 3) or
              79.41 (ReSup, Table 1), from face weights.
    Measured: 60.9 % (plain 52.6) on 8,000 FER2013 faces, 30 % wrong labels, 12
              epochs from random weights, --config.algorithm.ramp_epochs=3
              (docs/results.md, "The methods side by side"). Not on the papers'
              sets.

A step costs plain training plus the last stage of the backbone C times: with 7 classes
and a ResNet-18 about three times as much. AffectNet's preset is the authors', the other
sets have that of embedding proximity (DMUE-C); --config.algorithm.release=True follows
the authors' code where it leaves the paper.
"""

from fer_jax.configs import default

PAPER = {
    'batch_size': 72,
    'epochs': 36,
    'data': {'augmentation': 'dmue', 'balanced': True},
    'optimizer': {
        'name': 'adam',
        'learning_rate': 1e-3,
        'classifier_learning_rate': 1e-2,
        'weight_decay': 1e-4,
        'schedule': 'step',
        'decay_epochs': (10, 20),
        'decay_factors': (0.1,),
    },
}
# The release's table: 1, .5, .1, .5, .1 and, for the classifiers, 10, 5, 1, .1, .5, .1
# times 1e-4.
AFFECTNET = {
    'optimizer': {
        'learning_rate': 1e-4,
        'classifier_learning_rate': 1e-3,
        'decay_epochs': (6, 12, 22, 25),
        'decay_factors': (0.5, 0.2, 5.0, 0.2),
        'classifier_decay_epochs': (4, 8, 14, 22, 25),
        'classifier_decay_factors': (0.5, 0.2, 0.1, 5.0, 0.2),
    }
}
# From random weights a gamma of 1000 (and of 100) rules: branches agree, and nothing is
# learned. 1,000 synthetic faces of 24 pixels, 30 % noise, 12 epochs, training accuracy:
# .17 with 1000, .23 with 100, .48 with 10; test accuracy .19, .28, .40.
PRETRAINED, SCRATCH = 1000.0, 10.0
# The release's for the first three sets; short schedules need short ramps.
RAMP_EPOCHS = {
    'affectnet': 6,
    'raf_db': 9,
    'ferplus': 12,
    'fer2013': 6,
    'synthetic': 3,
    'face': 1,
}


def get_config(arg='', faces=default.FACES):
    config = default.get_config(arg, 'dmue', faces)
    name = default.preset(config)
    if name in faces:
        config.update(PAPER)
    if name == 'affectnet':
        config.update(AFFECTNET)
    config.algorithm.similarity_weight = PRETRAINED if name in faces else SCRATCH
    config.algorithm.ramp_epochs = RAMP_EPOCHS.get(name, 9)
    return config
