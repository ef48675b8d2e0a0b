"""ReSup, Table 2: what each part is worth, with 30 % symmetric noise.

python launch.py reproduce resup_table2 --data=data
"""

from fer_jax.configs.reproduce import AT_ONCE, RESUP

from fer_jax.reproduce.table import Arm, Column, Table

ALONE = {'algorithm.peers': 1, 'algorithm.exchange': False}  # one network
EACH = {'algorithm.consistency': 0.0}  # WeEx without CoL
LOSS = {'algorithm.signal': 'loss'}
NOISE = {'noise.rate': 0.3}

TABLE = Table(
    title='what each part is worth, 30 % symmetric noise',
    paper=RESUP,
    place='Table 2',
    columns=[
        Column('RAF-DB', 'raf_db', NOISE),
        Column('FERPlus', 'ferplus', NOISE),
    ],
    rows=[
        Arm('Baseline', 'baseline', (71.43, 72.14)),
        Arm('Loss', 'resup', (72.67, 78.23), AT_ONCE | ALONE | EACH | LOSS),
        Arm('Sim', 'resup', (83.05, 84.79), AT_ONCE | ALONE | EACH),
        Arm('Loss + WeEx', 'resup', (74.14, 80.83), AT_ONCE | EACH | LOSS),
        Arm('Sim + WeEx', 'resup', (85.26, 85.74), AT_ONCE | EACH),
        Arm('Loss + WeEx + CoL', 'resup', (77.91, 82.22), AT_ONCE | LOSS),
        Arm('Sim + WeEx + CoL', 'resup', (86.86, 86.74), AT_ONCE),
    ],
    claims=[
        ('Sim', 'Loss'),
        ('Sim + WeEx', 'Loss + WeEx'),
        ('Sim + WeEx + CoL', 'Loss + WeEx + CoL'),
        ('Sim', 'Baseline'),
        ('Sim + WeEx', 'Sim'),
        ('Sim + WeEx + CoL', 'Sim + WeEx'),
    ],
    notes=[
        'Sim and Loss: what the mixture is fitted to. WeEx: the networks exchange their'
        ' weights. CoL: the consistency term.',
    ],
)
