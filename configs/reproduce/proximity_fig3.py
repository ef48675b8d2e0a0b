"""Embedding proximity, Fig. 3: how often labels change, and change back.

python launch.py reproduce proximity_fig3 --data=data
"""

from fer_jax.configs.reproduce import PROXIMITY, WITHOUT

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

RELABELS = {'algorithm.relabel': True}  # without it RUL changes no label
SETS = {'RAF-DB': 'raf_db', 'FERPlus': 'ferplus', 'FER2013': 'fer2013'}
COLUMNS = [
    Column(f'{name}, {measure}', dataset, {'noise.rate': 0.3}, measure)
    for name, dataset in SETS.items()
    for measure in ('flips', 'returns')
]
DRAWN = (UNKNOWN,) * len(COLUMNS)

TABLE = Table(
    title='changes of labels, 30 % symmetric noise',
    paper=PROXIMITY,
    place='Fig. 3',
    columns=COLUMNS,
    rows=[
        Arm('SCN', 'scn_c', DRAWN, WITHOUT),
        Arm('SCN-C', 'scn_c', DRAWN),
        Arm('RUL', 'rul_c', DRAWN, WITHOUT | RELABELS),
        Arm('RUL-C', 'rul_c', DRAWN, RELABELS),
    ],
    reported='last',
    claims=[('SCN-C', 'SCN'), ('RUL-C', 'RUL')],
    notes=[
        'The paper draws the labels of some faces over the epochs, and has no numbers:'
        ' it says that + C makes labels change less. On which noise is not at hand.',
        'A return is a change to a label that the face had before. As in fer_jax'
        ' everywhere, labels are looked at once an epoch.',
    ],
)
