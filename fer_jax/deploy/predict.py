"""Class probabilities of pictures: a line each, as CSV, or on a contact sheet.

python launch.py predict photograph.jpg
python launch.py predict --workdir=runs/first face.jpg pictures/ --csv=said.csv
python launch.py predict --workdir=runs/first --align photograph.jpg --sheet=said.png
"""

import argparse
import collections
import pathlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from fer_jax import home
from fer_jax.data import opening, picture_folders, tables, whole
from fer_jax.data.quoting import is_utf8, printable
from fer_jax.deploy import card, sheet
from fer_jax.deploy.recognizer import LARGEST_BATCH, Recognizer, batched
from fer_jax.errors import Unusable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument(
        '--workdir',
        help='folder of a run or an export; without it, the recogniser that ships looks'
        ' at every face that it finds',
    )
    parser.add_argument('pictures', nargs='+', help='files, and folders of files')
    parser.add_argument('--which', help='checkpoint of a run: last, best, STEP')
    parser.add_argument('--network', help='of a run: 1, 2 ..., mean or sum')
    parser.add_argument('--format', help='of an export: orbax, safetensors ...')
    parser.add_argument(
        '--align', action='store_true', help='find the faces, and turn each upright'
    )
    parser.add_argument('--csv', help='table to write: a row a picture or face')
    parser.add_argument('--sheet', help='PNG to write: each of them and its class')
    opening.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Recognises every picture; returns 1 when some had to be skipped, else 0.

    Raises:
      Unusable: the model or every picture is unusable.
    """
    for path in filter(None, (options.csv, options.sheet)):
        whole.check_file(path)
    limits = opening.limits_of(options)
    align = options.align or options.workdir is None
    if align:
        from fer_jax.faces import networks  # with JAX, as in Recognizer.faces

        networks.weights()  # that they are missing is known before any work is done
        print(networks.LICENCE, file=sys.stderr)
    paths, left_out = files(options.pictures)
    folder = options.workdir or home.RECOGNISER
    recognizer = Recognizer.load(
        folder,
        format=options.format,
        which=options.which,
        network=options.network,
    )
    recognizer.limits = limits
    if options.workdir is None:
        told = card.line(folder.name, recognizer.card)
        print(f'{told}; its card: {printable(folder / card.README)}', file=sys.stderr)
    rows, seen, skipped = [], [], collections.Counter()
    named = squares(recognizer, paths, align, skipped)
    for some in batched(named, LARGEST_BATCH):
        probs = recognizer.squares(np.stack([square for _, square in some]))
        for (path, square), each in zip(some, probs):
            best = int(each.argmax())
            name = recognizer.class_names[best]
            print(f'{name:>12} {each[best]:7.2%}  {printable(path)}')
            file = str(path)
            rows.append((file if is_utf8(file) else printable(file), name, each))
            if options.sheet and len(seen) < sheet.LARGEST:
                seen.append((square, f'{name} {each[best]:.0%}'))
    if options.csv:
        whole.write_text(options.csv, table(recognizer.class_names, rows))
        print(f'written: {options.csv}')
    if options.sheet and seen:
        with whole.replacing(options.sheet) as file:
            sheet.draw(*zip(*seen)).save(file, 'PNG')
        print(f'written: {options.sheet}, {len(seen)} of {len(rows)} drawn')
    if left_out:
        told = picture_folders.told(left_out)
        print(f'{home.name()}: left out, no pictures: {told}', file=sys.stderr)
    for why, count in skipped.items():
        print(f'{home.name()}: {count} of {len(paths)} pictures {why}', file=sys.stderr)
    return 1 if skipped else 0


def squares(
    recognizer: Recognizer, paths: Iterable[pathlib.Path], align: bool, skipped: Counter
) -> Iterator[tuple[pathlib.Path | str, np.ndarray]]:
    """(name, pixels) of every picture or, with `align`, of every face on it.

    Names are paths; where there are several faces, path#1, path#2 ... from left to
    right. What has to be skipped is said, and counted in `skipped` by its reason.
    """
    for path in paths:
        try:
            found = recognizer.faces(path) if align else [recognizer.square(path)]
        except ValueError as error:
            print(f'{home.name()}: {error}; skipped', file=sys.stderr)
            skipped['could not be read'] += 1
            continue
        if len(found) == 0:
            print(
                f'{home.name()}: {printable(path)}: no face found; skipped',
                file=sys.stderr,
            )
            skipped['show no face'] += 1
        for number, square in enumerate(found, start=1):
            yield (path if len(found) == 1 else f'{path}#{number}'), square


def files(given: Iterable[str]) -> tuple[list[pathlib.Path], Counter]:
    """Paths of all pictures, and a Counter of what else is in the folders.

    Files as given, whatever they are called; folders searched through, in order.

    Raises:
      Unusable: a folder without a picture.
    """
    paths, left_out = [], collections.Counter()
    for path in map(pathlib.Path, given):
        if not path.is_dir():
            paths.append(path)  # if it is missing, that is said when it is read
            continue
        below = picture_folders.below(path)
        if not below.pictures:
            held = picture_folders.told(below.left_out)
            raise Unusable(
                f'{printable(path)}: no pictures in this folder'
                + (f', but {held}' if held else '')
            )
        paths += below.pictures
        left_out += below.left_out
    return paths, left_out


def table(class_names: Sequence[str], rows: Iterable[tuple]) -> str:
    """CSV text: file, its class, and the probability of every class."""
    return tables.text(
        ['file', 'class', *class_names],
        (
            [path, name, *(f'{value:.6g}' for value in probs)]
            for path, name, probs in rows
        ),
    )
