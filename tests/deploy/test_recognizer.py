"""From a run's folder to probabilities, in Python and through the door."""

import csv
import json
import os
import pathlib
import shutil

import jax
import numpy as np
import pytest
from PIL import Image

import launch
from fer_jax import Recognizer
from fer_jax.data import augment, prepared
from fer_jax.deploy import model, predict
from fer_jax.training import checkpoint, programs, seals, setup
from fer_jax.training.session import Session


def reference(config, workdir, images):
    """[P, B, C] by the training code: a whole state restored, its own programs."""
    run = setup.prepare(config, workdir)
    newest, _ = seals.trusted(workdir / 'checkpoints', pytest.fail)
    with (
        jax.set_mesh(run.mesh),
        checkpoint.manager(workdir / 'checkpoints', keep=2) as saved,
    ):
        state = checkpoint.restore(saved, newest, Session(run).fresh())
    pure = programs.pure(run.spec)
    predict = jax.jit(pure.algorithm.predict)
    found = predict(state.params, state.stats, pure.source.plain(images))
    return jax.device_get(jax.nn.softmax(found.logits))


def test_it_says_what_the_training_code_says(faces, tiny, finished, held_out):
    each = reference(tiny('baseline'), finished, held_out)
    assert each.shape == (1, 30, 7)
    recognizer = Recognizer.load(finished)
    found = recognizer(list(held_out))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, each[0], atol=1e-6)
    assert recognizer.class_names == prepared.load(faces).class_names


def test_one_of_two_networks_or_their_mean(untrained, held_out):
    """The mean is that of the probabilities, as the mean vote of evaluation."""
    workdir = untrained('coteaching')
    first, second, mean = (
        Recognizer.load(workdir, network=network)(list(held_out[:4]))
        for network in ('1', '2', 'mean')
    )
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_allclose(mean, (first + second) / 2, atol=1e-6)


def test_dividemix_answers_by_summed_logits(untrained, held_out):
    """Without a word about networks: probabilities multiply and are normalised."""
    workdir = untrained('dividemix')
    answer, first, second, mean = (
        Recognizer.load(workdir, network=network)(list(held_out[:4]))
        for network in (None, '1', '2', 'mean')
    )
    wanted = first * second / (first * second).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answer, wanted, atol=1e-6)
    assert np.abs(answer - mean).max() > 1e-3


def test_any_number_of_pictures_of_any_size(finished, held_out, tmp_path):
    recognizer = Recognizer.load(finished)
    assert recognizer([]).shape == (0, 7)
    path = tmp_path / 'face.png'
    Image.fromarray(held_out[0]).resize((60, 40)).save(path)
    mixed = [path, str(path), Image.open(path), held_out[1], held_out[2][..., 0]]
    found = recognizer(mixed)
    assert found.shape == (5, 7)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(recognizer(mixed[3:4]), found[3:4], atol=1e-6)
    many = recognizer(np.tile(held_out[:1], (70, 1, 1, 1)))
    np.testing.assert_allclose(many, np.tile(many[:1], (70, 1)), atol=1e-6)


def test_a_wrong_batch_is_refused(finished):
    recognizer = Recognizer.load(finished)
    for images, message in (
        (np.zeros((2, 24, 24, 3), np.float32), 'float32'),
        (np.zeros((2, 3, 24, 24), np.uint8), r'\(2, 3, 24, 24\)'),
        (np.zeros((2, 20, 24, 3), np.uint8), r'\(2, 20, 24, 3\)'),
    ):
        with pytest.raises(ValueError, match=message + '.*wanted uint8'):
            recognizer.squares(images)
    pixels = np.zeros((24, 24, 3), np.uint8)
    for one in ('face.jpg', pathlib.Path('face.jpg'), Image.fromarray(pixels), pixels):
        with pytest.raises(ValueError, match='give a list of pictures'):
            recognizer(one)


def test_the_stored_size_is_resized_to_the_networks_on_the_device(untrained, held_out):
    """A network trained at 20 px on faces stored at 24."""
    loaded = model.from_run(untrained('baseline', 'resnet18_slim'))
    settings = loaded.card['preprocessing'] | {'network_size_px': 20}
    smaller = loaded._replace(card=loaded.card | {'preprocessing': settings})
    found = Recognizer(smaller.card, model.compiled(smaller))(list(held_out[:4]))
    resized = augment.prepare('none', 20, held_out[:4])
    logits = (
        model.method(loaded.card).predict(loaded.params, loaded.stats, resized).logits
    )
    np.testing.assert_allclose(found, jax.nn.softmax(logits)[0], atol=1e-6)


def test_a_run_whose_data_are_gone(finished, tmp_path, held_out):
    """What the run's folder says of them is enough."""
    wanted = Recognizer.load(finished)(list(held_out[:2]))
    workdir = tmp_path / 'run'
    shutil.copytree(finished, workdir)
    config = json.loads((workdir / 'config.json').read_text())
    config['data']['dir'] = str(tmp_path / 'gone')
    (workdir / 'config.json').write_text(json.dumps(config))
    found = Recognizer.load(workdir)(list(held_out[:2]))
    np.testing.assert_array_equal(found, wanted)
    (workdir / 'data.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'no data\.json'):
        Recognizer.load(workdir)


def test_checkpoints_of_another_kind_are_refused_by_name(finished, untrained, tmp_path):
    """Another method, another class count, another width: each is named."""

    def altered(name, **changes):
        workdir = tmp_path / name
        shutil.copytree(finished, workdir)
        for file, change in changes.items():
            path = workdir / f'{file}.json'
            content = json.loads(path.read_text())
            change(content)
            path.write_text(json.dumps(content))
        return workdir

    scn = json.loads((untrained('scn') / 'config.json').read_text())['algorithm']
    cases = (
        (
            altered('method', config=lambda c: c.update(algorithm=scn)),
            r'no checkpoint of scn with 7 classes .* there is no params/\S*attention',
        ),
        (
            altered('classes', data=lambda d: d['class_names'].pop()),
            r'baseline with 6 classes .* params/classifier/bias is \(1, 7\), wanted',
        ),
        (
            altered('width', config=lambda c: c['model'].update(width=8)),
            r'cnn7 of width 8',
        ),
    )
    for workdir, message in cases:
        with pytest.raises(ValueError, match=message):
            Recognizer.load(workdir)
    for settings, message in (
        ({'which': '99'}, r"no checkpoint '99'; there are last, best and"),
        ({'network': '3'}, r"network '3': the run has 1; give 1 or mean"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            Recognizer.load(finished, **settings)
    with pytest.raises(FileNotFoundError, match=r'no config\.json, so no folder of a'):
        Recognizer.load(tmp_path)


@pytest.fixture
def pictures(tmp_path, held_out):
    folder = tmp_path / 'pictures'
    (folder / 'inner').mkdir(parents=True)
    for number in range(3):
        Image.fromarray(held_out[number]).save(folder / f'{number}.png')
    Image.fromarray(held_out[3]).save(folder / 'inner' / '3.jpg')
    (folder / 'notes.txt').write_text('not a picture, not looked at')
    return folder


def test_predict_writes_a_table_and_a_sheet(
    finished, pictures, tmp_path, held_out, capsys
):
    table, sheet = tmp_path / 'out.csv', tmp_path / 'out.png'
    options = f'--workdir={finished} --csv={table} --sheet={sheet} --which=best'
    code = launch.main(['launch.py', 'predict', *options.split(), str(pictures)])
    assert code == 0
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row['file'].rpartition('/')[2] for row in rows] == [
        '0.png', '1.png', '2.png', '3.jpg',
    ]  # fmt: skip
    recognizer = Recognizer.load(finished)
    names = recognizer.class_names
    wanted = recognizer(list(held_out[:3]))
    for row, probs in zip(rows, wanted):
        found = [float(row[name]) for name in names]
        np.testing.assert_allclose(found, probs, atol=1e-5)
        assert row['class'] == names[int(probs.argmax())]
    assert rows[0]['class'] in capsys.readouterr().out
    with Image.open(sheet) as drawn:
        assert drawn.size[0] >= 2 * 112
        assert len(drawn.convert('RGB').getcolors(2**24)) > 50


def test_unreadable_files_are_skipped_and_told(finished, pictures, capsys):
    (pictures / 'broken.jpg').write_text('hello')
    missing = str(pictures / 'missing.png')
    code = launch.main(
        ['launch.py', 'predict', f'--workdir={finished}', str(pictures), missing]
    )
    said = capsys.readouterr()
    assert code == 1
    assert len(said.out.splitlines()) == 4
    assert 'broken.jpg: not a readable picture' in said.err
    assert 'missing.png: not a readable picture (No such file' in said.err
    assert said.err.splitlines()[-1].endswith('2 of 6 pictures could not be read')


def test_what_systems_leave_is_no_picture(finished, pictures, tmp_path, capsys):
    """A Mac's and Jupyter's; names with what a screen would obey are escaped."""
    (pictures / '._0.png').write_bytes(b'\0\5\26\7')
    (pictures / '.ipynb_checkpoints').mkdir()
    (pictures / '.ipynb_checkpoints/0-checkpoint.png').write_bytes(b'')
    (pictures / 'IMG_1.HEIC').write_bytes(b'')
    odd = os.fsdecode(os.fsencode(pictures) + b'/\xb8\x1b[31m.png')
    os.rename(pictures / '1.png', odd)
    table = tmp_path / 'out.csv'
    options = [f'--workdir={finished}', f'--csv={table}', str(pictures)]
    assert launch.main(['launch.py', 'predict', *options]) == 0
    said = capsys.readouterr()
    assert len([row for row in said.out.splitlines() if '%' in row]) == 4
    assert r'/\xb8\x1b[31m.png' in said.out
    assert '\x1b' not in said.out
    told = 'launch.py: left out, no pictures: 2 hidden or of a system, 1 '
    assert told in said.err
    assert '1 .heic' in said.err
    assert r'/\xb8\x1b[31m.png,' in table.read_text('utf-8')


def test_what_never_ends_is_skipped(finished, pictures, capsys):
    os.mkfifo(pictures / 'pipe.png')
    (pictures / 'zero.png').symlink_to('/dev/zero')
    (pictures / 'face.jpg').write_bytes(b'%!PS-Adobe-3.0 EPSF-3.0\n')
    options = [f'--workdir={finished}', '--largest-picture=0.000576', str(pictures)]
    assert launch.main(['launch.py', 'predict', *options]) == 1
    said = capsys.readouterr().err
    assert 'pipe.png: not a readable picture (not a file but a pipe); skipped' in said
    assert 'zero.png: not a readable picture (not a file but a device)' in said
    assert 'face.jpg: not a readable picture (no JPEG, PNG' in said
    assert said.splitlines()[-1].endswith('3 of 7 pictures could not be read')
    options[1] = '--largest-picture=0.000575'  # 24 x 24 are 576
    assert launch.main(['launch.py', 'predict', *options]) == 1
    assert '7 of 7 pictures could not be read' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ([], 'required: pictures'),
        (['--workdir=nowhere', 'a.png'], 'nowhere: no config.json'),
        (['--workdir=nowhere', 'a.png', '--turn'], "no option '--turn'"),
    ],
)
def test_an_unusable_command_is_one_line(arguments, message, capsys):
    assert launch.main(['launch.py', 'predict', *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1


def test_a_folder_without_pictures_is_said(tmp_path):
    with pytest.raises(ValueError, match='no pictures in this folder'):
        predict.files([tmp_path])
