"""Embedding proximity, Table 1: the sets' own labels.

python launch.py reproduce proximity_table1 --data=data
"""

from fer_jax.configs.reproduce import OWN_LABELS, PROXIMITY, WITHOUT

from fer_jax.reproduce.table import EMPTY, Arm, Table

TABLE = Table(
    title="the methods with and without + C on the sets' own labels",
    paper=PROXIMITY,
    place='Table 1',
    columns=OWN_LABELS,  # AffectNet, RAF-DB, FERPlus, FER2013
    rows=[
        Arm('SCN', 'scn_c', (63.50, 87.03, 85.24, 68.82), WITHOUT),
        Arm('SCN-C', 'scn_c', (64.13, 87.91, 87.31, 70.16)),
        Arm('DMUE', 'dmue_c', (64.18, 86.85, 84.57, 69.27), WITHOUT),
        Arm('DMUE-C', 'dmue_c', (65.73, 88.04, 86.03, 70.60)),
        Arm('RUL', 'rul_c', (63.58, 88.98, 86.89, 71.19), WITHOUT),
        Arm('RUL-C', 'rul_c', (65.00, 89.51, 87.37, 71.83)),
        Arm('KTN', None, (63.97, 88.07, 90.49, EMPTY)),
        Arm('MVT', None, (64.57, 88.62, 89.22, EMPTY)),
        Arm('DACL', None, (65.20, 87.78, EMPTY, EMPTY)),
        Arm('RAN', None, (52.97, 86.90, 88.55, EMPTY)),
        Arm('IPA2LT', None, (57.31, 86.77, EMPTY, EMPTY)),
        Arm('gaCNN', None, (58.78, 85.07, EMPTY, EMPTY)),
        Arm('PLD', None, (EMPTY, EMPTY, 85.10, EMPTY)),
        Arm('Deep-Emotion', None, (EMPTY, EMPTY, EMPTY, 70.02)),
    ],
    reported='last',
    claims=[('SCN-C', 'SCN'), ('DMUE-C', 'DMUE'), ('RUL-C', 'RUL')],
    notes=[
        'The paper does not say which epoch it reports here.',
        'Its SCN has rank regularisation, and ours, like its SCN-C, has not: Table 4'
        ' says what that makes (proximity_table4).',
    ],
)
