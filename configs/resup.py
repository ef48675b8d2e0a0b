"""ReSup (Zhang et al. 2023): two networks weight each other's losses.

    python launch.py --config=configs/resup.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/resup --config.data.dir=data/fer2013
"""

from configs import default

# The paper trains from face-recognition weights and starts to weight after one epoch;
# `safe` starts once the networks memorise, and does not where they cannot. From random
# weights their opinion is worth little in the first epochs.
SAFE = {'rules': 'safe', 'readiness': 0.06, 'held_out': 0.05, 'average': True}
SCRATCH = SAFE | {'warmup_epochs': 3}
SETS = {'synthetic': SCRATCH, 'fer2013': SCRATCH, 'folder': SAFE}


def get_config(arg=''):
    config = default.get_config(arg, 'resup')
    config.algorithm.update(SETS.get(config.data.name, {}))
    return config
