"""ELR (Liu et al. 2020): what was learned first is held on to.

    python launch.py --config=configs/elr.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/elr --config.data.dir=data/fer2013

    Needs:    what plain training needs.
    Expected: no published figure on faces.
    Measured: heads on features, 8,000 faces: 75.4 % with 30 % symmetric noise (plain
              74.0, ReSup 77.0), 65.0 on people's labels (62.0, 64.2); docs/results.md,
              "Methods on features". Not on the paper's sets.
"""

from fer_jax.configs import default

SETS = {'cifar100': {'regularisation': 7.0, 'momentum': 0.9}}  # the paper's


def get_config(arg=''):
    config = default.get_config(arg, 'elr')
    config.algorithm.update(SETS.get(default.preset(config), {}))
    return config
