"""Embedding proximity, Table 4: SCN with and without rank regularisation.

python launch.py reproduce proximity_table4 --data=data
"""

from fer_jax.configs.reproduce import OWN_LABELS, PROXIMITY, WITHOUT

from fer_jax.reproduce.table import Arm, Table

TABLE = Table(
    title="SCN's rank regularisation, on the sets' own labels",
    paper=PROXIMITY,
    place='Table 4',
    columns=OWN_LABELS,  # AffectNet, RAF-DB, FERPlus, FER2013
    rows=[
        Arm(
            'SCN',
            'scn_c',
            (60.23, 87.03, 85.24, 68.82),
            WITHOUT | {'algorithm.rank_weight': 1.0},
        ),
        Arm('SCN without it', 'scn_c', (60.14, 86.97, 85.17, 68.71), WITHOUT),
    ],
    reported='last',
    claims=[('SCN', 'SCN without it')],
    notes=[
        'AffectNet has other numbers here than in Table 1: 60.23 is what SCN has with'
        ' eight classes.',
    ],
)
