"""ReSup, Table 7: CIFAR-10.

python launch.py reproduce resup_table7 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import EMPTY, Arm, Column, Table

RATES = (0.2, 0.4, 0.5, 0.6, 0.8)
# ReSup sec. 4.12: SGD from .1, linearly to 0 from epoch 100 on.
RESNET = {
    'model.backbone': 'resnet18_cifar',
    'epochs': 200,
    'optimizer.name': 'sgd',
    'optimizer.learning_rate': 0.1,
    'optimizer.weight_decay': 5e-4,
    'optimizer.schedule': 'linear',
    'optimizer.decay_epochs': (100, 200),
}

TABLE = Table(
    title='CIFAR-10, symmetric noise',
    paper=RESUP,
    place='Table 7',
    columns=[Column(f'{rate:.0%}', 'cifar10', {'noise.rate': rate}) for rate in RATES],
    rows=[
        Arm('Standard, 7 layers', 'baseline', (69.18, 57.34, 42.71, 34.09, 16.24)),
        Arm('Co-teaching', 'coteaching', (78.23, EMPTY, 71.30, EMPTY, 26.58)),
        Arm('Co-teaching+', None, (78.71, EMPTY, 57.05, EMPTY, 24.19)),
        Arm('JoCoR', 'jocor', (85.73, EMPTY, 79.41, EMPTY, 27.78)),
        Arm('Jo-SRC', None, (87.80, EMPTY, 73.67, EMPTY, 34.30)),
        Arm('ReSup, 7 layers', 'resup', (90.08, 87.73, 86.06, 84.68, 70.78)),
        Arm('Li et al., 8 layers', None, (87.94, 84.90, EMPTY, 80.08, EMPTY)),
        Arm('TS3-Net', None, (88.52, 86.54, EMPTY, EMPTY, EMPTY)),
        Arm('Class2Simi, ResNet-26', None, (91.38, 88.22, EMPTY, 79.45, EMPTY)),
        Arm('HOC, ResNet-34', None, (90.03, 85.49, EMPTY, 77.40, EMPTY)),
        Arm(
            'Standard, ResNet-18',
            'baseline',
            (84.81, 66.58, 61.49, 46.55, 28.98),
            RESNET,
        ),
        Arm('Co-learning, ResNet-18', None, (92.21, EMPTY, 84.49, EMPTY, 61.20)),
        Arm('ReSup, ResNet-18', 'resup', (94.13, 92.65, 89.81, 86.49, 72.43), RESNET),
    ],
    claims=[
        ('ReSup, 7 layers', 'Standard, 7 layers'),
        ('ReSup, 7 layers', 'Co-teaching'),
        ('ReSup, 7 layers', 'JoCoR'),
        ('ReSup, ResNet-18', 'Standard, ResNet-18'),
    ],
    notes=[
        'Momentum, weight decay, batch size and warm-up are not said; nor the epochs'
        ' of the smaller network. Rows with other networks are cited.',
        "Co-teaching, Co-teaching+ and JoCoR: as JoCoR's paper has them; ReSup's table"
        ' prints these numbers a row too high.',
        'How the noise is drawn is not said: ours, as everywhere, never gives a label'
        ' back.',
    ],
)
