"""ReSup, Fig. 9: what balancing the weights by class costs in accuracy.

python launch.py reproduce resup_fig9 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

TABLE = Table(
    title='weights balanced by class',
    paper=RESUP,
    place='Fig. 9',
    columns=[
        Column('RAF-DB', 'raf_db'),
        Column('RAF-DB 30%', 'raf_db', {'noise.rate': 0.3}),
    ],
    rows=[
        Arm('ReSup', 'resup', (89.21, 87.03)),
        Arm('balanced', 'resup', (88.76, 85.59), {'algorithm.balance': 'class_var'}),
        Arm(
            'balanced, as released',
            'resup',
            (UNKNOWN, UNKNOWN),
            {'algorithm.balance': 'class_prior_bug'},
        ),
    ],
    claims=[('ReSup', 'balanced')],
)
