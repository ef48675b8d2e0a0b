"""CIFAR-10 from its Python batches, with CIFAR-N's human labels if you have them.

python -m data_prep cifar10 --source=DOWNLOADS --out=data/cifar10
"""

import argparse

from . import cifar

LAYOUT = cifar.Layout(
    name='cifar10',
    folder='cifar-10-batches-py',
    batches={
        'train': [f'data_batch_{number}' for number in range(1, 6)],
        'test': ['test_batch'],
    },
    labels='labels',
    meta='batches.meta',
    names='label_names',
)
add_arguments = cifar.add_arguments


def run(options: argparse.Namespace) -> None:
    """Reads the source, prints what is in it and writes the prepared folder."""
    cifar.run(options, LAYOUT)
