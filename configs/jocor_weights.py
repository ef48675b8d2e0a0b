"""JoCoWe, the JoCoR-based arm of the ReSup paper, in ReSup's setting.

    python launch.py --config=configs/jocor_weights.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/jocor_weights --config.data.dir=data/fer2013

Arm `select` has to be told the noise rate. Noise kinds with rates of their own
(asymmetric_fer, matrix), noise lists and labels that are noisy by themselves leave
noise.rate at 0: give --config.algorithm.noise_rate, or every example is kept.
"""

from ml_collections import ConfigDict

from configs import default

# From random weights networks fit wrong labels early, so the ramp is shorter there, and
# need longer until their opinion is worth something: ReSup's settings.
SCRATCH = {'ramp_epochs': 5, 'warmup_epochs': 3, 'rules': 'safe'}
SETS = {
    'synthetic': SCRATCH | {'warmup_epochs': 4},
    'fer2013': SCRATCH,
    'folder': {'rules': 'safe'},
}


def get_config(arg=''):
    config = default.get_config(arg)
    config.algorithm = ConfigDict()
    config.algorithm.name = 'jocor_weights'
    # select: JoCoR; mixture: one weight for both networks, from their mean similarity
    config.algorithm.arm = 'select'
    config.algorithm.agreement = 0.6  # weight of the divergence between the networks
    # select: fraction of wrong labels as told; follows noise.rate unless given
    config.algorithm.noise_rate = config.noise.get_ref('rate').identity()
    config.algorithm.ramp_epochs = 10  # select: until the forget rate is noise_rate
    config.algorithm.exponent = 1.0  # select: c of the forget rate
    config.algorithm.warmup_epochs = 1  # mixture: epochs of plain cross-entropy first
    config.algorithm.rules = 'paper'  # mixture: or safe, a guarded fit
    config.algorithm.em_iterations = 10  # mixture: of each fit
    config.algorithm.update(SETS.get(config.data.name, {}))
    return config
