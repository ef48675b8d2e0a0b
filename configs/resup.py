"""ReSup (Zhang et al. 2023): two networks weight each other's losses.

    python launch.py --config=configs/resup.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/resup --config.data.dir=data/fer2013
"""

from ml_collections import ConfigDict

from configs import default

# The paper trains from face-recognition weights and starts to weight after one epoch;
# `safe` starts once the networks memorise, and does not where they cannot. From random
# weights their opinion is worth little in the first epochs.
SAFE = {'rules': 'safe', 'readiness': 0.06, 'held_out': 0.05, 'average': True}
SCRATCH = SAFE | {'warmup_epochs': 3}
SETS = {'synthetic': SCRATCH, 'fer2013': SCRATCH, 'folder': SAFE}


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
    # gap in mean similarity between learned and held-out labels that starts the
    # weights; 0: they start after the warm-up
    config.algorithm.readiness = 0.0
    config.algorithm.held_out = 0.0  # share that each network keeps to measure it
    config.algorithm.average = False  # judge labels by their mean over the epochs
    config.algorithm.update(SETS.get(config.data.name, {}))
    return config
