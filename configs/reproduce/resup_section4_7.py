"""ReSup, sec. 4.7: trained on ExpW, whose labels are noisy by themselves.

python launch.py reproduce resup_section4_7 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import Arm, Column, Table

TABLE = Table(
    title='trained on ExpW, as it is labelled',
    paper=RESUP,
    place='sec. 4.7',
    columns=[
        Column('tested on ExpW', 'expw'),
        Column('tested on RAF-DB', 'expw', tested_on='raf_db'),
    ],
    rows=[
        Arm('ResNet-18', 'baseline', (67.87, 71.77)),
        Arm('POSTER', None, (70.96, 73.04)),
        Arm('EAC', 'eac', (71.01, 73.96)),
        Arm('ReSup', 'resup', (73.12, 75.65)),
    ],
    claims=[('ReSup', 'ResNet-18'), ('ReSup', 'EAC')],
    notes=['On RAF-DB ours is what the last epoch has.'],
)
