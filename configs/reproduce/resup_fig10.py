"""ReSup, Fig. 10: DivideMix without semi-supervision, by loss and by similarity.

python launch.py reproduce resup_fig10 --data=data
"""

from fer_jax.configs.reproduce import CIFAR_10, RESUP, SIMILARITY

from fer_jax.reproduce.table import UNKNOWN, Arm, Table

SELECTED = {'algorithm.semi': False}  # images that are not selected are left out
DRAWN = (UNKNOWN,) * len(CIFAR_10)

TABLE = Table(
    title='DivideMix and DivideMix-Si without semi-supervision',
    paper=RESUP,
    place='Fig. 10',
    columns=CIFAR_10,  # noise of 20 %, 50 %, 80 %, 90 %
    rows=[
        Arm('DivideMix', 'dividemix', DRAWN, SELECTED),
        Arm('DivideMix-Si', 'dividemix', DRAWN, SELECTED | SIMILARITY),
    ],
    claims=[('DivideMix-Si', 'DivideMix')],
    notes=['The paper draws curves; their numbers are not at hand.'],
)
