"""Every colour mode, size and orientation ends as upright square RGB."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from fer_jax.data import pictures


@pytest.fixture
def rgb():
    """Left half red, right half blue, 8 x 8."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4] = 200, 10, 20
    pixels[:, 4:] = 10, 20, 200
    return pixels


def file(tmp_path, image, name, **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


def test_a_square_rgb_picture_of_the_right_size_keeps_its_values(tmp_path, rgb):
    path = file(tmp_path, Image.fromarray(rgb), 'a.png')
    (entry,) = os.scandir(tmp_path)  # a path that is no pathlib.Path
    for picture in (path, str(path), entry, Image.fromarray(rgb), rgb):
        np.testing.assert_array_equal(pictures.square(picture, 8), rgb)


def test_grey_of_8_and_16_bits(tmp_path):
    """16-bit values are divided by 256: 0x1234 -> 0x12 = 18, 65535 -> 255."""
    deep = np.array([[0, 0x1234], [0x8000, 65535]], np.uint16)
    wanted = np.array([[0, 18], [128, 255]])[..., None].repeat(3, axis=2)
    path = file(tmp_path, Image.fromarray(deep), 'deep.png')
    assert Image.open(path).mode.startswith('I;16')
    np.testing.assert_array_equal(pictures.square(path, 2), wanted)
    wide = Image.fromarray(deep.astype(np.int32))  # mode I
    np.testing.assert_array_equal(pictures.square(wide, 2), wanted)
    shallow = np.array([[0, 18], [128, 255]], np.uint8)
    for array in (shallow, shallow[..., None], Image.fromarray(shallow)):
        np.testing.assert_array_equal(pictures.square(array, 2), wanted)


def test_transparency_is_laid_over_white():
    """Alpha 0 -> white, 255 -> the colour, 51 = 1/5: 0.2 * 100 + 0.8 * 255 = 224."""
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[..., :3] = 100
    rgba[..., 3] = [[0, 255], [51, 255]]
    for picture in (rgba, Image.fromarray(rgba)):
        found = pictures.square(picture, 2)
        np.testing.assert_array_equal(found[..., 0], [[255, 100], [224, 100]])
    grey = Image.merge('LA', [Image.new('L', (2, 2), 100), Image.new('L', (2, 2), 0)])
    assert (pictures.square(grey, 2) == 255).all()


def test_palettes(tmp_path, rgb):
    """A GIF has a palette; one colour of it may be transparent."""
    paletted = Image.fromarray(rgb).quantize(4)
    path = file(tmp_path, paletted, 'a.gif')
    assert Image.open(path).mode == 'P'
    assert np.abs(pictures.square(path, 8).astype(int) - rgb).max() <= 4
    place = paletted.getpixel((0, 0))
    path = file(tmp_path, paletted, 'b.png', transparency=place)
    found = pictures.square(path, 8)
    assert (found[:, :4] == 255).all()
    assert np.abs(found[:, 4:].astype(int) - rgb[:, 4:]).max() <= 4


def test_cmyk_and_one_bit(tmp_path, rgb):
    cmyk = Image.fromarray(rgb).convert('CMYK')
    path = file(tmp_path, cmyk, 'a.jpg', quality=100, subsampling=0)
    assert Image.open(path).mode == 'CMYK'
    assert np.abs(pictures.square(path, 8).astype(int) - rgb).max() <= 12
    bits = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert('1')
    np.testing.assert_array_equal(
        pictures.square(bits, 2)[..., 1], [[0, 255], [255, 0]]
    )


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_turns_upright(tmp_path, rgb, orientation):
    """Stored turned, with the note of how to turn it back, as cameras do."""
    back = {
        1: None,
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }[orientation]  # fmt: skip  (Image.Transpose that undoes it on the way in)
    upright = Image.fromarray(rgb)
    turned = upright if back is None else upright.transpose(Image.Transpose(back))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = file(tmp_path, turned, 'a.png', exif=exif)
    np.testing.assert_array_equal(pictures.square(path, 8), rgb)


def test_the_middle_square_of_an_oblong_is_kept():
    """12 x 4, columns 0 to 11: the square is columns 4 to 7, in either direction."""
    columns = np.arange(12, dtype=np.uint8)[None, :].repeat(4, axis=0)
    np.testing.assert_array_equal(pictures.square(columns, 4)[0, :, 0], [4, 5, 6, 7])
    np.testing.assert_array_equal(pictures.square(columns.T, 4)[:, 0, 0], [4, 5, 6, 7])


def test_shrinking_is_antialiased_and_stays_inside_the_square():
    """A checkerboard becomes its mean; bright borders outside the square stay out."""
    board = np.indices((64, 64)).sum(axis=0) % 2 * 200
    small = pictures.square(board.astype(np.uint8), 8)
    assert np.abs(small.astype(int) - 100).max() <= 4
    framed = np.full((64, 128), 255, np.uint8)
    framed[:, 32:96] = 0
    assert pictures.square(framed, 8).max() == 0


@pytest.mark.parametrize(
    ('picture', 'message'),
    [
        (np.zeros((4, 4, 3)), r'an array of float64; wanted uint8 \[h, w, 3\]'),
        (np.zeros((3, 8, 8), np.uint8), r'channels come first here: transpose'),
        (np.zeros((4, 4, 2), np.uint8), r'shape \(4, 4, 2\); wanted'),
        (np.zeros((0, 4, 3), np.uint8), r'shape \(0, 4, 3\); wanted'),
        (Image.new('F', (4, 4)), 'floats of unknown range'),
        (Image.new('I', (4, 4), 70000), '32 bits; wanted 8 or 16'),
    ],
)
def test_what_is_no_picture_is_said(picture, message):
    with pytest.raises(ValueError, match=message):
        pictures.square(picture, 4)


def test_files_that_are_no_pictures_are_named(tmp_path, rgb):
    whole = io.BytesIO()
    Image.fromarray(rgb.repeat(20, axis=0)).save(whole, 'JPEG')
    (tmp_path / 'cut.jpg').write_bytes(whole.getvalue()[:-40])
    (tmp_path / 'text.png').write_text('hello')
    for name in ('cut.jpg', 'text.png', 'missing.png'):
        with pytest.raises(ValueError, match=f'{name}: not a readable picture'):
            pictures.square(tmp_path / name, 8)
