"""ReSup, Fig. 10: DivideMix without semi-supervision, by loss and by similarity.

python launch.py reproduce resup_fig10 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

SELECTED = {'algorithm.semi': False}  # images that are not selected are left out
SIMILARITY = {'algorithm.signal': 'similarity', 'algorithm.mixture': 'beta'}
DRAWN = (UNKNOWN,) * 4

TABLE = Table(
    title='DivideMix and DivideMix-Si without semi-supervision',
    paper=RESUP,
    place='Fig. 10',
    columns=[
        Column(f'CIFAR-10 {rate:.0%}', 'cifar10', {'noise.rate': rate})
        for rate in (0.2, 0.5, 0.8, 0.9)
    ],
    rows=[
        Arm('DivideMix', 'dividemix', DRAWN, SELECTED),
        Arm('DivideMix-Si', 'dividemix', DRAWN, SELECTED | SIMILARITY),
    ],
    claims=[('DivideMix-Si', 'DivideMix')],
    notes=['The paper draws curves; their numbers are not at hand.'],
)
