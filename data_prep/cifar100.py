"""CIFAR-100 (fine labels) from its Python batches, with CIFAR-N's if you have them.

python -m data_prep cifar100 --source=DOWNLOADS --out=data/cifar100
"""

import argparse

from . import cifar

LAYOUT = cifar.Layout(
    name='cifar100',
    folder='cifar-100-python',
    batches={'train': ['train'], 'test': ['test']},
    labels='fine_labels',
    meta='meta',
    names='fine_label_names',
)
add_arguments = cifar.add_arguments


def run(options: argparse.Namespace) -> None:
    """Reads the source, prints what is in it and writes the prepared folder."""
    cifar.run(options, LAYOUT)
