"""Pictures as a source has them -> the encoded squares of a prepared set, on all cores.

A JPEG or PNG that is such a square already keeps its bytes. Of the others a JPEG
becomes a JPEG again (quality 95, colours at full resolution), and anything else a PNG,
without loss. A picture is cut to the square around its box, black beyond the picture;
without a box to the largest square in its middle.
"""

import functools
import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from data_prep import processes
from fer_jax.data import pictures
from fer_jax.errors import Unusable

FEW = 256  # so many are done before processes have started
ORIENTATION = 0x0112  # the EXIF tag
UNREADABLE = 'unreadable'


class Picture(NamedTuple):
    """One labelled face of a source, not yet read."""

    id: str
    path: Any  # of the file: a pathlib.Path, or another that has read_bytes
    label: int
    clean_label: int = -1  # -1 unknown
    box: tuple | None = None  # left, top, right, bottom, in px of the stored file
    landmarks: Any = None  # five points [5, 2], as fer_jax.faces.TEMPLATE, in px of it
    where: str = ''  # what an error names beside the file: 'labels.csv row 12'


class Square(NamedTuple):
    """What became of a picture."""

    data: bytes | None  # encoded; None: there is no square, and the note says why
    note: tuple = ()  # of texts, the reason first


def convert(chunk, size_px, aligner=None):
    """The Squares of some Pictures, in their order.

    Args:
      chunk: Pictures.
      size_px: side of the squares.
      aligner: what brings faces upright (alignment.Aligner), None for none.
    """
    squares = [_square(picture, size_px, aligner) for picture in chunk]
    if aligner is None:
        return squares
    waiting = [i for i, square in enumerate(squares) if isinstance(square, Image.Image)]
    found = aligner(
        [np.array(squares[i]) for i in waiting],
        [chunk[i].box for i in waiting],
        [chunk[i].landmarks for i in waiting],
    )
    for i, outcome in zip(waiting, found):
        data = None
        if outcome.pixels is not None:
            square = Image.fromarray(outcome.pixels)
            data = _encoded(square, squares[i].format == 'JPEG')
        squares[i] = Square(data, outcome.note)
    return squares


def _square(picture, size_px, aligner):
    """The Square of a picture; with an aligner the RGB image that it is to get."""
    try:
        content = picture.path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            plain = picture.box is None and aligner is None
            if plain and _is_square(image, size_px):
                image.load()  # says whether it is whole
                return Square(content)
            if picture.box is not None or picture.landmarks is not None:
                # whose pixels are those of the file, before EXIF turns it
                image.getexif().pop(ORIENTATION, None)
            full = pictures.rgb(image)
            full.format = image.format  # forgotten where it was converted
        if aligner is not None:
            return full
        if picture.box is None:
            square = Image.fromarray(pictures.fitted(full, size_px))
        else:
            square = around(full, picture.box, size_px)
        return Square(_encoded(square, full.format == 'JPEG'))
    # Pillow raises any of these; a bomb is a file that claims to be enormous
    except (
        OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError
    ) as error:  # fmt: skip
        said = str(getattr(error, 'strerror', None) or error)
        return Square(None, (f'{UNREADABLE}: {said.split(": /")[0]}',))


def _is_square(image, size_px):
    """Whether the stored bytes of an image are a record's, as they are."""
    return (
        image.format in ('JPEG', 'PNG')
        and image.mode in ('L', 'RGB')
        and image.size == (size_px, size_px)
        and not image.has_transparency_data
        and image.getexif().get(ORIENTATION, 1) == 1
    )


def around(image, box, size_px):
    """The square around a box, black beyond the image; antialiased when it shrinks.

    Args:
      image: a Pillow RGB image.
      box: left, top, right, bottom in px; it becomes as wide as it is high.

    Raises:
      Unusable: nothing of the image is in the box.
    """
    left, top, right, bottom = box
    width, height = image.size
    inside = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
    if not min(inside) >= 1:
        raise Unusable(
            f'its box goes from ({left:g}, {top:g}) to ({right:g}, {bottom:g}), and '
            f'the picture has {width}x{height}; wanted left, top, right, bottom inside'
        )
    side = max(1, round(max(right - left, bottom - top)))
    left, top = round((left + right - side) / 2), round((top + bottom - side) / 2)
    part = image.crop((left, top, left + side, top + side))
    return part.resize((size_px, size_px), Image.Resampling.BILINEAR)


def _encoded(image, as_jpeg):
    data = io.BytesIO()
    if as_jpeg:
        image.save(data, 'JPEG', quality=95, subsampling=0)
    else:
        image.save(data, 'PNG')
    return data.getvalue()


def workers(count, size_px, aligner=None):
    """As processes.spread: gives a function, Pictures -> their Squares in order."""
    return processes.spread(
        functools.partial(convert, size_px=size_px, aligner=aligner), count
    )
