"""ExpW (Zhang et al. 2018): photographs from the web, often with several faces.

    python -m data_prep expw --source=DOWNLOADS --out=data/expw

    label.lst (or label/label.lst), a face a line:
        image_name face_id top left right bottom confidence label      labels 0 to 6
    the photographs in image/origin, image, origin or images, or as --images says

A face is cut out by its box; its id is image_name#face_id. The set has no published
split: a seeded one is drawn by photograph, so that none is in both.
"""

import argparse
import pathlib
from collections.abc import Sequence

from fer_jax.data import sets, tables
from fer_jax.errors import Missing

from . import forms, importing, layouts
from .importing import Place
from .squares import Picture

LIST = 'label.lst'
FOLDERS = ('image/origin', 'origin', 'image', 'images')
COLUMNS = 'IMAGE FACE TOP LEFT RIGHT BOTTOM CONFIDENCE LABEL'
CLASSES = sets.SETS['expw'].class_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help=f'folder with {LIST}')
    parser.add_argument('--images', type=Place, help='folder of the photographs')
    layouts.add_split(parser)
    importing.add_arguments(parser, 224)


def run(options: argparse.Namespace) -> None:
    """Reads the list, prints what is in it and writes the prepared folder."""
    path = layouts.folder_with(options.source, LIST, 'label') / LIST
    images = image_folder(options)
    lines, left_out = layouts.shown_below(
        tables.lines(path, COLUMNS), images, lambda line: line[1][0]
    )
    rows = [face(path, images, *line) for line in lines]
    splits, said = layouts.drawn(rows, options, lambda row: row.path.name)
    importing.run(
        options,
        'expw',
        importing.Found(
            'expw',
            CLASSES,
            sets.SETS['expw'].codes,
            splits,
            (path,),
            (f'{path}: {len(rows):,} faces in {images}', said),
            importing.DRAWN,
            left_out=left_out,
            form=forms.LastWord(sets.SETS['expw'].codes),
        ),
        **layouts.split_recipe(options),
    )


def image_folder(options: argparse.Namespace) -> pathlib.Path:
    """Where the photographs are."""
    if options.images:
        return pathlib.Path(options.images)
    source = pathlib.Path(options.source)
    for base in (source, source.parent):
        for name in FOLDERS:
            if (base / name).is_dir():
                return base / name
    raise Missing(
        f'no folder {", ".join(FOLDERS)} in {source}; --images names that of the '
        'photographs'
    )


def face(
    path: pathlib.Path, images: pathlib.Path, line: int, fields: Sequence[str]
) -> Picture:
    """The Picture of a line of the list."""
    name, number, top, left, right, bottom, _, code = fields
    where = f'{path} line {line}'
    box = tuple(tables.numbers([left, top, right, bottom], where))
    label = layouts.label('expw', code, CLASSES, where)
    said = f'{LIST} line {line}'
    id, photograph, at = f'{name}#{number}', images / name, (path, line)
    return Picture(id, photograph, label, box=box, where=said, at=at)
