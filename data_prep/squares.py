"""Pictures as a source has them -> the encoded squares of a prepared set, on all cores.

A JPEG or PNG that is such a square already keeps its bytes. Of the others a JPEG
becomes a JPEG again (quality 95, colours at full resolution), and anything else a PNG,
without loss. A picture is cut to the square around its box, black beyond the picture;
without a box to the largest square in its middle.
"""

import contextlib
import functools
import io
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from fer_jax.data import opening, pictures
from fer_jax.data.quoting import is_utf8
from fer_jax.errors import Unusable

from . import processes

FEW = 256  # so many are done before processes have started
UNREADABLE = 'unreadable'
NO_TEXT = 'its name is not UTF-8'


class Picture(NamedTuple):
    """One labelled face of a source, not yet read."""

    id: str
    path: Any  # of the file: a pathlib.Path, or another that has read_bytes
    label: int
    clean_label: int = -1  # -1 unknown
    box: tuple | None = None  # left, top, right, bottom, in px of the stored file
    landmarks: Any = None  # five points [5, 2], as fer_jax.faces.TEMPLATE, in px of it
    where: str = ''  # what an error names beside the file: 'labels.csv row 12'
    at: Any = None  # where its label stands, as the form of its source has it


class Square(NamedTuple):
    """What became of a picture."""

    data: bytes | None  # encoded; None: there is no square, and the note says why
    note: tuple = ()  # of texts, the reason first


def convert(
    chunk: Sequence[Picture],
    size_px: int,
    aligner: Callable | None = None,
    limits: opening.Limits = opening.LIMITS,
) -> list[Square]:
    """The Squares of some Pictures, in their order.

    Args:
      chunk: Pictures.
      size_px: side of the squares.
      aligner: what brings faces upright (alignment.Aligner), None for none.
      limits: of a file.
    """
    squares = [_square(picture, size_px, limits, aligner) for picture in chunk]
    if aligner is None:
        return squares
    waiting = [i for i, square in enumerate(squares) if isinstance(square, Image.Image)]
    outcomes = aligner(
        [np.array(squares[i]) for i in waiting],
        [chunk[i].box for i in waiting],
        [chunk[i].landmarks for i in waiting],
    )
    for i, outcome in zip(waiting, outcomes):
        data = None
        if outcome.pixels is not None:
            square = Image.fromarray(outcome.pixels)
            data = _encoded(square, squares[i].format == 'JPEG')
        squares[i] = Square(data, outcome.note)
    return squares


def troubles(
    chunk: Sequence[Picture], limits: opening.Limits, boxed: bool
) -> list[str]:
    """Why each of some Pictures cannot be read, '' where it can.

    Args:
      boxed: whether squares are cut out by their boxes.
    """
    said = []
    for picture in chunk:
        try:
            full = _upright(picture, opening.read(_content(picture, limits), limits))
            if boxed and picture.box is not None:
                check_box(picture.box, full.size)
        except Unusable as error:
            said.append(str(error))
        else:
            said.append('')
    return said


def _square(picture, size_px, limits, aligner):
    """The Square of a picture; with an aligner the RGB image that it is to get."""
    try:
        content = _content(picture, limits)
        stored = opening.read(content, limits)
        plain = picture.box is None and aligner is None
        if plain and _is_square(stored, size_px):
            return Square(content)
        full = _upright(picture, stored)
        if aligner is not None:
            full.format = stored.format  # forgotten where it was converted
            return full
        if picture.box is None:
            square = Image.fromarray(pictures.fitted(full, size_px))
        else:
            square = around(full, picture.box, size_px)
        return Square(_encoded(square, stored.format == 'JPEG'), _remark(stored))
    except Unusable as error:
        return Square(None, (f'{UNREADABLE}: {error}',))


def _content(picture, limits):
    """The bytes of a Picture's file, unless its id cannot be kept."""
    if not is_utf8(picture.id):
        raise Unusable(NO_TEXT)
    return opening.content(picture.path, limits)


def _upright(picture, stored):
    """A Picture as an RGB image, upright; with a box or landmarks as the file has it.

    They are in its pixels, before EXIF turns it.
    """
    if picture.box is not None or picture.landmarks is not None:
        stored = stored._replace(orientation=1)
    return pictures.upright(stored)


def _remark(stored):
    """What is to be known of a picture that could be read, as a note."""
    if not stored.image.mode.startswith('I'):
        return ()
    bits = pictures.grey_bits(stored.image)
    if bits == 16:
        return ()
    return (f'16-bit grey taken for {bits} bits: no value is above {2**bits - 1:,}',)


def _is_square(stored, size_px):
    """Whether the stored bytes of a picture are a record's, as they are."""
    image = stored.image
    return (
        stored.format in ('JPEG', 'PNG')
        and stored.bits == 8
        and not stored.animated
        and image.mode in ('L', 'RGB')
        and image.size == (size_px, size_px)
        and not image.has_transparency_data
        and stored.orientation == 1
    )


def around(
    image: Image.Image, box: Sequence[float] | np.ndarray, size_px: int
) -> Image.Image:
    """The square around a box, black beyond the image; antialiased when it shrinks.

    Args:
      image: a Pillow RGB image.
      box: left, top, right, bottom in px; it becomes as wide as it is high.

    Raises:
      Unusable: nothing of the image is in the box.
    """
    check_box(box, image.size)
    left, top, right, bottom = box
    side = max(1, round(max(right - left, bottom - top)))
    left, top = round((left + right - side) / 2), round((top + bottom - side) / 2)
    part = image.crop((left, top, left + side, top + side))
    return part.resize((size_px, size_px), Image.Resampling.BILINEAR)


def check_box(box: Sequence[float] | np.ndarray, size: tuple[int, int]) -> None:
    """Raises Unusable if nothing of a picture of a size (width, height) is in a box."""
    left, top, right, bottom = box
    width, height = size
    inside = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
    if not min(inside) >= 1:
        raise Unusable(
            f'its box goes from ({left:g}, {top:g}) to ({right:g}, {bottom:g}), and '
            f'the picture has {width}x{height}; wanted left, top, right, bottom inside'
        )


def _encoded(image, as_jpeg):
    data = io.BytesIO()
    if as_jpeg:
        image.save(data, 'JPEG', quality=95, subsampling=0)
    else:
        image.save(data, 'PNG')
    return data.getvalue()


def workers(
    count: int,
    size_px: int,
    aligner: Callable | None = None,
    limits: opening.Limits = opening.LIMITS,
) -> contextlib.AbstractContextManager[Callable]:
    """As processes.spread: gives a function, Pictures -> their Squares in order."""
    return processes.spread(
        functools.partial(convert, size_px=size_px, aligner=aligner, limits=limits),
        count,
    )


def examiners(
    count: int, limits: opening.Limits, boxed: bool
) -> contextlib.AbstractContextManager[Callable]:
    """As processes.spread: gives a function, Pictures -> their `troubles` in order."""
    return processes.spread(
        functools.partial(troubles, limits=limits, boxed=boxed), count
    )
