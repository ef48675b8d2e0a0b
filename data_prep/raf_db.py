"""RAF-DB, basic expressions (Li et al. 2017), in its official layout.

    python -m data_prep raf_db --source=DOWNLOADS --out=data/raf_db

    EmoLabel/list_patition_label.txt      train_00001.jpg 5      labels 1 to 7
    Image/aligned/train_00001_aligned.jpg     100 x 100
    Image/original/train_00001.jpg            --images=original
    Annotation/boundingbox/train_00001_boundingbox.txt    left top right bottom
    Annotation/manual/train_00001_manu_attri.txt          five landmarks, x y a line

Ids are the names in the list, as published noise lists have them. Originals take their
box and landmarks from Annotation where it has them.
"""

import argparse
import pathlib

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

from . import forms, importing, layouts
from .squares import Picture

LIST = 'EmoLabel/list_patition_label.txt'
CLASSES = sets.SETS['raf_db'].class_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help=f'folder with {LIST}')
    parser.add_argument(
        '--images',
        choices=('aligned', 'original'),
        default='aligned',
        help='default: aligned',
    )
    importing.add_arguments(parser, 100)


def run(options: argparse.Namespace) -> None:
    """Reads the list, prints what is in it and writes the prepared folder."""
    source = layouts.folder_with(options.source, LIST, 'basic')
    splits = {'train': [], 'test': []}
    path = source / LIST
    for number, (name, code) in tables.lines(path, 'NAME LABEL'):
        where = f'line {number}'
        split = name.split('_')[0]
        if split not in splits:
            raise Unusable(
                f'{path} {where}: {quoted(name)}; wanted train_... or test_...'
            )
        label = layouts.label('raf_db', code, CLASSES, f'{path} {where}')
        row = Picture(name, None, label, where=f'{LIST} {where}', at=(path, number))
        splits[split].append(placed(row, source, options.images))
    importing.run(
        options,
        'raf_db',
        importing.Found(
            'raf_db',
            CLASSES,
            sets.SETS['raf_db'].codes,
            splits,
            (source / LIST,),
            form=forms.LastWord(sets.SETS['raf_db'].codes),
        ),
        images=options.images,
    )


def placed(row: Picture, source: pathlib.Path, images: str) -> Picture:
    """A Picture with its path and, of an original, box and landmarks."""
    stem = pathlib.PurePath(row.id).stem
    if images == 'aligned':
        return row._replace(path=source / 'Image/aligned' / f'{stem}_aligned.jpg')
    notes = source / 'Annotation'
    box = numbers(notes / 'boundingbox' / f'{stem}_boundingbox.txt', 4)
    points = numbers(notes / 'manual' / f'{stem}_manu_attri.txt', 10)
    return row._replace(
        path=source / 'Image/original' / row.id,
        box=tuple(box) if box else None,
        landmarks=points and list(zip(points[::2], points[1::2])),
    )


def numbers(path: pathlib.Path, count: int) -> list[float] | None:
    """The first `count` numbers in a file, None where there is no file.

    Raises:
      Unusable: fewer of them, or other text among them.
    """
    try:
        words = tables.words(path)[:count]
    except FileNotFoundError:
        return None
    if len(words) < count:
        raise Unusable(f'{path} has {len(words)} words; wanted {count} numbers')
    return tables.numbers(words, path)
