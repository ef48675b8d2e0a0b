"""One file a table of the papers; fer_jax/reproduce/table.py says what is in one.

Here is what several of them have in common.
"""

from fer_jax.reproduce.table import Column

PROXIMITY = 'Embedding proximity (SCN-C, RUL-C, DMUE-C)'
# The method that + C is put on, the same run but for the centre loss.
WITHOUT = {'proximity.weight': 0.0}
OWN_LABELS = [  # the columns of Tables 1 and 4
    Column('AffectNet', 'affectnet'),
    Column('RAF-DB', 'raf_db'),
    Column('FERPlus', 'ferplus'),
    Column('FER2013', 'fer2013'),
]

RESUP = 'ReSup (Zhang et al., TAFFC 2025)'
# Weights from the first epoch after the warm-up on, as the paper has it, on any set.
AT_ONCE = {'algorithm.readiness': 0.0, 'algorithm.held_out': 0.0}

# DivideMix-Si, and the columns of Table 6 and Fig. 10.
SIMILARITY = {'algorithm.signal': 'similarity', 'algorithm.mixture': 'beta'}
CIFAR_10 = [
    Column(f'CIFAR-10 {rate:.0%}', 'cifar10', {'noise.rate': rate})
    for rate in (0.2, 0.5, 0.8, 0.9)
]

# Tables 7 and 8.
ASYMMETRIC = {'noise.kind': 'asymmetric_cifar', 'noise.rate': 0.4}
HALF = {'asym. 40%': {'algorithm.noise_rate': 0.2}}  # as JoCoR is told then
CIFAR_CLAIMS = [
    ('ReSup, 7 layers', 'Standard, 7 layers'),
    ('ReSup, 7 layers', 'Co-teaching'),
    ('ReSup, 7 layers', 'JoCoR'),
    ('ReSup, ResNet-18', 'Standard, ResNet-18'),
]
SETTINGS_NOTE = (
    'Momentum, weight decay, batch size and warm-up are not said; nor the epochs of the'
    ' smaller network. Rows with other networks are cited.'
)
NOISE_NOTE = (
    'How the noise is drawn is not said: ours, as everywhere, never gives a label back.'
)


def cifar(dataset: str) -> list[Column]:
    """The columns of Tables 7 and 8: symmetric noise, and asymmetric."""
    return [
        *(
            Column(f'{rate:.0%}', dataset, {'noise.rate': rate})
            for rate in (0.2, 0.4, 0.5, 0.6, 0.8)
        ),
        Column('asym. 40%', dataset, ASYMMETRIC),
    ]
