"""IDO (Zhang et al. 2025): how often a label was contradicted while training.

    python launch.py --config=configs/ido.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/ido --config.data.dir=data/fer2013

    Needs:    twice what plain training needs: two views of each image.
    Expected: no published figure on faces.
    Measured: not run here but in the tests.

The counts need a few epochs to tell anything: stage 1 is a third of them, as in the
release (5 and 10, of pretrained networks).
"""

from fer_jax.configs import default


def get_config(arg=''):
    config = default.get_config(arg, 'ido')
    config.algorithm.warmup_epochs = max(config.epochs // 3, 1)
    return config
