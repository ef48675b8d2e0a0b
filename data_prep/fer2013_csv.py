"""The rows of fer2013.csv (emotion,pixels,Usage), each in the place of a file."""

import csv
import dataclasses
import os
import pathlib
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

from data_prep import png
from fer_jax.data import sets
from fer_jax.errors import Unusable

SIZE_PX = 48
HEADER = ['emotion', 'pixels', 'Usage']
FILE = 'fer2013.csv'
CLASSES = sets.SETS['fer2013'].class_names  # emotion 0 to 6
PREFIXES = {'Training': 'train', 'PublicTest': 'public', 'PrivateTest': 'private'}


class Faces(NamedTuple):
    """Rows of fer2013.csv."""

    pixels: list  # N times 48 * 48 bytes, row by row, grey
    labels: np.ndarray  # [N] int32, order of CLASSES
    usage: np.ndarray  # [N] str, keys of PREFIXES


@dataclasses.dataclass(frozen=True)
class Face(os.PathLike):
    """One row of the csv in the place of a file."""

    path: pathlib.Path
    number: int
    pixels: bytes = dataclasses.field(repr=False)

    def __fspath__(self):
        return str(self.path)

    def __str__(self):
        return f'{self.path} row {self.number}'

    def read_bytes(self):
        """The face as a PNG file."""
        return png.encode(Image.frombytes('L', (SIZE_PX, SIZE_PX), self.pixels))


def read_faces(path):
    """Faces of fer2013.csv.

    Raises:
      Unusable: another header, or a row whose pixels, label or Usage are wrong;
        rows are counted from 0, the header left out.
    """
    pixels, labels, usage = [], [], []
    with open(path, newline='', encoding='utf-8') as file, warnings.catch_warnings():
        # numpy only warns of text that is no number
        warnings.simplefilter('error', DeprecationWarning)
        reader = csv.reader(file)
        header = next(reader, [])
        if header != HEADER:
            raise Unusable(
                f'{path}: the header is {",".join(header)[:80]!r}, '
                f'want {",".join(HEADER)!r}'
            )
        for number, row in enumerate(reader):
            if len(row) != 3 or row[2] not in PREFIXES:
                raise Unusable(
                    f'{path}: row {number} has {len(row)} fields and Usage '
                    f'{row[-1][:20] if row else ""!r}, want 3 and one of {[*PREFIXES]}'
                )
            if not row[0].isdecimal() or int(row[0]) >= len(CLASSES):
                raise Unusable(
                    f'{path}: the emotion of row {number} is {row[0]!r}, want 0 to 6'
                )
            pixels.append(parse_pixels(row[1], f'{path}: row {number}'))
            labels.append(int(row[0]))
            usage.append(row[2])
    return Faces(pixels, np.array(labels, np.int32), np.array(usage, 'U11'))


def parse_pixels(text, where):
    """48 * 48 bytes from that many decimal numbers; `where` names the row."""
    try:
        values = np.fromstring(text, np.int64, sep=' ')
    except (ValueError, DeprecationWarning):
        raise Unusable(f'{where} has pixels that are no numbers') from None
    if values.size != SIZE_PX**2:
        raise Unusable(f'{where} has {values.size:,} pixels, want {SIZE_PX**2:,}')
    if values.min() < 0 or values.max() > 255:
        raise Unusable(
            f'{where} has pixels from {values.min()} to {values.max()}, want 0 to 255'
        )
    return values.astype(np.uint8).tobytes()
