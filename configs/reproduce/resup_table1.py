"""ReSup, Table 1: symmetric noise on three sets.

python launch.py reproduce resup_table1 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import EMPTY, Arm, Column, Table

SETS = {'RAF-DB': 'raf_db', 'FERPlus': 'ferplus', 'AffectNet': 'affectnet'}
RATES = (0.1, 0.2, 0.3)
NOT_ON_AFFECTNET = (EMPTY, EMPTY, EMPTY)

TABLE = Table(
    title='symmetric noise',
    paper=RESUP,
    place='Table 1',
    columns=[
        Column(f'{name} {rate:.0%}', dataset, {'noise.rate': rate})
        for name, dataset in SETS.items()
        for rate in RATES
    ],
    rows=[
        Arm(
            'SCN',
            'scn',
            (84.97, 83.67, 80.61, 85.08, 84.87, 83.32, 61.71, 60.80, 59.00),
        ),
        Arm(
            'DMUE',
            'dmue',
            (83.19, 81.02, 79.41, EMPTY, EMPTY, EMPTY, *NOT_ON_AFFECTNET),
        ),
        Arm(
            'RUL',
            'rul',
            (86.05, 84.83, 81.16, 86.32, 84.65, 83.73, 62.80, 61.69, 60.71),
        ),
        Arm(
            'PT',
            None,
            (87.28, 86.25, 84.32, 85.04, 84.27, 83.73, *NOT_ON_AFFECTNET),
        ),
        Arm(
            'EAC',
            'eac',
            (88.10, 86.76, 85.07, 86.87, 85.98, 85.36, 63.37, 62.74, 62.60),
        ),
        Arm(
            'LA-Net',
            None,
            (88.75, 87.12, 85.33, 88.02, 86.85, 86.01, 62.05, 61.72, 60.82),
        ),
        Arm(
            'DR-FER',
            None,
            (88.92, 86.82, 84.31, 87.58, 87.07, 84.88, 63.12, 61.33, 59.40),
        ),
        Arm(
            'DivFER',
            None,
            (88.17, 87.05, 85.63, 87.75, 86.97, 83.65, *NOT_ON_AFFECTNET),
        ),
        Arm(
            'ReSup',
            'resup',
            (88.43, 87.29, 86.86, 87.82, 87.08, 86.74, 64.29, 63.97, 62.89),
        ),
    ],
    claims=[('ReSup', 'SCN'), ('ReSup', 'DMUE'), ('ReSup', 'RUL'), ('ReSup', 'EAC')],
    notes=[
        'The paper says that it reports the mean of the last 5 epochs; its released log'
        ' has 86.86 on RAF-DB with 30 % as the best epoch, and 86.68 as that mean.',
        'No code of PT, LA-Net, DR-FER and DivFER is public; their numbers are cited,'
        ' as those of DMUE are.',
    ],
)
