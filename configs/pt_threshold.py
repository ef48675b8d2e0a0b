"""ReSup's arm "threshold of PT", PT-style: small losses and a mean teacher.

    python launch.py --config=configs/pt_threshold.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/pt_threshold --config.data.dir=data/fer2013

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 72.46 % on RAF-DB with noise=0.3 (ReSup, sec. 4.6), from face weights.
    Measured: not run here but in the tests.

The method has to be told the noise rate. Noise kinds with rates of their own
(asymmetric_fer, matrix), noise lists and labels that are noisy by themselves leave
noise.rate at 0: give --config.algorithm.noise_rate, or every example is kept.
"""

from fer_jax.configs import coteaching, default

FACE = coteaching.SETS['face'] | {'consistency_ramp_epochs': 2}
SETS = coteaching.SETS | {'face': FACE}


def get_config(arg=''):
    config = default.get_config(arg, 'pt_threshold')
    config.algorithm.noise_rate = config.noise.rate
    config.algorithm.update(SETS.get(default.preset(config), {}))
    return config
