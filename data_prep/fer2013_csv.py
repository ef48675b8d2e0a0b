"""The rows of fer2013.csv (emotion,pixels,Usage), each in the place of a file.

Kaggle has the same rows once more as icml_face_data.csv (emotion, Usage, pixels).
"""

import dataclasses
import os
import pathlib
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

from . import png

SIZE_PX = 48
HEADER = ['emotion', 'pixels', 'Usage']
FILES = ('fer2013.csv', 'icml_face_data.csv')  # Kaggle has it twice
CLASSES = sets.SETS['fer2013'].class_names  # emotion 0 to 6
PREFIXES = {'Training': 'train', 'PublicTest': 'public', 'PrivateTest': 'private'}


class Faces(NamedTuple):
    """Rows of fer2013.csv."""

    pixels: list  # N times 48 * 48 bytes, row by row, grey
    labels: np.ndarray  # [N] int32, order of CLASSES; -1: the row says none
    usage: np.ndarray  # [N] str, keys of PREFIXES
    lines: np.ndarray  # [N] int, where each row ends, counted from 1


@dataclasses.dataclass(frozen=True)
class Face(os.PathLike):
    """One row of the csv in the place of a file."""

    path: pathlib.Path
    number: int
    pixels: bytes = dataclasses.field(repr=False)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return f'{self.path} row {self.number}'

    def read_bytes(self) -> bytes:
        """The face as a PNG file."""
        return png.encode(Image.frombytes('L', (SIZE_PX, SIZE_PX), self.pixels))


def find(source: pathlib.Path) -> pathlib.Path | None:
    """The csv of a source: itself, or the file of either name in it; None: neither."""
    files = (source, *(source / name for name in FILES))
    return next((path for path in files if path.is_file()), None)


def found(source: pathlib.Path) -> pathlib.Path:
    """`find`, but Missing with what is there instead."""
    path = find(source)
    if path is None:
        others = sorted(other.name for other in source.glob('*.csv'))[:3]
        also = f', but {", ".join(map(quoted, others))}' if others else ''
        raise Missing(
            f'no {" or ".join(FILES)} in {source}{also}; --source is its folder, or the'
            ' file under any name'
        )
    return path


def read_faces(path: pathlib.Path) -> Faces:
    """Faces of fer2013.csv, whose columns are in any order.

    A row without an emotion is one that somebody dropped and left in its place, for
    ids and FERPlus' votes go by the numbers of rows.

    Raises:
      Unusable: another header, or a row whose pixels, label or Usage are wrong;
        rows are counted from 0, the header left out.
    """
    pixels, labels, usage, lines = [], [], [], []
    with warnings.catch_warnings():
        # numpy only warns of text that is no number
        warnings.simplefilter('error', DeprecationWarning)
        for number, row in enumerate(tables.rows(path, HEADER)):
            where = f'{path}: row {number}'
            if row['Usage'] not in PREFIXES:
                raise Unusable(
                    f'{where} has Usage {quoted(row["Usage"])}; wanted one of '
                    f'{", ".join(PREFIXES)}'
                )
            labels.append(parse_emotion(row['emotion'], where))
            pixels.append(parse_pixels(row['pixels'], where))
            usage.append(row['Usage'])
            lines.append(row.number)
    return Faces(
        pixels, np.array(labels, np.int32), np.array(usage, 'U11'), np.array(lines)
    )


def parse_emotion(text: str, where: str) -> int:
    """A label in the order of CLASSES, -1 for an empty field."""
    if not text:
        return -1
    emotion = tables.integer(text, f'{where}, emotion')
    if not 0 <= emotion < len(CLASSES):
        raise Unusable(f'{where} has emotion {emotion}; wanted 0 to 6')
    return emotion


def parse_pixels(text: str, where: str) -> bytes:
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
