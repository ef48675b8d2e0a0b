"""ReSup, sec. 4.6: thresholds that have to know the noise rate.

python launch.py reproduce resup_section4_6 --data=data
"""

from fer_jax.configs.reproduce import RESUP

from fer_jax.reproduce.table import Arm, Column, Table

RATES = (0.1, 0.2, 0.3)
THRESHOLD = {'algorithm.threshold': 0.5}

TABLE = Table(
    title='thresholds in the place of weights, symmetric noise',
    paper=RESUP,
    place='sec. 4.6',
    columns=[
        Column(f'RAF-DB {rate:.0%}', 'raf_db', {'noise.rate': rate}) for rate in RATES
    ],
    rows=[
        Arm('Threshold of Co-teaching', 'coteaching_threshold', (86.53, 83.21, 82.37)),
        Arm('Threshold of PT', 'pt_threshold', (84.91, 77.93, 72.46)),
        Arm('Threshold in ReSup', 'resup', (87.32, 84.68, 83.51), THRESHOLD),
        Arm('ReSup', 'resup', (88.43, 87.29, 86.86)),
    ],
    claims=[
        ('ReSup', 'Threshold of Co-teaching'),
        ('ReSup', 'Threshold of PT'),
        ('ReSup', 'Threshold in ReSup'),
    ],
    notes=[
        "No code of PT is public: its row is in PT's style (configs/pt_threshold).",
        "The paper tunes ReSup's threshold, and does not say to what; ours is .5.",
    ],
)
