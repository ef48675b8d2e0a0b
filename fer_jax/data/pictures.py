"""Pictures of any size, colour mode and orientation -> square RGB pixels."""

import os

import numpy as np
from PIL import Image, ImageOps

from fer_jax.errors import Unusable

BACKGROUND = (255, 255, 255)  # what shows through transparent parts


def square(picture, size_px):
    """Pixels [size_px, size_px, 3] uint8 RGB of a picture.

    The largest square in the middle, resized bilinearly, antialiased when it shrinks. A
    square RGB picture of size_px keeps its values.

    Args:
      picture: what `rgb` takes.
      size_px: what a network was trained on; see Recognizer.image_size_px.

    Raises:
      Unusable: as `rgb`.
    """
    return fitted(rgb(picture), size_px)


def rgb(picture):
    """A picture as a Pillow RGB image, of its own size.

    Turned upright as its EXIF data say, 16-bit values scaled to 8, grey as three equal
    channels, transparency over white.

    Args:
      picture: a path, a Pillow image, or a uint8 array [h, w], [h, w, 1], [h, w, 3]
        (RGB) or [h, w, 4] (RGBA).

    Raises:
      Unusable: not a picture, cut short, or an array of another shape or dtype; one
        line that says what was wanted.
    """
    if isinstance(picture, str | os.PathLike):
        try:
            with Image.open(picture) as opened:
                return upright(opened)
        # Pillow raises any of these; a bomb is a file that claims to be enormous
        except (
            OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError
        ) as error:  # fmt: skip
            said = getattr(error, 'strerror', None) or error
            raise Unusable(f'{picture}: not a readable picture ({said})') from None
    if isinstance(picture, Image.Image):
        return upright(picture)
    return from_array(picture)


def upright(image):
    """A Pillow image as RGB, turned as its EXIF data say.

    Raises:
      Unusable: pixels without a known range.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode == 'F':
        raise Unusable('its pixels are floats of unknown range; wanted 8 or 16 bits')
    if image.mode.startswith('I'):  # 16 bits, which convert() would clip at 255
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise Unusable('its pixels have 32 bits; wanted 8 or 16')
        return Image.fromarray((values >> 8).astype(np.uint8)).convert('RGB')
    if image.mode == 'P' or image.has_transparency_data:
        image = image.convert('RGBA')
        below = Image.new('RGBA', image.size, BACKGROUND)
        image = Image.alpha_composite(below, image)
    return image.convert('RGB')


def from_array(array):
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
        return upright(Image.fromarray(array))
    advice = ''
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        advice = '; the channels come first here: transpose(1, 2, 0)'
    raise Unusable(f'an array of shape {array.shape}; {wanted}{advice}')


def fitted(image, size_px):
    """The largest square in the middle of an RGB image, resized."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    # cropped first: the filter of a shrinking resize would reach beyond a box
    middle = image.crop((left, top, left + side, top + side))
    resized = middle.resize((size_px, size_px), Image.Resampling.BILINEAR)
    return np.array(resized)
