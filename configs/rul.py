"""RUL (Zhang et al. 2021): features mixed by their relative uncertainty.

    python launch.py --config=configs/rul.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/rul --config.data.dir=data/raf_db

--config.algorithm.relabel=True is the arm that its authors used for noisy labels.
"""

from ml_collections import ConfigDict

from configs import default

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
# Short schedules: labels must be replaced before the network has memorised them.
RELABEL_EPOCHS = {'synthetic': 6, 'fer2013': 8}


def get_config(arg='', faces=default.FACES):
    config = default.get_config(arg, faces)
    paper = config.data.name in faces
    if paper:
        config.update(PAPER)
        config.data.balanced = config.data.name == 'affectnet'  # as the authors do
    config.algorithm = ConfigDict()
    config.algorithm.name = 'rul'
    config.algorithm.dropout = 0.4  # rate in both branches
    config.algorithm.embedding_size = 64  # dimensions of mean and log-variance
    config.algorithm.relabel = False  # replace labels by SCN's rule
    short = {} if paper else RELABEL_EPOCHS
    # first epoch that relabels, counted from 1; the authors do not say theirs
    config.algorithm.relabel_epoch = short.get(config.data.name, 10)
    config.algorithm.relabel_margin = 0.2  # in probability
    config.algorithm.classifier_bias = True  # whether the classifier has one
    return config
