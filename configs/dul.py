"""DUL (Chang et al. 2020): embeddings drawn from a learnt Gaussian.

    python launch.py --config=configs/dul.py:dataset=raf_db,noise=0.3 \
        --workdir=runs/dul --config.data.dir=data/raf_db
"""

from ml_collections import ConfigDict

from configs import default, rul


def get_config(arg=''):
    config = default.get_config(arg)
    if config.data.name in default.FACES:
        config.update(rul.PAPER)  # whose authors compared the two on faces
        config.data.balanced = config.data.name == 'affectnet'  # as for RUL
    config.algorithm = ConfigDict()
    config.algorithm.name = 'dul'
    config.algorithm.kl_weight = 0.01  # lambda, of the divergence from N(0, I)
    config.algorithm.dropout = 0.4  # rate in both branches
    config.algorithm.embedding_size = 64  # dimensions of mean and log-variance
    config.algorithm.classifier_bias = True  # whether the classifier has one
    return config
