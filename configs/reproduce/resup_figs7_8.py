"""ReSup, Figs. 7 and 8: the weight of the term that makes the networks agree.

python launch.py reproduce resup_figs7_8 --data=data
"""

from fer_jax.configs.reproduce import AT_ONCE, RESUP

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

WEIGHTS = (0, 1, 3, 5, 6, 8, 10)
DRAWN = (UNKNOWN,) * len(WEIGHTS)


def at(field, scale):
    """{column: {field: value}} of all weights."""
    return {f'lambda {weight}': {field: scale * weight} for weight in WEIGHTS}


TABLE = Table(
    title='the weight of the consistency term, 30 % symmetric noise',
    paper=RESUP,
    place='Figs. 7 and 8',
    columns=[
        Column(f'lambda {weight}', 'raf_db', {'noise.rate': 0.3}) for weight in WEIGHTS
    ],
    rows=[
        Arm('ReSup', 'resup', DRAWN, AT_ONCE, at=at('algorithm.consistency', 1.0)),
        Arm(
            'ReSup by loss',
            'resup',
            DRAWN,
            AT_ONCE | {'algorithm.signal': 'loss'},
            at=at('algorithm.consistency', 1.0),
        ),
        Arm('JoCoWe', 'jocor_weights', DRAWN, at=at('algorithm.agreement', 0.1)),
    ],
    claims=[('ReSup', 'JoCoWe'), ('ReSup', 'ReSup by loss')],
    notes=[
        'The paper draws curves; their numbers are not at hand, and the weights are'
        ' ours. It finds 5 the best for ReSup, and .6 for the JoCoR-based method, whose'
        ' weight is a tenth of the one that is drawn.',
        'The JoCoR-based method is not specified further: ours is'
        ' fer_jax/algorithms/jocor_weights.py.',
    ],
)
