"""Class probabilities of pictures: a line each, as CSV, or on a contact sheet."""

import csv
import io
import pathlib
import sys

import numpy as np
from PIL import Image

from fer_jax.data import whole
from fer_jax.deploy import sheet
from fer_jax.deploy.recognizer import LARGEST_BATCH, Recognizer, batched


def add_arguments(parser):
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', required=True, help='folder of a run or an export')
    parser.add_argument('pictures', nargs='+', help='files, and folders of files')
    parser.add_argument('--which', help='checkpoint of a run: last, best, STEP')
    parser.add_argument('--network', help='of a run: 1, 2 ... or mean')
    parser.add_argument('--format', help='of an export: orbax, safetensors ...')
    parser.add_argument('--csv', help='table to write: a row a picture')
    parser.add_argument('--sheet', help='PNG to write: each picture and its class')


def run(options):
    """Recognises every picture; returns 1 when some could not be read, else 0.

    Raises:
      ValueError, FileNotFoundError: the model or every picture is unusable.
    """
    paths = list(files(options.pictures))
    recognizer = Recognizer.load(
        options.workdir,
        format=options.format,
        which=options.which,
        network=options.network,
    )
    rows, seen, unreadable = [], [], 0
    for some in batched(paths, LARGEST_BATCH):
        squares = []
        for path in some:
            try:
                squares.append((path, recognizer.square(path)))
            except ValueError as error:
                print(f'launch.py: {error}; skipped', file=sys.stderr)
                unreadable += 1
        if not squares:
            continue
        probs = recognizer.squares(np.stack([square for _, square in squares]))
        for (path, square), each in zip(squares, probs):
            best = int(each.argmax())
            name = recognizer.class_names[best]
            print(f'{name:>12} {each[best]:7.2%}  {path}')
            rows.append((path, name, each))
            if options.sheet and len(seen) < sheet.LARGEST:
                seen.append((square, f'{name} {each[best]:.0%}'))
    if options.csv:
        whole.write_text(options.csv, table(recognizer.class_names, rows))
        print(f'written: {options.csv}')
    if options.sheet and seen:
        with whole.replacing(options.sheet) as file:
            sheet.draw(*zip(*seen)).save(file, 'PNG')
        print(f'written: {options.sheet}, {len(seen)} of {len(rows)} pictures')
    if unreadable:
        print(
            f'launch.py: {unreadable} of {len(paths)} pictures could not be read',
            file=sys.stderr,
        )
    return 1 if unreadable else 0


def files(given):
    """Paths of all pictures: files as given, folders searched through, in order.

    Raises:
      ValueError: a folder without a picture.
    """
    suffixes = Image.registered_extensions()
    for path in map(pathlib.Path, given):
        if not path.is_dir():
            yield path  # whatever it is called, and if it is missing: said when read
            continue
        inside = [
            inner
            for inner in sorted(path.rglob('*'))
            if inner.suffix.lower() in suffixes and inner.is_file()
        ]
        if not inside:
            raise ValueError(f'{path}: no pictures in this folder')
        yield from inside


def table(class_names, rows):
    """CSV text: file, its class, and the probability of every class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['file', 'class', *class_names])
    for path, name, probs in rows:
        writer.writerow([path, name, *(f'{value:.6g}' for value in probs)])
    return text.getvalue()
