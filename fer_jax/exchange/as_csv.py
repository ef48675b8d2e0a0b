"""A table and the pictures that it names.

    labels.csv              path, label, and what was thought of it, a row a picture
    images/train/0000000.png ...

`python -m data_prep csv --source=FOLDER/labels.csv --split=split --id=id` reads it.
"""

import pathlib

from fer_jax.data import tables

from . import Labelled, write_image

HEADER = (
    'path', 'label', 'split', 'id', 'given_label', 'decision', 'second',
    'suggested_label', 'probability_right', 'reviewer', 'time',
)  # fmt: skip


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes the labels that are not dropped, and their pictures, into a folder."""
    text = tables.text(HEADER, _rows(labelled, folder))
    (folder / 'labels.csv').write_text(text, 'utf-8', newline='')


def _rows(labelled, folder):
    for number, item in labelled.kept():
        place = f'images/{item.split}'
        name = write_image(labelled.image(number), folder / place, number)
        row = {'path': f'{place}/{name}', 'label': labelled.called(item.label)}
        row |= labelled.said(item)
        yield ['' if row[name] is None else row[name] for name in HEADER]
