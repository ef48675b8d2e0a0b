"""Files of strangers -> Pillow images. No picture is opened anywhere else.

Pillow tells the format by the content, whatever the name says, and hands some formats
to other programs (EPS to Ghostscript, which writes and deletes files): only FORMATS are
opened. A small file can claim to be a huge picture, a name can be a pipe that never
ends: LIMITS hold, and only regular files are read.
"""

import argparse
import contextlib
import ctypes
import io
import logging
import os
import pathlib
import re
import stat
import warnings
from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from PIL import (  # the plugins of FORMATS, so that Pillow loads no others
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from fer_jax.data.quoting import printable
from fer_jax.errors import Missing, Unusable

FORMATS = ('JPEG', 'PNG', 'GIF', 'BMP', 'WEBP', 'TIFF', 'PPM')  # an MPO begins as JPEG
NAMED = 'JPEG, PNG, GIF, BMP, WebP, TIFF, MPO or PPM'
ORIENTATION = 0x0112  # the EXIF tag
LONGEST_PX = 65535  # of a side, as JPEG has it
PNG = b'\x89PNG\r\n\x1a\n'
KINDS = (
    (stat.S_ISDIR, 'folder'),
    (stat.S_ISFIFO, 'pipe'),
    (stat.S_ISCHR, 'device'),
    (stat.S_ISBLK, 'device'),
    (stat.S_ISSOCK, 'socket'),
)

# What Pillow warns of is refused here, or does not touch the pixels.
logging.getLogger('PIL').addHandler(logging.NullHandler())
for _category in (UserWarning, Image.DecompressionBombWarning):
    warnings.filterwarnings('ignore', category=_category, module=r'PIL\.')
with contextlib.suppress(AttributeError, OSError):  # a Pillow without libtiff
    # which writes to the error stream by itself
    ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)


class Limits(NamedTuple):
    """What a file of a picture may be at most."""

    bytes: int = 64_000_000
    pixels: int = 64_000_000  # decoded, three bytes each


LIMITS = Limits()


@runtime_checkable
class Readable(Protocol):
    """What has bytes to give: a record of an archive."""

    def read_bytes(self) -> bytes: ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that set Limits to an argparse parser."""
    for name, unit, usual in (
        ('file', 'MB', LIMITS.bytes),
        ('picture', 'MEGAPIXELS', LIMITS.pixels),
    ):
        parser.add_argument(
            f'--largest-{name}', type=float, default=usual / 1e6, metavar=unit,
            help=f'a {name} that is larger is refused; default: {usual / 1e6:g}',
        )  # fmt: skip


def limits_of(options: argparse.Namespace) -> Limits:
    """The Limits that the options set.

    Raises:
      Unusable: one of them is not above 0.
    """
    for name in ('file', 'picture'):
        value = getattr(options, f'largest_{name}')
        if not 0 < value < float('inf'):
            raise Unusable(f'--largest-{name}={value:g}; wanted a number above 0')
    return Limits(int(options.largest_file * 1e6), int(options.largest_picture * 1e6))


def kind_of(mode: int) -> str:
    """What a file is if it is no regular one, by its st_mode; '' if it is."""
    if stat.S_ISREG(mode):
        return ''
    return next((name for test, name in KINDS if test(mode)), 'special file')


def content(path: str | os.PathLike | Readable, limits: Limits = LIMITS) -> bytes:
    """The bytes of a regular file.

    Args:
      path: a path, or another thing that has read_bytes: a record.

    Raises:
      Missing: no such file.
      Unusable: no regular file, too large a one, or one that the system does not read.
    """
    try:
        if isinstance(path, pathlib.PurePath) or not isinstance(path, Readable):
            return _of_file(path, limits)
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(error.strerror) from None
    except OSError as error:
        raise Unusable(error.strerror or 'it cannot be read') from None
    _check_bytes(len(data), limits)
    return data


def _of_file(path, limits):
    """The bytes of a regular file within the limits."""
    kind = kind_of(os.stat(path).st_mode)
    if kind:
        raise Unusable(f'not a file but a {kind}')
    # what became a pipe since then does not hold us up
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
        size = os.fstat(file.fileno()).st_size
        _check_bytes(size, limits)
        return file.read(size)


def _check_bytes(size, limits):
    if size > limits.bytes:
        raise Unusable(
            f'more than {limits.bytes / 1e6:g} MB; --largest-file allows more'
        )


@contextlib.contextmanager
def refusing(limits: Limits = LIMITS) -> Iterator[None]:
    """Makes whatever Pillow raises in the block an Unusable of one line.

    Nothing but Pillow is to be called in it: a fault of ours would look like one of
    the picture.
    """
    try:
        yield
    except Unusable:
        raise
    except Image.DecompressionBombError:  # two and more times Pillow's own limit
        raise Unusable(f'far more than {limits.pixels / 1e6:g} megapixels') from None
    except UnidentifiedImageError:
        raise Unusable(f'no {NAMED} by its content') from None
    except Exception as error:  # a broken picture can raise anything
        raise Unusable(said(error)) from None


@contextlib.contextmanager
def opened(data: bytes, limits: Limits = LIMITS) -> Iterator[ImageFile.ImageFile]:
    """The Pillow image of an encoded picture, its header read, its pixels not yet.

    The block is in `refusing`.

    Args:
      data: bytes.

    Raises:
      Unusable: no picture in one of FORMATS, one beyond the limits, or a broken one.
    """
    if Image.MAX_IMAGE_PIXELS is not None:  # who allows more than Pillow gets more
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, limits.pixels)
    with (
        refusing(limits),
        Image.open(io.BytesIO(data), formats=FORMATS) as image,
    ):
        check_size(image.size, limits)
        yield image


def said(error: Exception) -> str:
    """What an error of Pillow says, on one line, without addresses."""
    text = re.sub(r"<[^<>]* at 0x[0-9a-f]+>|'?BytesIO'?", 'it', str(error))
    return printable(' '.join(text.split())[:120]) or type(error).__name__


def check_size(size: tuple[int, int], limits: Limits) -> None:
    """Raises Unusable for a picture of more pixels than are allowed."""
    width, height = size
    if width * height > limits.pixels:
        raise Unusable(
            f'{width:,} x {height:,} px are more than {limits.pixels / 1e6:g} '
            'megapixels; --largest-picture allows more'
        )
    if max(size) > LONGEST_PX:
        raise Unusable(f'a side of {max(size):,} px; wanted up to {LONGEST_PX:,}')


class Stored(NamedTuple):
    """A picture as its file has it."""

    image: Image.Image  # the first frame, decoded, not turned
    format: str  # one of FORMATS, or MPO
    bits: int  # of a colour, in the file; Pillow may show fewer
    animated: bool  # there are more frames
    orientation: int  # as EXIF says it; 1 is upright


def read(data: bytes, limits: Limits = LIMITS) -> Stored:
    """The Stored picture of an encoded one (bytes). Raises as `opened`."""
    with opened(data, limits) as image:
        bits = bits_of(image, data)
        animated = bool(getattr(image, 'is_animated', False))
        # taken out: Pillow turns a TIFF by itself
        orientation = image.getexif().pop(ORIENTATION, 1)
        image.load()
        return Stored(image, image.format or '', bits, animated, orientation)


def bits_of(image: ImageFile.ImageFile, data: bytes) -> int:
    """Bits of a colour in an encoded picture, by its Pillow image, not yet loaded.

    Pillow shows the upper 8 bits of 16-bit colours, and its mode does not tell.
    """
    if image.format == 'PNG' and data.startswith(PNG):
        return data[24]
    if image.mode.startswith('I'):
        return 16
    told = [tile.args for tile in image.tile]
    if image.format == 'PPM':  # behind the mode, the value that means white
        wide = any(isinstance(args, tuple) and args[1] > 255 for args in told)
    else:
        wide = re.search(r';16[BLN]', str(told))
    return 16 if wide else 1 if image.mode == '1' else 8
