"""ReSup (Zhang et al. 2023): two networks weight each other's losses.

    python launch.py --config=configs/resup.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/resup --config.data.dir=data/fer2013
"""

from ml_collections import ConfigDict

from configs import default

# The paper trains from face-recognition weights and starts to weight after one epoch;
# from random weights the networks need longer until their opinion is worth something.
SCRATCH = {'warmup_epochs': 3, 'rules': 'safe'}
PAPER = {'warmup_epochs': 1, 'rules': 'paper'}
SETS = {
    'synthetic': SCRATCH | {'warmup_epochs': 4},
    'fer2013': SCRATCH,
    'folder': PAPER | {'rules': 'safe'},
}


def get_config(arg=''):
    config = default.get_config(arg)
    config.algorithm = ConfigDict()
    config.algorithm.name = 'resup'
    config.algorithm.peers = 2  # networks; 1: the single-network arms of Table 2
    config.algorithm.warmup_epochs = 1  # epochs of plain cross-entropy first
    config.algorithm.consistency = 5.0  # lambda, weight of the consistency term
    config.algorithm.exchange = True  # weight each network by the other's opinion
    config.algorithm.signal = 'similarity'  # or loss: the "Loss" arms of Table 2
    config.algorithm.rules = 'paper'  # or safe: a guarded fit, closed-form posterior
    config.algorithm.em_iterations = 10  # of each fit of the mixture
    config.algorithm.balance = 'none'  # class_var, class_prior_bug (sec. 4.8)
    config.algorithm.update(SETS.get(config.data.name, PAPER))
    return config
