"""Photographs through the door: faces found and recognised, or missed."""

import csv

import matplotlib.cbook
import numpy as np
import pytest
from PIL import Image

import launch
from fer_jax import Recognizer
from fer_jax.faces import networks

TURNED = 6  # EXIF: shown upright when turned by a quarter


@pytest.fixture(scope='module')
def hopper():
    """A photograph of one face."""
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        return Image.open(file).convert('RGB')


@pytest.fixture
def photographs(hopper, tmp_path):
    """One face, grey and turned; two, the small one to the left; none; unreadable."""
    folder = tmp_path / 'photographs'
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = TURNED
    lying = hopper.convert('L').transpose(Image.Transpose.ROTATE_90)
    lying.save(folder / 'one.png', exif=exif)
    group = Image.new('RGB', (712, 600), 'grey')
    group.paste(hopper.resize((171, 200)), (0, 300))
    group.paste(hopper, (200, 0))
    group.save(folder / 'two.png')
    return folder


def predicted(workdir, table, *arguments):
    """(exit code, rows of the table) of predict --align."""
    options = ['--align', f'--workdir={workdir}', f'--csv={table}']
    code = launch.main(['launch.py', 'predict', *options, *map(str, arguments)])
    with table.open() as file:
        return code, list(csv.DictReader(file))


def test_every_face_has_a_row(untrained, photographs, tmp_path, capsys):
    workdir, sheet = untrained('baseline'), tmp_path / 'sheet.png'
    code, rows = predicted(
        workdir, tmp_path / 'out.csv', photographs, f'--sheet={sheet}'
    )
    assert code == 0
    one, two = photographs / 'one.png', photographs / 'two.png'
    assert [row['file'] for row in rows] == [str(one), f'{two}#1', f'{two}#2']
    printed = capsys.readouterr()
    assert f'{two}#2' in printed.out
    assert printed.err.splitlines() == [networks.LICENCE]  # once, not for each picture

    recognizer = Recognizer.load(workdir)
    crops = np.concatenate([recognizer.faces(one), recognizer.faces(two)])
    assert crops.shape == (3, 24, 24, 3)
    assert (crops[0, ..., 0] == crops[0, ..., 2]).all()  # grey
    for row, probs in zip(rows, recognizer.squares(crops), strict=True):
        found = [float(row[name]) for name in recognizer.class_names]
        np.testing.assert_allclose(found, probs, atol=1e-5)
    alone = recognizer.faces(photographs / 'one.png')[0].astype(float)
    for crop in crops[1:]:  # the same face, in the same place
        assert np.abs(crop.mean(axis=2) - alone.mean(axis=2)).mean() < 15  # of 255
    with Image.open(sheet) as drawn:
        assert drawn.size[0] >= 3 * 112


def test_pictures_without_a_face_are_skipped_and_told(
    untrained, photographs, tmp_path, capsys
):
    Image.new('RGB', (300, 200), 'grey').save(photographs / 'wall.png')
    (photographs / 'broken.jpg').write_text('hello')
    code, rows = predicted(untrained('baseline'), tmp_path / 'out.csv', photographs)
    assert code == 1
    assert len(rows) == 3
    said = capsys.readouterr().err.splitlines()
    assert 'wall.png: no face found; skipped' in '\n'.join(said)
    assert sorted(line.removeprefix('launch.py: ') for line in said[-2:]) == [
        '1 of 4 pictures could not be read',
        '1 of 4 pictures show no face',
    ]


def test_without_the_weights_it_stops_in_one_line(
    untrained, photographs, monkeypatch, capsys
):
    """The package looks missing: its files are those of no version."""
    monkeypatch.setattr(networks, 'SHA256', dict.fromkeys(networks.SHA256, ''))
    networks.weights.cache_clear()
    options = ['--align', f'--workdir={untrained("baseline")}', str(photographs)]
    assert launch.main(['launch.py', 'predict', *options]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert 'mtcnn==1.0.0' in said[0]
