"""DUL (Chang et al. 2020): embeddings drawn from a learnt Gaussian.

    python launch.py --config=configs/dul.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/dul --config.data.dir=data/raf_db

    Needs:    a GPU (a ResNet-18 at 224 px); its hours are not known, none was at
              hand.
    Expected: 78.90 % on RAF-DB with noise=0.3 (embedding proximity, Table 3), from
              face weights.
    Measured: not run here but in the tests.
"""

from fer_jax.configs import default, rul


def get_config(arg=''):
    config = default.get_config(arg, 'dul')
    if default.preset(config) in default.FACES:
        config.update(rul.PAPER)  # whose authors compared the two on faces
        config.data.balanced = config.data.name == 'affectnet'  # as for RUL
    return config
