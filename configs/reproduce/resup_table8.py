"""ReSup, Table 8: CIFAR-100.

python launch.py reproduce resup_table8 --data=data
"""

from fer_jax.configs.reproduce import (
    CIFAR_CLAIMS,
    HALF,
    NOISE_NOTE,
    RESUP,
    SETTINGS_NOTE,
    cifar,
)
from fer_jax.configs.resup_cifar_resnet18 import RESNET

from fer_jax.reproduce.table import EMPTY, Arm, Table

TABLE = Table(
    title='CIFAR-100',
    paper=RESUP,
    place='Table 8',
    columns=cifar('cifar100'),  # 20 %, 40 %, 50 %, 60 %, 80 %, asymmetric 40 %
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
    claims=CIFAR_CLAIMS,
    notes=[SETTINGS_NOTE, NOISE_NOTE],
)
