"""Embedding proximity, Table 2: how far faces lie from the centre of their class.

python launch.py reproduce proximity_table2 --data=data
"""

from fer_jax.configs.reproduce import PROXIMITY, WITHOUT

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

CLASSES = ('neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear')
OTHERS = {'AffectNet': 'affectnet', 'FERPlus': 'ferplus', 'FER2013': 'fer2013'}
DRAWN = (UNKNOWN,) * len(OTHERS)

TABLE = Table(
    title='mean distance of faces to the centre of their class',
    paper=PROXIMITY,
    place='Table 2',
    columns=[
        *(
            Column(f'RAF-DB, {name}', 'raf_db', {}, f'distance {name}')
            for name in CLASSES
        ),
        *(Column(name, dataset, {}, 'distance') for name, dataset in OTHERS.items()),
    ],
    rows=[
        Arm(
            'SCN',
            'scn_c',
            (23.51, 30.32, 14.67, 16.69, 10.46, 12.34, 7.41, *DRAWN),
            WITHOUT,
        ),
        Arm('SCN-C', 'scn_c', (19.96, 27.52, 13.35, 15.49, 9.47, 9.98, 6.52, *DRAWN)),
        Arm(
            'RUL',
            'rul_c',
            (23.54, 41.98, 49.74, 53.43, 34.70, 52.46, 16.36, *DRAWN),
            WITHOUT,
        ),
        Arm('RUL-C', 'rul_c', (21.89, 41.32, 46.49, 47.76, 26.74, 41.85, 8.69, *DRAWN)),
    ],
    reported='last',
    claims=[('SCN-C', 'SCN'), ('RUL-C', 'RUL')],
    notes=[
        "The paper's mean reductions over the classes, ± their deviation: SCN to SCN-C"
        ' 3.20 ± 2.33 on AffectNet, 1.87 ± 1.25 on RAF-DB, 6.47 ± 3.31 on FERPlus,'
        ' 2.21 ± 2.28 on FER2013; RUL to RUL-C 1.60 ± 1.04, 5.35 ± 2.62, 6.19 ± 3.39,'
        ' 8.02 ± 2.44.',
        'A distance has the unit of the embedding: other networks have others, so that'
        ' the difference from the paper says nothing, and the one between rows does.'
        ' Ours is of test faces.',
    ],
)
