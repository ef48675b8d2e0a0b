"""ReSup, Table 6: DivideMix by loss and by similarity, on CIFAR-10.

python launch.py reproduce resup_table6 --data=data
"""

from fer_jax.configs.reproduce import CIFAR_10, RESUP, SIMILARITY

from fer_jax.reproduce.table import Arm, Table

TABLE = Table(
    title='DivideMix and DivideMix-Si, symmetric noise',
    paper=RESUP,
    place='Table 6',
    columns=CIFAR_10,  # noise of 20 %, 50 %, 80 %, 90 %
    rows=[
        Arm('DivideMix', 'dividemix', (95.0, 93.7, 92.4, 74.2)),
        Arm('DivideMix-Si', 'dividemix', (95.7, 94.5, 93.3, 76.9), SIMILARITY),
    ],
    claims=[('DivideMix-Si', 'DivideMix')],
    notes=[
        'Which epoch the paper reports is not said. Nor is the mixture of DivideMix-Si:'
        " ours is the paper's own, of betas.",
    ],
)
