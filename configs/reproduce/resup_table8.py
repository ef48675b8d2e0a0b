"""ReSup, Table 8: CIFAR-100.

python launch.py reproduce resup_table8 --data=data
"""

from fer_jax.configs.reproduce import RESUP
from fer_jax.configs.resup_cifar_resnet18 import RESNET

from fer_jax.reproduce.table import EMPTY, Arm, Column, Table

RATES = (0.2, 0.4, 0.5, 0.6, 0.8)
ASYMMETRIC = {'noise.kind': 'asymmetric_cifar', 'noise.rate': 0.4}
HALF = {'asym. 40%': {'algorithm.noise_rate': 0.2}}  # as JoCoR is told then

TABLE = Table(
    title='CIFAR-100',
    paper=RESUP,
    place='Table 8',
    columns=[
        *(Column(f'{rate:.0%}', 'cifar100', {'noise.rate': rate}) for rate in RATES),
        Column('asym. 40%', 'cifar100', ASYMMETRIC),
    ],
    rows=[
        Arm(
            'Standard, 7 layers', 'baseline', (35.14, 23.05, 16.97, 10.52, 4.41, 27.29)
        ),
        Arm('Co-teaching', 'coteaching', (43.73, EMPTY, 34.96, EMPTY, 15.15, 28.35)),
        Arm('Co-teaching+', None, (49.27, EMPTY, 40.04, EMPTY, 13.44, 33.62)),
        Arm('JoCoR', 'jocor', (53.01, EMPTY, 43.49, EMPTY, 15.49, 32.70), at=HALF),
        Arm('Jo-SRC', None, (58.15, EMPTY, 51.26, EMPTY, 23.80, 38.52)),
        Arm('ReSup, 7 layers', 'resup', (62.08, 57.76, 56.08, 52.26, 28.78, 47.66)),
        Arm('Li et al., 8 layers', None, (58.84, 52.54, EMPTY, 42.62, EMPTY, EMPTY)),
        Arm('TS3-Net, VGG-16', None, (66.87, 60.99, EMPTY, EMPTY, EMPTY, EMPTY)),
        Arm('Class2Simi, ResNet-56', None, (60.26, 54.85, EMPTY, 40.38, EMPTY, 52.99)),
        Arm('HOC, ResNet-34', None, (68.82, 62.29, EMPTY, 52.96, EMPTY, EMPTY)),
        Arm(
            'Standard, ResNet-18',
            'baseline',
            (57.79, 45.77, 33.75, 24.30, 8.64, 42.49),
            RESNET,
        ),
        Arm('Co-learning, ResNet-18', None, (66.58, EMPTY, 54.54, EMPTY, 35.45, 47.62)),
        Arm('EAC, ResNet-18', None, (66.73, 60.59, EMPTY, EMPTY, EMPTY, EMPTY)),
        Arm(
            'ReSup, ResNet-18',
            'resup',
            (72.62, 64.35, 58.83, 51.96, 29.19, 53.37),
            RESNET,
        ),
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
        'How the noise is drawn is not said: ours, as everywhere, never gives a label'
        ' back.',
    ],
)
