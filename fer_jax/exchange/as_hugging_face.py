"""An image folder of Hugging Face, with its JSON lines.

    train/metadata.jsonl    file_name, label, and what was thought of it
    train/0000000.png ...   test/ alike

`datasets.load_dataset('imagefolder', data_dir=FOLDER)` reads it. It guesses kinds from
each file alone and wants the same in all, so a text that is unknown is empty and a
probability -1.
"""

import itertools
import pathlib

from . import Labelled, text, write_image


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes the pictures whose labels are not dropped into a folder."""
    for split, kept in itertools.groupby(labelled.kept(), lambda one: one[1].split):
        place = folder / split
        place.mkdir()
        with open(place / 'metadata.jsonl', 'w', encoding='utf-8') as file:
            for number, item in kept:
                name = write_image(labelled.image(number), place, number)
                row = {'file_name': name, 'label': labelled.called(item.label)}
                file.write(text(row | _told(labelled.said(item))) + '\n')


def _told(said):
    """What is known, with something of its kind in the place of what is not."""
    unknown = {'probability_right': -1.0}
    return {
        name: unknown.get(name, '') if value is None else value
        for name, value in said.items()
    }
