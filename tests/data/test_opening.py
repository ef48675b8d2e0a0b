"""Files of strangers: what is opened, what is refused, and nothing else happens."""

import io
import os
import random
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from fer_jax.data import opening, pictures
from fer_jax.errors import Missing, Unusable
from tests.processes import ROOT

pytestmark = pytest.mark.filterwarnings('ignore')  # as opening.py does elsewhere


def blobs(seed, size=(9, 7)):
    values = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    return Image.fromarray(values)


def encoded(image, kind='PNG', **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def refusal(data, limits=opening.LIMITS):
    """The one line with which encoded bytes are refused."""
    with pytest.raises(Unusable) as error:
        pictures.upright(opening.read(data, limits))
    said = str(error.value)
    assert said.isprintable()
    assert len(said) < 200
    assert ' at 0x' not in said
    return said


@pytest.mark.parametrize(
    ('kind', 'options', 'error'),
    [
        ('PNG', {}, 0),
        ('BMP', {}, 0),
        ('TIFF', {}, 0),
        ('PPM', {}, 0),
        ('WEBP', {'lossless': True}, 0),
        ('JPEG', {'quality': 100, 'subsampling': 0}, 4),
        ('MPO', {'quality': 100, 'subsampling': 0}, 4),
        ('GIF', {}, 0),
    ],
)
def test_every_format_of_the_list_is_read(kind, options, error):
    image = blobs(1).quantize(32).convert('RGB') if kind == 'GIF' else blobs(1)
    found = opening.read(encoded(image, kind, **options))
    apart = np.asarray(pictures.upright(found)).astype(int) - np.asarray(image)
    assert np.abs(apart).max() <= error
    assert (found.bits, found.animated, found.orientation) == (8, False, 1)


@pytest.mark.parametrize(
    'kind', ['EPS', 'PDF', 'ICO', 'TGA', 'PCX', 'SGI', 'DDS', 'JPEG2000']
)
def test_other_formats_are_refused_whatever_pillow_can(kind):
    data = encoded(blobs(1, (16, 16)), kind)
    assert 'no JPEG, PNG, GIF, BMP, WebP, TIFF, MPO or PPM' in refusal(data)


POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 10 10
%%EndComments
(MARK) (w) file closefile
showpage
%%EOF
"""


def test_no_program_is_run(tmp_path, monkeypatch):
    """An EPS that is called .jpg; the Ghostscript that is found would leave a mark."""
    mark, programs = tmp_path / 'mark', tmp_path / 'programs'
    programs.mkdir()
    (programs / 'gs').write_text(f'#!/bin/sh\necho 10.0\ntouch {mark}\n')
    (programs / 'gs').chmod(0o755)
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    path = tmp_path / 'face.jpg'
    path.write_bytes(POSTSCRIPT.replace(b'MARK', os.fsencode(mark)))
    code = 'from PIL import Image; import sys; Image.open(sys.argv[1]).load()'
    subprocess.run([sys.executable, '-c', code, path], stderr=subprocess.DEVNULL)
    assert mark.exists(), 'Pillow alone runs it'
    mark.unlink()
    code = 'from fer_jax.data import pictures; import sys; pictures.rgb(sys.argv[1])'
    done = subprocess.run(
        [sys.executable, '-c', code, path], capture_output=True, text=True, cwd=ROOT
    )
    assert 'face.jpg: not a readable picture (no JPEG' in done.stderr
    assert not mark.exists()


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / 'pipe.png')
    (tmp_path / 'device.png').symlink_to('/dev/zero')
    (tmp_path / 'folder.png').mkdir()
    (tmp_path / 'gone.png').symlink_to(tmp_path / 'nowhere')
    (tmp_path / 'link.png').symlink_to(tmp_path / 'whole.png')
    blobs(1).save(tmp_path / 'whole.png')
    started = time.monotonic()
    for name, kind in (('pipe', 'pipe'), ('device', 'device'), ('folder', 'folder')):
        with pytest.raises(Unusable, match=f'not a file but a {kind}'):
            opening.content(tmp_path / f'{name}.png')
    with pytest.raises(Missing, match='No such file'):
        opening.content(tmp_path / 'gone.png')
    assert pictures.rgb(tmp_path / 'link.png') == blobs(1)
    assert time.monotonic() - started < 5


def test_limits_of_bytes_and_pixels(tmp_path):
    """A picture of 9 x 7 = 63 pixels is within a limit of 63, and not of 62."""
    path = tmp_path / 'a.png'
    blobs(1).save(path)
    size = path.stat().st_size
    assert len(opening.content(path, opening.Limits(bytes=size))) == size
    with pytest.raises(Unusable, match=r'more than .* MB; --largest-file allows more'):
        opening.content(path, opening.Limits(bytes=size - 1))
    opening.read(path.read_bytes(), opening.Limits(pixels=63))
    said = refusal(path.read_bytes(), opening.Limits(pixels=62))
    assert said.startswith('9 x 7 px are more than')
    assert '--largest-picture allows more' in said


@pytest.mark.parametrize('side', [9000, 13_000, 40_000])
def test_a_small_file_of_a_huge_picture_is_refused_at_once(side):
    """The size stands in the header; nothing is decoded, and nothing warned of."""
    data = bytearray(encoded(blobs(1)))
    data[16:24] = side.to_bytes(4, 'big') * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, 'big')
    started = time.monotonic()
    assert 'more than 64 megapixels' in refusal(bytes(data))
    assert time.monotonic() - started < 1


def test_a_picture_with_a_side_too_long_is_refused():
    """Run-length bitmaps of such lines grow without bound."""
    line = Image.new('RGB', (70_000, 1))
    assert 'a side of 70,000 px; wanted up to 65,535' in refusal(encoded(line))


def test_bits_are_those_of_the_file(png16):
    """40,000 of 65,535 is 156 of 255; Pillow shows 16-bit colours as 8 bits."""
    values = np.full((4, 4, 3), 40_000, np.uint16)
    stored = opening.read(png16(values))
    assert (stored.bits, stored.image.mode) == (16, 'RGB')
    assert np.asarray(pictures.upright(stored)).max() == 156
    assert opening.read(png16(values[..., 0])).bits == 16
    assert opening.read(encoded(Image.fromarray(values[..., 0]), 'TIFF')).bits == 16
    assert opening.read(b'P6 1 1 65535\n' + b'\x80\0' * 3).bits == 16
    assert opening.read(b'P6 1 1 255\n' + b'\x80' * 3).bits == 8
    assert opening.read(encoded(blobs(1).convert('1'))).bits == 1


@pytest.mark.parametrize('kind', ['PNG', 'GIF', 'WEBP', 'TIFF', 'MPO'])
def test_frames_are_those_of_the_file_and_the_first_is_read(kind):
    first = Image.new('RGB', (8, 8), (200, 0, 0))
    more = {'save_all': True, 'append_images': [Image.new('RGB', (8, 8))]}
    stored = opening.read(encoded(first, kind, **more))
    assert stored.animated
    assert pictures.upright(stored).getpixel((4, 4))[0] > 195


def test_exif_that_is_broken_does_not_turn_or_stop_a_picture():
    """An orientation that is none of the eight, and one that is a text."""
    exif = Image.Exif()
    exif[opening.ORIENTATION] = 9
    whole = exif.tobytes()
    place = whole.index(b'\x01\x12')  # the tag; behind it type 3, a number
    for data in (whole, whole[: place + 3] + b'\x02' + whole[place + 4 :]):
        stored = opening.read(encoded(blobs(1), exif=data))
        assert pictures.upright(stored).tobytes() == blobs(1).tobytes()


def kinds():
    """Small pictures of every format in most of its ways."""
    image = blobs(2)
    grey, table, clear = image.convert('L'), image.quantize(8), image.convert('RGBA')
    clear.putalpha(99)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 200)
    exif = Image.Exif()
    exif[opening.ORIENTATION], exif[0x010F] = 6, 'maker'
    frames = {'save_all': True, 'append_images': [image.rotate(180)]}
    found = [encoded(image, kind) for kind in opening.FORMATS]
    for kind in ('JPEG', 'PNG', 'WEBP', 'TIFF'):
        found.append(encoded(image, kind, exif=exif))
    for kind in ('PNG', 'GIF', 'WEBP', 'TIFF', 'MPO'):
        found.append(encoded(image, kind, **frames))
    for kind in ('PNG', 'TIFF', 'PPM'):
        found.append(encoded(deep, kind))
    for packing in ('tiff_lzw', 'tiff_adobe_deflate', 'jpeg', 'packbits'):
        found.append(encoded(image, 'TIFF', compression=packing))
    return [
        *found,
        encoded(image, 'JPEG', progressive=True),
        encoded(image.convert('CMYK'), 'JPEG'),
        encoded(table, 'PNG', transparency=1),
        encoded(table, 'BMP'),
        encoded(clear, 'WEBP', lossless=True),
        encoded(clear),
        encoded(grey.convert('LA')),
        encoded(grey.convert('1'), 'TIFF', compression='group4'),
        encoded(grey.convert('1'), 'PPM'),
        b'P3\n2 2\n255\n1 2 3 4 5 6 7 8 9 10 11 12\n',
    ]


def damaged(data, dice):
    """Some bytes of a file with bits turned, left out, said twice or cut off."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 8))):
        if not data:
            break
        place = dice.randrange(dice.choice((len(data), min(len(data), 64))))
        change = dice.randrange(6)
        if change == 0:
            data[place] ^= 1 << dice.randrange(8)
        elif change == 1:
            data[place] = dice.choice((0, 1, 127, 128, 255))
        elif change == 2:
            del data[place : place + dice.randrange(1, 8)]
        elif change == 3:
            data[place:place] = data[place : place + dice.randrange(1, 16)]
        elif change == 4:
            data[place : place + 4] = dice.choice((b'\xff', b'\x7f', b'\0')) * 4
        else:
            del data[place:]
    return bytes(data)


def test_4000_damaged_pictures_are_read_or_refused_in_a_line(capfd):
    """And whole ones among them come out as they did before."""
    sources, dice = kinds(), random.Random(13)
    whole = [pictures.upright(opening.read(one)) for one in sources]
    assert {(image.mode, image.size) for image in whole} <= {
        ('RGB', size) for size in ((9, 7), (7, 9), (2, 2))
    }
    read, started = 0, time.monotonic()
    for _ in range(4000):
        data = damaged(dice.choice(sources), dice)
        try:
            image = pictures.upright(opening.read(data))
        except Unusable:
            refusal(data)
            continue
        assert image.mode == 'RGB'
        assert image.width * image.height <= opening.LIMITS.pixels
        read += 1
    assert 400 < read < 3600
    assert time.monotonic() - started < 60
    for data, image in zip(sources, whole):
        assert pictures.upright(opening.read(data)) == image
    assert capfd.readouterr().out == ''


@pytest.mark.parametrize('packed', ['tiff_lzw', 'tiff_adobe_deflate'])
def test_a_broken_tiff_is_told_of_by_us_alone(capfd, packed):
    """libtiff, below Pillow, has a line of its own for the error stream."""
    data = encoded(blobs(3), 'TIFF', compression=packed)
    assert refusal(data[:12] + b'\xff' * 60 + data[72:]) == 'decoder error -2'
    assert capfd.readouterr() == ('', '')
