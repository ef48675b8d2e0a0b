"""ReSup with ResNet-18 on CIFAR-10 or CIFAR-100 (sec. 4.12).

    python launch.py --config=configs/resup_cifar_resnet18.py:noise=0.4 \
        --workdir=runs/cifar --config.data.dir=data/cifar10

    Needs:    a GPU; its hours are not known, none was at hand.
    Expected: on CIFAR-10 with noise=0.2, 0.4, 0.5, 0.6 and 0.8 94.13, 92.65, 89.81,
              86.49 and 72.43 % (paper, Table 7), 90.28 with
              --config.noise.kind=asymmetric_cifar and noise=0.4; on CIFAR-100 72.62,
              64.35, 58.83, 51.96, 29.19 and 53.37 (Table 8).
    Measured: not run here: no GPU.

The paper says the rate and its decay; momentum, weight decay, batches, epochs and
warm-up are ours, as is common on CIFAR. It does not say how its noise is drawn.
"""

from fer_jax.configs import default, resup

from fer_jax.errors import Unusable

SETS = ('cifar10', 'cifar100')
RESNET = {
    'model.backbone': 'resnet18_cifar',
    'optimizer.name': 'sgd',
    'optimizer.learning_rate': 0.1,
    'optimizer.weight_decay': 5e-4,
    'optimizer.schedule': 'linear',
    'optimizer.decay_epochs': (100, 200),
}


def get_config(arg=''):
    dataset = default.parse(arg).get('dataset')
    if dataset is None:
        arg = f'{arg},dataset={SETS[0]}'
    elif dataset not in SETS:
        raise Unusable(
            f'dataset={dataset}: this config is for {" and ".join(SETS)}; the one of'
            f' the method, as configs/resup.py:dataset={dataset}, takes any'
        )
    config = resup.get_config(arg)
    config.update_from_flattened_dict(RESNET)
    return config
