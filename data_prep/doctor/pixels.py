"""One picture -> what is to be known of it, on all cores.

Two pictures are the same when their pixels are, upright and in RGB (`digest`), whatever
the files are. They are alike when few bits of `signature` differ: of 16 x 17 averaged
grey values, whether each is brighter than its left neighbour (the difference hash, N.
Krawetz, "Kind of Like That", 2013, at 256 bits).
"""

import functools
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageStat

from fer_jax.data import opening, pictures
from fer_jax.errors import Missing, Unusable

from .. import processes, squares

FEW = 512  # so many are done before processes have started
TINY_PX = 8
SAME = 2  # of 255: values of a JPEG that were one
SIGNATURE_PX = 16
TRAITS = (
    'tiny', 'blank', 'CMYK', '16-bit', 'dark 16-bit', 'alpha', 'grey', 'palette',
    'turned', 'animated',
)  # fmt: skip


class Seen(NamedTuple):
    """What a picture is."""

    trouble: str = ''  # 'missing', 'truncated' or 'unreadable'
    said: str = ''  # what reading it said
    size: tuple = (0, 0)  # width, height in px
    traits: tuple = ()  # of TRAITS
    digest: bytes = b''  # of the pixels
    signature: bytes = b''  # 256 bits
    moments: tuple = ()  # mean of R, G, B and of their squares, values 0 to 1


def examine(
    source: Any,
    box: Sequence[float] | None = None,
    limits: opening.Limits = opening.LIMITS,
) -> Seen:
    """What is Seen of a picture.

    Args:
      source: the content of a file; a path, or what else has read_bytes; or uint8
        pixels [h, w] or [h, w, 3].
      box: left, top, right, bottom in px, of what counts of it; None: all.
      limits: of a file.
    """
    if isinstance(source, np.ndarray):
        grey = {'grey'} if source.ndim == 2 else set()
        return measured(Image.fromarray(source).convert('RGB'), grey)
    try:
        if not isinstance(source, bytes):
            source = opening.content(source, limits)
    except Missing:
        return Seen('missing', 'no such file')
    except Unusable as error:
        return Seen('unreadable', str(error))
    try:
        stored = opening.read(source, limits)
        return measured(upright(stored, box), traits_of(stored))
    except Unusable as error:
        cut = 'truncated' in str(error).lower() or not whole(source)
        return Seen('truncated' if cut else 'unreadable', str(error))


def upright(stored: opening.Stored, box: Sequence[float] | None = None) -> Image.Image:
    """What counts of an opening.Stored picture, as a Pillow RGB image.

    Boxes are in the pixels of the file, before EXIF turns it.
    """
    if box is not None:
        stored = stored._replace(orientation=1)
    return inside(pictures.upright(stored), box)


def inside(image: Image.Image, box: Sequence[float] | None) -> Image.Image:
    """What of an image is in a box, or all of it.

    Raises:
      Unusable: nothing is.
    """
    if box is None:
        return image
    squares.check_box(box, image.size)
    left, top, right, bottom = box
    left, top = math.floor(max(left, 0)), math.floor(max(top, 0))
    right, bottom = (
        math.ceil(min(right, image.width)),
        math.ceil(min(bottom, image.height)),
    )
    return image.crop((left, top, right, bottom))


def whole(content: bytes) -> bool:
    """Whether the end of a PNG or JPEG is there; True for other formats."""
    if content.startswith(opening.PNG):
        return b'IEND' in content[-64:]
    if content.startswith(b'\xff\xd8'):
        return b'\xff\xd9' in content[-64:]
    return True


def traits_of(stored: opening.Stored) -> set[str]:
    """Which TRAITS an opening.Stored picture has by its header, as a set."""
    image, deep = stored.image, stored.image.mode.startswith('I')
    traits = {
        'CMYK': image.mode == 'CMYK',
        '16-bit': stored.bits == 16,
        'dark 16-bit': deep and pictures.grey_bits(image) < 16,
        'alpha': image.has_transparency_data,
        'grey': deep or image.mode in ('1', 'L', 'LA'),
        'palette': image.mode == 'P',
        'turned': stored.orientation != 1,
        'animated': stored.animated,
    }
    return {trait for trait, has in traits.items() if has}


def measured(image: Image.Image, traits: Iterable[str]) -> Seen:
    """What is Seen of an RGB image that could be read; adds traits of the pixels."""
    traits = set(traits)
    if min(image.size) < TINY_PX:
        traits.add('tiny')
    elif all(high - low <= SAME for low, high in ImageStat.Stat(image).extrema):
        traits.add('blank')
    elif 'grey' not in traits:
        red, *others = image.split()
        apart = (ImageChops.difference(red, other) for other in others)
        if all(ImageStat.Stat(channel).extrema[0][1] <= SAME for channel in apart):
            traits.add('grey')
    content = f'{image.size}'.encode() + image.tobytes()
    counts = np.array(image.histogram()).reshape(3, 256) / (image.width * image.height)
    values = np.arange(256) / 255
    moments = *(counts @ values), *(counts @ values**2)
    return Seen(
        size=image.size,
        traits=tuple(trait for trait in TRAITS if trait in traits),
        digest=hashlib.blake2b(content, digest_size=16).digest(),
        signature=signature(image),
        moments=tuple(map(float, moments)),
    )


def signature(image: Image.Image) -> bytes:
    """256 bits, as bytes: which averaged grey values are brighter than the left one."""
    size = (SIGNATURE_PX + 1, SIGNATURE_PX)
    grey = np.asarray(image.convert('L').resize(size, Image.Resampling.BOX))
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def examine_all(
    items: Sequence[tuple], workers: int, limits: opening.Limits = opening.LIMITS
) -> Iterator[Seen]:
    """What is Seen of (source, box) pairs, in order: an iterator.

    A source may also be a function without arguments that gives one.
    """
    count = workers if len(items) > FEW else 1
    look = functools.partial(_examined, limits=limits)
    with processes.spread(look, count) as examined:
        yield from examined(
            (source() if callable(source) else source, box) for source, box in items
        )


def _examined(chunk, limits):
    return [examine(*item, limits) for item in chunk]
