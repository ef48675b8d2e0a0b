"""ReSup, Table 4: asymmetric noise on RAF-DB, with weights balanced by class.

python launch.py reproduce resup_table4 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import UNKNOWN, Arm, Column, Table

TABLE = Table(
    title='asymmetric noise',
    paper=RESUP,
    place='Table 4',
    columns=[Column('RAF-DB', 'raf_db', {'noise.kind': 'asymmetric_fer'})],
    rows=[
        Arm('Baseline', 'baseline', (82.72,)),
        Arm('SCN', 'scn', (83.10,)),
        Arm('RUL', 'rul', (84.24,)),
        Arm('ReSup', 'resup', (86.94,), {'algorithm.balance': 'class_var'}),
        Arm(
            'ReSup, as released',
            'resup',
            (UNKNOWN,),
            {'algorithm.balance': 'class_prior_bug'},
        ),
    ],
    claims=[('ReSup', 'Baseline'), ('ReSup', 'SCN'), ('ReSup', 'RUL')],
    notes=[
        "The paper's text calls RUL's row DUL.",
        'ReSup divides weights by the variance of their class; the released line, which'
        ' is commented out, comes to dividing by a function of the number of faces of'
        ' the class. Which one the paper ran is not known.',
    ],
)
