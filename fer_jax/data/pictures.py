"""Pictures of any size, colour mode and orientation -> square RGB pixels."""

import os

import numpy as np
from PIL import Image

from fer_jax.data import opening
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

Picture = str | os.PathLike | Image.Image | np.ndarray  # what `rgb` takes

BACKGROUND = (255, 255, 255)  # what shows through transparent parts
TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DARK = 15  # of 255: what is left of 16-bit colours with values of 12 bits


def square(
    picture: Picture, size_px: int, limits: opening.Limits = opening.LIMITS
) -> np.ndarray:
    """Pixels [size_px, size_px, 3] uint8 RGB of a picture.

    The largest square in the middle, resized bilinearly, antialiased when it shrinks. A
    square RGB picture of size_px keeps its values.

    Args:
      picture: what `rgb` takes.
      size_px: what a network was trained on; see Recognizer.image_size_px.
      limits: of a file.

    Raises:
      Unusable: as `rgb`.
    """
    return fitted(rgb(picture, limits), size_px)


def rgb(picture: Picture, limits: opening.Limits = opening.LIMITS) -> Image.Image:
    """A picture as a Pillow RGB image, of its own size.

    Turned upright as its EXIF data say, 16-bit values scaled to 8, grey as three equal
    channels, transparency over white.

    Args:
      picture: the path of a file in one of opening.FORMATS, a Pillow image, or a uint8
        array [h, w], [h, w, 1], [h, w, 3] (RGB) or [h, w, 4] (RGBA).
      limits: of a file.

    Raises:
      Unusable: not a picture, cut short, or an array of another shape or dtype; one
        line that says what was wanted.
    """
    if isinstance(picture, str | os.PathLike):
        try:
            return upright(opening.read(opening.content(picture, limits), limits))
        except Unusable as error:
            named = printable(os.fspath(picture))
            raise Unusable(f'{named}: not a readable picture ({error})') from None
    if isinstance(picture, Image.Image):
        with opening.refusing():
            picture.load()  # of some formats this turns it
            orientation = picture.getexif().get(opening.ORIENTATION, 1)
        return upright(opening.Stored(picture, '', 8, False, orientation))
    return from_array(picture)


def upright(stored: opening.Stored) -> Image.Image:
    """An opening.Stored picture as a Pillow RGB image, turned as its EXIF data say.

    Raises:
      Unusable: pixels without a known range, or colours without a known meaning.
    """
    image = stored.image
    turn = stored.orientation
    if isinstance(turn, int) and turn in TURNS:
        image = image.transpose(TURNS[turn])
    if image.mode == 'F':
        raise Unusable('its pixels are floats of unknown range; wanted 8 or 16 bits')
    if image.mode.startswith('I'):  # which convert() would clip at 255
        values = np.asarray(image) >> grey_bits(image) - 8
        return Image.fromarray(values.astype(np.uint8)).convert('RGB')
    if stored.bits == 16:
        highest = np.asarray(image.convert('RGB')).max()
        if highest <= DARK:
            raise Unusable(
                'its 16-bit colours do not go beyond 4,095 of 65,535, so they may '
                'have 8 or 12 bits in truth; save it with 8'
            )
    with opening.refusing():
        if image.mode == 'P' or image.has_transparency_data:
            image = image.convert('RGBA')
            below = Image.new('RGBA', image.size, BACKGROUND)
            image = Image.alpha_composite(below, image)
        return image.convert('RGB')


def grey_bits(image: Image.Image) -> int:
    """How many bits the grey values of a picture with more than 8 are taken to have.

    The fewest of 8, 12 and 16 that hold its largest value: cameras and programs store
    8 or 12 bits in files of 16, and 8 of 16 would make them black.

    Args:
      image: a Pillow image of a mode I.

    Raises:
      Unusable: values below 0 or of more than 16 bits.
    """
    values = np.asarray(image)
    low, high = values.min(), values.max()
    if low < 0 or high > 65535:
        raise Unusable('its pixels have 32 bits; wanted 8 or 16')
    return 8 if high < 256 else 12 if high < 4096 else 16


def from_array(array: np.ndarray) -> Image.Image:
    """A uint8 array as a Pillow RGB image."""
    array = np.asarray(array)
    wanted = 'wanted uint8 [h, w, 3], RGB, 0 to 255'
    if array.dtype != np.uint8:
        raise Unusable(f'an array of {array.dtype}; {wanted}')
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2 and array.size:
        return Image.fromarray(array).convert('RGB')
    if array.ndim == 3 and array.shape[2] in (3, 4) and array.size:
        return upright(opening.Stored(Image.fromarray(array), '', 8, False, 1))
    advice = ''
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        advice = '; the channels come first here: transpose(1, 2, 0)'
    raise Unusable(f'an array of shape {array.shape}; {wanted}{advice}')


def fitted(image: Image.Image, size_px: int) -> np.ndarray:
    """The largest square in the middle of an RGB image, resized."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    # cropped first: the filter of a shrinking resize would reach beyond a box
    middle = image.crop((left, top, left + side, top + side))
    resized = middle.resize((size_px, size_px), Image.Resampling.BILINEAR)
    return np.array(resized)
