"""ReSup, sec. 4.5: how alike the two networks are, with and without consistency.

python launch.py reproduce resup_section4_5 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import Arm, Column, Table

TABLE = Table(
    title='mean cosine of the two networks on test faces',
    paper=RESUP,
    place='sec. 4.5',
    columns=[Column('RAF-DB 30%', 'raf_db', {'noise.rate': 0.3}, 'cosine')],
    rows=[
        Arm('Sim + WeEx', 'resup', (0.83,), {'algorithm.consistency': 0.0}),
        Arm('Sim + WeEx + CoL', 'resup', (0.91,)),
    ],
    claims=[('Sim + WeEx + CoL', 'Sim + WeEx')],
    notes=['On which set and noise the paper measured it is not at hand.'],
)
