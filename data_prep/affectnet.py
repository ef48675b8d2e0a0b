"""AffectNet (Mollahosseini et al. 2017), the manually annotated part of both releases.

    python -m data_prep affectnet --source=DOWNLOADS --out=data/affectnet
    python -m data_prep affectnet --source=DOWNLOADS --out=data/affectnet --align=mtcnn

2017: csv files of the photographs, with face boxes and 68 landmarks
    training.csv, validation.csv (or in Manually_Annotated_file_lists/) with columns
        subDirectory_filePath, face_x, face_y, face_width, face_height,
        facial_landmarks (x;y;x;y ...), expression, valence, arousal
    (a file without the header has all nine in this order)
    Manually_Annotated_Images/<folder>/<file>, or as --images says; of an absolute
    subDirectory_filePath its last two parts count
later: faces cut out, a few npy files beside each
    train_set/images/N.jpg, train_set/annotations/N_exp.npy, N_lnd.npy; val_set/ alike

Labels 0 to 7; faces of 8 none, 9 uncertain and 10 no face are left out, and with
--classes=7 those of contempt. The validation split is the test: there is no other.
"""

import argparse
import collections
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from fer_jax.data import (
    arrays,
    limits,
    natural,
    picture_folders,
    regular,
    sets,
    tables,
)
from fer_jax.errors import Missing, Unusable

from . import forms, importing, layouts, reports
from .importing import Place
from .squares import Picture

CLASSES = sets.SETS['affectnet'].class_names
CSV = {'train': 'training.csv', 'test': 'validation.csv'}
FOLDERS = {'train': 'train_set', 'test': 'val_set'}
BOX = ('face_x', 'face_y', 'face_width', 'face_height')
FILE, POINTS, CODE = 'subDirectory_filePath', 'facial_landmarks', 'expression'
UNUSED = ('valence', 'arousal')  # the last columns
COLUMNS = (FILE, *BOX, POINTS, CODE)
HEADLESS = (*COLUMNS, *UNUSED)
CODES = sets.SETS['affectnet'].codes
NO_CLASS = {8: 'none', 9: 'uncertain', 10: 'no face'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument(
        '--source', required=True, help='folder with training.csv or train_set'
    )
    parser.add_argument(
        '--images', type=Place, help='of the csv: folder of the photographs'
    )
    parser.add_argument(
        '--classes', type=int, choices=(7, 8), default=7, help='default: 7, no contempt'
    )
    importing.add_arguments(parser, 224)


def run(options: argparse.Namespace) -> None:
    """Reads the annotations, prints what is there and writes the prepared folder."""
    source, classes = pathlib.Path(options.source), CLASSES[: options.classes]
    if (source / FOLDERS['train']).is_dir():
        release, files, form = 'npy files', (), forms.Notes(CODES)
        marked = options.align == 'landmarks'
        below = {split: images(source / FOLDERS[split]) for split in FOLDERS}
        rows = {
            split: npy_rows(source / FOLDERS[split], below[split], marked)
            for split in FOLDERS
        }
    else:
        folder = layouts.folder_with(
            source, CSV['train'], 'Manually_Annotated_file_lists'
        )
        release, files = 'csv of 2017', tuple(folder / name for name in CSV.values())
        form = forms.Column(CODE, CODES, HEADLESS)
        photographs = pathlib.Path(
            options.images or source / 'Manually_Annotated_Images'
        )
        rows = {split: csv_rows(folder / CSV[split], photographs) for split in CSV}
        below = {}
    said, splits = [f'{source}: AffectNet, {release}'], {}
    for split, found in rows.items():
        splits[split], dropped = labelled(found, classes)
        if dropped:
            why = reports.why(dropped)
            said.append(f'{split}: {dropped.total():,} left out{why}')
    importing.run(
        options,
        'affectnet',
        importing.Found(
            'affectnet',
            classes,
            CODES[: options.classes],
            splits,
            files,
            tuple(said),
            (('train', 'train'), ('test', 'validation')),
            left_out=sum(
                (one.left_out for one in below.values()), collections.Counter()
            ),
            form=form,
        ),
        release=release,
        classes=options.classes,
    )


def labelled(
    rows: Iterable[tuple], classes: Sequence[str]
) -> tuple[list[Picture], collections.Counter]:
    """Pictures with their labels, and a Counter of those that have none of them."""
    pictures, dropped = [], collections.Counter()
    for where, code, picture in rows:
        if tables.missing(code):
            dropped['no label'] += 1
            continue
        number = tables.integer(code, where)
        if number in NO_CLASS:
            dropped[NO_CLASS[number]] += 1
            continue
        label = layouts.label('affectnet', code, classes, where)
        if label < 0:
            dropped['contempt'] += 1
            continue
        made = picture()._replace(label=label)
        if picture_folders.is_hidden_below('.', made.id):
            dropped[picture_folders.HIDDEN] += 1
        else:
            pictures.append(made)
    return pictures, dropped


def csv_rows(
    path: pathlib.Path, images: pathlib.Path
) -> Iterator[tuple[str, str, Callable]]:
    """(where, code, function -> unlabelled Picture) of each row of a csv of 2017.

    A function, because rows without a class have neither box nor landmarks.
    """
    for row in tables.rows(path, COLUMNS, headless=HEADLESS):
        where = f'{path} {row.line}'

        def picture(row=row, where=where):
            name = '/'.join(row[FILE].replace('\\', '/').split('/')[-2:])
            x, y, width, height = tables.numbers([row[k] for k in BOX], where)
            points = tables.numbers(row[POINTS].split(';'), where)
            return Picture(
                name,
                images / name,
                -1,
                box=(x, y, x + width, y + height),
                landmarks=five(points, where),
                where=f'{path.name} {row.line}',
                at=(path, row.number),
            )

        yield where, row[CODE], picture


def images(folder: pathlib.Path) -> picture_folders.Below:
    """What lies in the folder of images in one of train_set and val_set.

    Raises:
      Missing: there is none.
    """
    inside = folder / 'images'
    if not inside.is_dir():
        raise Missing(f'no folder {inside}; wanted images and annotations in {folder}')
    return picture_folders.below(inside)


def npy_rows(
    folder: pathlib.Path, below: picture_folders.Below, marked: bool
) -> Iterator[tuple[pathlib.Path, str, Callable]]:
    """(where, code, function -> unlabelled Picture) of each image of a folder.

    Args:
      below: picture_folders.Below its images.
      marked: whether to read the landmarks, where there are some.

    Raises:
      Unusable: an annotation is missing or is no npy file of a number.
    """
    for path in sorted(below.pictures, key=lambda path: natural.key(path.name)):
        note = folder / 'annotations' / f'{path.stem}_exp.npy'

        def picture(path=path, note=note):
            points = note.with_name(f'{path.stem}_lnd.npy')
            marks = values(points).tolist() if marked and points.is_file() else None
            return Picture(
                f'{folder.name}/{path.name}',
                path,
                -1,
                landmarks=marks and five(marks, points),
                where=note.name,
                at=note,
            )

        code = values(note)
        if code.size != 1:
            raise Unusable(f'{note} has {code.size} numbers; wanted one')
        yield note, f'{code.item():g}', picture


def values(path: pathlib.Path) -> np.ndarray:
    """The numbers in an npy file, which may hold them as text: float64 [n]."""
    try:
        content = regular.content(path, limits.limit('note'))
    except Unusable as error:
        raise Unusable(f'{error}; copy the annotations again') from None
    try:
        numbers = arrays.parse(content, path, arrays.Array('iufSU'))
        return numbers.astype(np.float64).ravel()
    except ValueError:
        raise Unusable(
            f'{path}: no npy file of numbers; copy the annotations again'
        ) from None


def five(points: Sequence[float], where: str | os.PathLike) -> list[tuple[float, ...]]:
    """Eyes, nose and corners of the mouth [5][2], of 68 landmarks as flat numbers."""
    if len(points) != 2 * 68:
        raise Unusable(f'{where}: {len(points)} landmark numbers; wanted 136')
    points = np.reshape(points, (68, 2))
    eyes = points[36:42].mean(0), points[42:48].mean(0)
    return [tuple(map(float, p)) for p in (*eyes, *points[[30, 48, 54]])]
