"""Exports: every format read again in a fresh process, and by the card's own lines."""

import json
import re
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest
from jax import export as jax_export
from PIL import Image

import launch
from fer_jax import Recognizer, errors
from fer_jax.data import whole
from fer_jax.deploy import card as cards
from fer_jax.deploy import export, formats, model


def export_run(workdir, out, *more):
    return launch.main(
        ['launch.py', 'export', f'--workdir={workdir}', f'--out={out}', *more]
    )


@pytest.fixture(scope='module')
def exported(finished, tmp_path_factory):
    """An export of the trained run in every format."""
    out = tmp_path_factory.mktemp('export') / 'model'
    assert export_run(finished, out) == 0
    return out


def test_what_is_in_it(finished, exported):
    card = json.loads((exported / 'model.json').read_text())
    data = json.loads((finished / 'data.json').read_text())
    result = json.loads((finished / 'result.json').read_text())
    assert card['class_names'] == data['class_names']
    assert card['data']['digest'] == result['dataset_digest']
    assert card['data']['noise_list_sha256'] == result['noise_list_sha256']
    assert card['metrics']['test/accuracy'] == result['last']
    assert list(card['formats']) == list(formats.FORMATS)
    for known in card['formats'].values():
        assert (exported / known['file']).exists()
        assert known['largest_difference'] < 1e-5
    assert not list(exported.parent.glob('.*partial*'))
    assert {path.name for path in exported.iterdir()} == {
        'README.md', 'model.json', 'samples.npz',
        *(known.file for known in formats.FORMATS.values()),
    }  # fmt: skip


@pytest.mark.parametrize('format', formats.FORMATS)
def test_every_format_says_what_the_run_says(finished, exported, held_out, format):
    pictures = list(held_out[:5])
    wanted = Recognizer.load(finished)(pictures)
    recognizer = Recognizer.load(exported, format=format)
    np.testing.assert_allclose(recognizer(pictures), wanted, atol=1e-5)
    assert recognizer.class_names == Recognizer.load(finished).class_names
    assert recognizer.image_size_px == 24


def test_the_lines_of_the_model_card_run(exported, held_out):
    """Exactly as printed, each in a fresh process, in the export's folder."""
    text = (exported / 'README.md').read_text()
    blocks = re.findall(r'```python\n(.*?)```', text, re.DOTALL)
    (orbax,) = (block for block in blocks if 'orbax' in block)
    assert len(orbax.splitlines()) <= 10
    assert 'fer_jax' not in orbax
    others = [block for block in blocks if 'samples' in block]
    assert len(others) == 2
    said = [
        subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', block],
            cwd=exported,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for block in (orbax, *others)
    ]
    assert "['params']['classifier']['kernel'] (144, 7) float32" in said[0]
    for number in said[1:]:
        assert float(number) < 1e-5


def test_onnx_needs_no_jax(exported):
    lines = (
        'import sys; from fer_jax import Recognizer;'
        f' r = Recognizer.load({str(exported)!r}, format="onnx");'
        ' import numpy as np; r([np.zeros((9, 9), np.uint8)]);'
        ' assert "jax" not in sys.modules'
    )
    root = launch.__file__.rpartition('/')[0]
    subprocess.run([sys.executable, '-c', lines], cwd=root, check=True)


@pytest.mark.parametrize(
    ('method', 'options', 'network'),
    [
        ('scn', '--formats=onnx', '1'),
        ('rul', '--formats=safetensors', '1'),
        ('dmue', '--formats=orbax', '1'),
        ('coteaching', '--formats=stablehlo --network=mean --fold-bn', 'mean'),
        ('dividemix', '--formats=onnx', 'sum'),
    ],
)
def test_every_head_comes_back(untrained, tmp_path, method, options, network, held_out):
    """SCN, RUL, DMUE, the mean of two networks with folded norms, and the sum of
    DivideMix's, which is what it answers by."""
    out, workdir = tmp_path / 'out', untrained(method)
    assert export_run(workdir, out, *options.split()) == 0
    wanted = Recognizer.load(workdir, network=network)(list(held_out[:4]))
    assert np.abs(wanted - wanted[:1]).max() > 1e-3
    found = Recognizer.load(out)(list(held_out[:4]))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize('method', ['scn', 'rul', 'dmue', 'coteaching'])
def test_every_format_of_every_head(untrained, tmp_path, method, held_out):
    """Without the fresh process; of two networks the second one."""
    network = '2' if method == 'coteaching' else '1'
    loaded = model.from_run(untrained(method), network=network)
    assert loaded.card['networks'] == (int(network),)
    wanted = model.compiled(loaded)(held_out[:4])
    for name, known in formats.FORMATS.items():
        path = tmp_path / known.file
        formats.WRITERS[name](path, loaded, False)
        probs = formats.READERS[name](path, loaded.card)
        np.testing.assert_allclose(probs(held_out[:4]), wanted, atol=1e-5)
    if method == 'dmue':
        stored = (tmp_path / 'model.safetensors').read_bytes()
        assert b'params/target' in stored
        assert b'auxiliary' not in stored


def test_stablehlo_is_for_three_platforms_and_any_batch(exported):
    data = bytearray((exported / 'model.stablehlo').read_bytes())
    program = jax_export.deserialize(data)
    assert program.platforms == ('cpu', 'cuda', 'tpu')
    assert program.in_avals[0].shape[1:] == (24, 24, 3)
    for images in (
        np.zeros((2, 3, 24, 24), np.uint8),
        np.zeros((2, 30, 24, 3), np.uint8),
        np.zeros((2, 24, 24, 3), np.float32),
    ):
        with pytest.raises(ValueError, match=r'24|float32'):
            program.call(images)
    assert jax.jit(program.call)(np.zeros((3, 24, 24, 3), np.uint8)).shape == (3, 7)


def test_a_format_that_differs_leaves_nothing(finished, tmp_path, monkeypatch, capsys):
    def wrong(path, loaded, fold_bn):
        worse = jax.tree.map(lambda leaf: leaf * 1.2, loaded.params)
        formats.write_safetensors(path, loaded._replace(params=worse), fold_bn)

    monkeypatch.setitem(formats.WRITERS, 'safetensors', wrong)
    out = tmp_path / 'out'
    assert export_run(finished, out, '--formats=safetensors') == export.DIFFERENT
    said = capsys.readouterr().err
    assert 'safetensors differs from the run by' in said
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_fails_leaves_nothing(finished, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(
        formats.WRITERS, 'onnx', lambda path, *_: path.write_bytes(b'no')
    )
    out = tmp_path / 'out'
    assert export_run(finished, out, '--formats=onnx') == export.DIFFERENT
    assert 'onnx cannot be read again' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_export_with_another_card_is_refused(exported, tmp_path):
    """The classes of another model, method or size: each format says so."""
    out = tmp_path / 'mixed'
    shutil.copytree(exported, out)
    path = out / 'model.json'
    card = json.loads(path.read_text())

    path.write_text(json.dumps(card | {'class_names': card['class_names'][:6]}))
    with pytest.raises(whole.Damaged, match=r'model\.json was changed'):
        Recognizer.load(out)

    def rewritten(**changes):
        cards.write(out, card | changes)

    rewritten(class_names=card['class_names'][:6])
    for format, message in (
        ('orbax', r'no weights of baseline with 6 .* is \(1, 7\), wanted \(1, 6\)'),
        ('safetensors', r'no weights of baseline with 6 classes and cnn7'),
        ('stablehlo', r'says \[B, 24, 24, 3\] to \[B, 6\]: it is of another model'),
        ('onnx', r'says \[B, 24, 24, 3\] to \[B, 6\]: it is of another model'),
    ):
        with pytest.raises(ValueError, match=message):
            Recognizer.load(out, format=format)
    rewritten(algorithm={'name': 'scn'})
    with pytest.raises(ValueError, match=r'no weights of scn with 7 classes'):
        Recognizer.load(out, format='orbax')
    rewritten(format=99)
    with pytest.raises(ValueError, match=r'model\.json: format 99, wanted 1'):
        Recognizer.load(out)
    path.write_text(json.dumps(card))
    for settings, message in (
        ({'format': 'tflite'}, "format 'tflite'; there are: orbax"),
        ({'network': '2'}, 'is an export, which has one checkpoint'),
    ):
        with pytest.raises(ValueError, match=message):
            Recognizer.load(out, **settings)
    shutil.rmtree(out / 'orbax')
    with pytest.raises(FileNotFoundError, match='not exported as orbax; there is: saf'):
        Recognizer.load(out, format='orbax')
    for name in ('model.safetensors', 'model.stablehlo', 'model.onnx'):
        (out / name).unlink(missing_ok=True)
    for format in ('orbax', None):
        with pytest.raises(FileNotFoundError, match='none of orbax, model'):
            Recognizer.load(out, format=format)


def test_predict_takes_an_export(exported, tmp_path, held_out, capsys):
    Image.fromarray(held_out[0]).save(tmp_path / 'face.png')
    picture = str(tmp_path / 'face.png')
    said = []
    for format in formats.FORMATS:
        arguments = [f'--workdir={exported}', f'--format={format}', picture]
        assert launch.main(['launch.py', 'predict', *arguments]) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 1


def test_unusable_options_are_one_line(finished, exported, tmp_path, capsys):
    for arguments, message in (
        ((finished, exported), 'exists already; name another folder'),
        ((finished, tmp_path / 'o', '--formats=onnx,tflite'), 'unknown format tflite'),
        ((finished, tmp_path / 'o', '--network=2'), "network '2': the run has 1"),
        ((tmp_path / 'no', tmp_path / 'o'), 'no config.json'),
    ):
        assert export_run(*arguments) == 2
        said = capsys.readouterr().err
        assert message in said
        assert len(said.splitlines()) == 1


def changed(path, place):
    """Flips the highest bit but one of a byte."""
    data = bytearray(path.read_bytes())
    data[place] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize('format', formats.FORMATS)
def test_a_flipped_bit_is_refused_wherever_it_is(exported, tmp_path, format):
    """At both ends, and at eleven places between them."""
    out = tmp_path / 'out'
    shutil.copytree(exported, out)
    path = out / formats.FORMATS[format].file
    files = sorted(path.rglob('*')) if path.is_dir() else [path]
    largest = max(files, key=lambda one: one.stat().st_size)
    for place in np.linspace(0, largest.stat().st_size - 1, 13).astype(int):
        changed(largest, place)
        with pytest.raises(whole.Damaged, match=r'was changed, says model\.json; copy'):
            Recognizer.load(out, format=format)
        changed(largest, place)
    Recognizer.load(out, format=format)
    if path.is_dir():
        (path / 'more').write_text('')
        with pytest.raises(whole.Damaged, match="'orbax/more' was changed"):
            Recognizer.load(out, format=format)
        (path / 'more').unlink()
        largest.unlink()
        with pytest.raises(whole.Damaged, match='is missing'):
            Recognizer.load(out, format=format)


def test_class_names_in_another_order_are_refused(exported, tmp_path):
    """By the card's own sum; and, without sums, by the names in the files."""
    out = tmp_path / 'out'
    shutil.copytree(exported, out)
    card = json.loads((out / 'model.json').read_text())
    card['class_names'].reverse()
    (out / 'model.json').write_text(json.dumps(card))
    with pytest.raises(whole.Damaged, match=r'model\.json was changed'):
        Recognizer.load(out)
    del card['seal']
    (out / 'model.json').write_text(json.dumps(card))
    with pytest.raises(whole.Damaged, match='has lost a part of its sums'):
        Recognizer.load(out)
    del card['sha256']
    (out / 'model.json').write_text(json.dumps(card))
    for format in ('safetensors', 'onnx'):
        with (
            pytest.warns(cards.Unsealed),
            pytest.raises(errors.Unusable, match='others, or another order'),
        ):
            Recognizer.load(out, format=format)


def test_an_export_without_sums_is_used_with_a_warning(exported, tmp_path, held_out):
    out = tmp_path / 'out'
    shutil.copytree(exported, out)
    card = json.loads((out / 'model.json').read_text())
    del card['seal'], card['sha256']
    (out / 'model.json').write_text(json.dumps(card))
    with pytest.warns(cards.Unsealed, match='without sums.*export the run again'):
        found = Recognizer.load(out, format='onnx')
    wanted = Recognizer.load(exported, format='onnx')(list(held_out[:2]))
    np.testing.assert_array_equal(found(list(held_out[:2])), wanted)


def test_an_export_is_passed_on_in_one_format(exported, tmp_path, held_out):
    """The other files may be left behind, and README.md may be written anew."""
    for name in ('model.json', 'model.onnx'):
        shutil.copy(exported / name, tmp_path / name)
    (tmp_path / 'README.md').write_text('mine')
    wanted = Recognizer.load(exported, format='onnx')(list(held_out[:2]))
    found = Recognizer.load(tmp_path)(list(held_out[:2]))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ('field', 'value', 'said'),
    [
        ('image_size_px', 10**9, 'image_size_px 1000000000, wanted a whole number'),
        ('class_names', ['a', 'a'], 'class_names a list of 2, wanted a list from 1 of'),
        ('networks', [], 'networks a list of 0, wanted'),
        ('algorithm', 'scn', "algorithm 'scn', wanted an object"),
        ('preprocessing', {}, 'preprocessing.recipe is missing, wanted a text'),
    ],
)
def test_fields_of_a_card(exported, tmp_path, field, value, said):
    card = json.loads((exported / 'model.json').read_text())
    (tmp_path / 'model.json').write_text(json.dumps(card | {field: value}))
    with pytest.raises(errors.Unusable, match=said) as caught:
        Recognizer.load(tmp_path)
    assert str(tmp_path / 'model.json') in str(caught.value)
