"""ELR (Liu et al. 2020): what was learned first is held on to.

    python launch.py --config=configs/elr.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/elr --config.data.dir=data/fer2013

    Needs:    what plain training needs.
    Expected: no published figure on faces.
    Measured: not run here but in the tests.
"""

from fer_jax.configs import default

SETS = {'cifar100': {'regularisation': 7.0, 'momentum': 0.9}}  # the paper's


def get_config(arg=''):
    config = default.get_config(arg, 'elr')
    config.algorithm.update(SETS.get(default.preset(config), {}))
    return config
