"""ReSup, Table 5: other networks, both of one kind, started from ImageNet.

python launch.py reproduce resup_table5 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import Arm, Column, Table

NETWORKS = {  # called, backbone, (baseline, ReSup) with 20 and with 30 %
    'MobileNet': ('mobilenet_v2', (74.54, 68.52), (84.49, 83.57)),
    'ResNet-18': ('resnet18', (74.25, 68.19), (84.55, 82.76)),
    'ResNet-50': ('resnet50', (76.01, 68.87), (86.86, 85.24)),
    'VGG-16': ('vgg16', (72.49, 66.33), (83.28, 82.50)),
}

TABLE = Table(
    title='other networks, symmetric noise',
    paper=RESUP,
    place='Table 5',
    columns=[
        Column('RAF-DB 20%', 'raf_db', {'noise.rate': 0.2}),
        Column('RAF-DB 30%', 'raf_db', {'noise.rate': 0.3}),
    ],
    rows=[
        Arm(f'{name}, {called}', config, numbers, {'model.backbone': backbone})
        for name, (backbone, plain, resup) in NETWORKS.items()
        for called, config, numbers in (
            ('baseline', 'baseline', plain),
            ('ReSup', 'resup', resup),
        )
    ],
    claims=[(f'{name}, ReSup', f'{name}, baseline') for name in NETWORKS],
    notes=[
        'All start from weights of ImageNet there: --config.start=FOLDER of data_prep'
        ' weights, for one network at a time. Which MobileNet it is is not said.',
    ],
)
