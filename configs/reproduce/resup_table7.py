"""ReSup, Table 7: CIFAR-10.

python launch.py reproduce resup_table7 --data=data
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
    title='CIFAR-10',
    paper=RESUP,
    place='Table 7',
    columns=cifar('cifar10'),  # 20 %, 40 %, 50 %, 60 %, 80 %, asymmetric 40 %
    rows=[
        Arm(
            'Standard, 7 layers', 'baseline', (69.18, 57.34, 42.71, 34.09, 16.24, 69.43)
        ),
        Arm('Co-teaching', 'coteaching', (78.23, EMPTY, 71.30, EMPTY, 26.58, 73.78)),
        Arm('Co-teaching+', None, (78.71, EMPTY, 57.05, EMPTY, 24.19, 68.84)),
        Arm('JoCoR', 'jocor', (85.73, EMPTY, 79.41, EMPTY, 27.78, 76.36), at=HALF),
        Arm('Jo-SRC', None, (87.80, EMPTY, 73.67, EMPTY, 34.30, 79.96)),
        Arm('ReSup, 7 layers', 'resup', (90.08, 87.73, 86.06, 84.68, 70.78, 85.31)),
        Arm('Li et al., 8 layers', None, (87.94, 84.90, EMPTY, 80.08, EMPTY, EMPTY)),
        Arm('TS3-Net', None, (88.52, 86.54, EMPTY, EMPTY, EMPTY, EMPTY)),
        Arm('Class2Simi, ResNet-26', None, (91.38, 88.22, EMPTY, 79.45, EMPTY, 87.79)),
        Arm('HOC, ResNet-34', None, (90.03, 85.49, EMPTY, 77.40, EMPTY, EMPTY)),
        Arm(
            'Standard, ResNet-18',
            'baseline',
            (84.81, 66.58, 61.49, 46.55, 28.98, 76.30),
            RESNET,
        ),
        Arm('Co-learning, ResNet-18', None, (92.21, EMPTY, 84.49, EMPTY, 61.20, 81.42)),
        Arm(
            'ReSup, ResNet-18',
            'resup',
            (94.13, 92.65, 89.81, 86.49, 72.43, 90.28),
            RESNET,
        ),
    ],
    claims=CIFAR_CLAIMS,
    notes=[
        SETTINGS_NOTE,
        "Co-teaching, Co-teaching+ and JoCoR: as JoCoR's paper has them; ReSup's table"
        ' prints some of these numbers a row too low.',
        NOISE_NOTE,
    ],
)
