"""A table and the pictures that it names.

    labels.csv              path, label, split, id, and what was thought of the label
    images/train/0000000.png ...

`python -m data_prep csv --source=FOLDER/labels.csv --split=split --id=id` reads it.
"""

import math
import pathlib

from fer_jax.data import tables, whole

from . import Labelled, write_image

HEADER = (
    'path', 'label', 'split', 'id', 'given_label', 'decision', 'second',
    'suggested_label', 'probability_right', 'reviewer', 'time',
)  # fmt: skip


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes the labels that are not dropped, and their pictures, into a folder."""
    whole.write_text(
        folder / 'labels.csv', tables.text(HEADER, _rows(labelled, folder))
    )


def _rows(labelled, folder):
    for number, item in labelled.kept():
        split = f'images/{item.split}'
        name = write_image(labelled.image(number), folder / split, number)
        said = item.decision
        yield (
            f'{split}/{name}',
            labelled.called(item.label),
            item.split,
            item.id,
            labelled.called(item.given),
            said.decision if said else '',
            labelled.called(said.labels[1]) if said and len(said.labels) > 1 else '',
            labelled.called(item.suggested),
            '' if math.isnan(item.right) else f'{item.right:.6f}',
            said.reviewer if said else '',
            said.time if said else '',
        )
