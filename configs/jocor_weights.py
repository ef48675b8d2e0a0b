"""JoCoWe, the JoCoR-based arm of the ReSup paper, in ReSup's setting.

    python launch.py --config=configs/jocor_weights.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/jocor_weights --config.data.dir=data/fer2013

    Needs:    a GPU (two ResNet-18 at 224 px; compiled for an H100, a step of 256 in
              bfloat16 takes 4.7 GB); its hours are not known, none was at hand.
    Expected: a curve below ReSup's (its Figs. 7 and 8).
    Measured: not run here but in the tests.

Arm `select` has to be told the noise rate. Noise kinds with rates of their own
(asymmetric_fer, matrix), noise lists and labels that are noisy by themselves leave
noise.rate at 0: give --config.algorithm.noise_rate, or every example is kept.
"""

from fer_jax.configs import coteaching, default

# From random weights networks need longer until their opinion is worth something, as
# those of ReSup.
SCRATCH = coteaching.SCRATCH | {'warmup_epochs': 3, 'rules': 'safe'}
SETS = {
    'synthetic': SCRATCH | {'warmup_epochs': 4},
    'fer2013': SCRATCH,
    'folder': {'rules': 'safe'},
    'face': coteaching.SETS['face'],
    'features': {'warmup_epochs': 3},
}


def get_config(arg=''):
    config = default.get_config(arg, 'jocor_weights')
    config.algorithm.noise_rate = config.noise.rate
    config.algorithm.update(SETS.get(default.preset(config), {}))
    return config
