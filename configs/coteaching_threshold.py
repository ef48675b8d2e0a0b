"""ReSup's arm "threshold of Co-teaching": one network keeps its own small losses.

    python launch.py --config=configs/coteaching_threshold.py:dataset=fer2013 \
        --workdir=runs/threshold --config.data.dir=data/fer2013 --config.noise.rate=0.3

The method has to be told the noise rate. Noise kinds with rates of their own
(asymmetric_fer, matrix), noise lists and labels that are noisy by themselves leave
noise.rate at 0: give --config.algorithm.noise_rate, or every example is kept.
"""

from ml_collections import ConfigDict

from configs import default

# From random weights a network fits wrong labels early: the ramp is shorter there.
SCRATCH = {'ramp_epochs': 5}
SETS = {'synthetic': SCRATCH, 'fer2013': SCRATCH}


def get_config(arg=''):
    config = default.get_config(arg)
    config.algorithm = ConfigDict()
    config.algorithm.name = 'coteaching_threshold'
    # fraction of wrong labels as the method is told; follows noise.rate unless given
    config.algorithm.noise_rate = config.noise.get_ref('rate').identity()
    config.algorithm.ramp_epochs = 10  # until the forget rate is noise_rate
    config.algorithm.exponent = 1.0  # c of the forget rate
    config.algorithm.update(SETS.get(config.data.name, {}))
    return config
