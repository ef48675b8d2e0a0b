"""The door of pretrained weights, on files that NumPy writes in torchvision's names."""

import hashlib
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from data_prep import __main__ as data_prep
from fer_jax.data import tensors, weights
from tests import disks
from tests.nets import test_torch_names as nets

NAME, WIDTH = 'vgg16_bn', 2  # the fewest tensors that have norms


@pytest.fixture(scope='module')
def state():
    """A state dict as torchvision's vgg16_bn of width 2 has it, classifier and all."""
    found = nets.state_dict(NAME, WIDTH)
    found['classifier.6.weight'] = np.zeros((1000, 128), np.float32)
    found['classifier.6.bias'] = np.zeros(1000, np.float32)
    return found | {'features.1.num_batches_tracked': np.array(7)}


def convert(file, out, *options, backbone=NAME, width=WIDTH):
    words = ['weights', file, f'--backbone={backbone}', f'--width={width}']
    return data_prep.main([*map(str, words), f'--out={out}', *options])


@pytest.fixture
def file(tmp_path):
    """file(state, name): the path of a safetensors file with it."""

    def write(state, name='net.safetensors'):
        tensors.write(tmp_path / name, state)
        return tmp_path / name

    return write


def test_a_file_becomes_a_folder(state, file, tmp_path, capsys):
    source, out = file(state), tmp_path / 'weights' / 'vgg'
    assert convert(source, out) == 0
    arrays, card = weights.read(out), weights.read_card(out)
    wanted = nets.torch_names.convert(NAME, WIDTH, state).arrays
    assert arrays.keys() == wanted.keys()
    assert all(np.array_equal(arrays[name], wanted[name]) for name in wanted)
    # [out, in, h, w] -> [h, w, in, out]
    kernel = state['features.3.weight']
    np.testing.assert_array_equal(arrays['conv1_2/kernel'][2, 0, 1], kernel[:, 1, 2, 0])
    sums = [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (source, out / weights.ARRAYS)
    ]
    assert [card['source_sha256'], card['sha256']] == sums
    assert (card['backbone'], card['width']) == (NAME, WIDTH)
    assert card['source'] == 'net.safetensors'
    assert card['mean'] == [0.485, 0.456, 0.406]
    said = capsys.readouterr().out
    assert f'85 tensors, sha256 {sums[0]}' in said
    assert 'loaded 82/82 tensors' in said
    assert 'classifier left out: classifier.6.bias (1000,), classifier.6.weig' in said
    assert sums[1] in said


def test_the_same_file_gives_the_same_bytes(state, file, tmp_path):
    for name in 'ab':
        assert convert(file(state), tmp_path / name) == 0
    assert weights.read_card(tmp_path / 'a') == weights.read_card(tmp_path / 'b')


@pytest.mark.parametrize('prefix', ['module.', 'module.backbone.', 'encoder_q.'])
def test_a_prefix_of_all_names_is_taken_off(state, file, tmp_path, capsys, prefix):
    named = {f'{prefix}{name}': array for name, array in state.items()}
    assert convert(file(named), tmp_path / 'out', '--normalisation=half') == 0
    assert f'prefix {prefix!r} taken off' in capsys.readouterr().out
    assert weights.read_card(tmp_path / 'out')['std'] == [0.5, 0.5, 0.5]


def test_a_prefix_of_some_names_is_none(state, file, tmp_path, capsys):
    """Two tensors that would get one name: neither takes the other's place."""
    twice = {f'module.{name}': array for name, array in state.items()}
    twice |= {'features.1.weight': state['features.1.weight'] + 1}
    assert convert(file(twice), tmp_path / 'out') == 2
    assert '1 foreign (features.1.weight)' in capsys.readouterr().err


def test_half_precision_and_no_classifier(state, file, tmp_path, capsys):
    halves = {n: a.astype(np.float16) for n, a in state.items() if '6.' not in n[:13]}
    assert convert(file(halves), tmp_path / 'out') == 0
    assert 'left out: the file has none' in capsys.readouterr().out
    assert {a.dtype for a in weights.read(tmp_path / 'out').values()} == {
        np.dtype('float32')
    }


def changed(state, **changes):
    """`state` with tensors replaced, or without those that become None."""
    names = {name.replace('__', '.'): array for name, array in changes.items()}
    return {n: a for n, a in (state | names).items() if a is not None}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'features__0__weight': None, 'features__4__bias': None},
            'of 82 tensors of vgg16_bn with width 2 are 2 missing (features.0.weight;',
        ),
        ({'layer1__0__conv1__weight': np.ones(3)}, '1 foreign (layer1.0.conv1.weight)'),
        (
            {'features__3__weight': np.ones((2, 2, 1, 1))},
            '1 of another shape (features.3.weight (2, 2, 1, 1), wanted (2, 2, 3, 3))',
        ),
        (
            {'features__1__running_var': np.array([1, np.nan])},
            '1 not finite (features.1.running_var)',
        ),
    ],
)
def test_every_tensor_has_to_match(state, file, tmp_path, capsys, changes, message):
    """Whatever is wrong, one line says it, and nothing is written."""
    assert convert(file(changed(state, **changes)), tmp_path / 'out') == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ['net.safetensors']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'backbone': 'resnet18'}, ' 100 missing (bn1.bias; bn1.running_mean; bn1.ru'),
        ({'backbone': 'vgg16'}, 'missing'),
        ({'width': 4}, 'of another shape (classifier.0.bias (128,), wanted (256,); c'),
        ({'backbone': 'cnn7'}, "backbone 'cnn7' has no names in PyTorch"),
    ],
)
def test_another_net_than_the_file_has(state, file, tmp_path, capsys, options, message):
    assert convert(file(state), tmp_path / 'out', **options) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / 'out').exists()


def test_files_that_cannot_be_read(state, file, tmp_path, capsys):
    whole = file(state)
    cut = tmp_path / 'cut.safetensors'
    cut.write_bytes(whole.read_bytes()[:-9])
    for path, message in (
        (cut, 'no whole safetensors file'),
        (tmp_path / 'none.pth', 'no such file'),
        (tmp_path, 'no such file'),
    ):
        assert convert(path, tmp_path / 'out') == 2
        said = capsys.readouterr().err
        assert f'{path}: {message}' in said
        assert len(said.splitlines()) == 1


def test_a_folder_is_replaced_when_asked_and_only_if_it_holds_weights(
    state, file, tmp_path, capsys
):
    source, out = file(state), tmp_path / 'out'
    assert convert(source, out) == 0
    assert convert(source, out) == 2
    assert '--force' in capsys.readouterr().err
    assert convert(source, out, '--force', '--normalisation=half') == 0
    assert weights.read_card(out)['mean'] == [0.5, 0.5, 0.5]
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.tex').write_text('')
    assert convert(source, tmp_path / 'mine', '--force') == 2
    assert (tmp_path / 'mine' / 'thesis.tex').exists()


def test_a_full_disk_leaves_nothing(state, file, tmp_path, capsys):
    """A tmpfs of 100 kB for weights of 500."""
    with disks.small(tmp_path, '100k') as small:
        assert convert(file(state), small / 'out') == 4
        assert 'No space left' in capsys.readouterr().err
        assert not list(small.iterdir())


def test_without_torch_it_says_how_to_get_it(tmp_path):
    """In a process where importing torch fails, as where it is not installed."""
    (tmp_path / 'net.pth').write_bytes(b'PK')
    code = (
        'import sys; sys.modules["torch"] = None; from data_prep.__main__ import main;'
        f' sys.exit(main(["weights", "{tmp_path}/net.pth", "--backbone=resnet18",'
        f' "--out={tmp_path}/out"]))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install torch' in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / 'out').exists()


class Harm:
    """A pickle that would make a folder when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_files_of_torch(state, tmp_path, capsys):
    """Wrapped as training scripts do, prefixed, and those that are refused."""
    torch = pytest.importorskip('torch')
    path = tmp_path / 'net.pth.tar'
    named = {f'module.{n}': torch.from_numpy(a) for n, a in state.items()}
    torch.save({'epoch': 3, 'state_dict': named, 'optimizer': {'lr': 0.1}}, path)
    assert convert(path, tmp_path / 'out') == 0
    said = capsys.readouterr().out
    assert "wrapper 'state_dict' taken off" in said
    assert "prefix 'module.' taken off" in said
    wanted = nets.torch_names.convert(NAME, WIDTH, state).arrays
    found = weights.read(tmp_path / 'out')
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)

    harmed = tmp_path / 'harmed'
    for content, message in (
        (Harm(harmed), 'torch.load(weights_only=True) refuses it'),
        ({'weights': {'a': 1}}, 'holds no state dict'),
        ([torch.ones(3)], 'holds no state dict'),
    ):
        torch.save(content, path)
        assert convert(path, tmp_path / 'other') == 2
        said = capsys.readouterr().err
        assert message in said
        assert len(said.splitlines()) == 1
    cut = tmp_path / 'cut.pth'
    torch.save(named, cut)
    cut.write_bytes(cut.read_bytes()[:-2000])
    (tmp_path / 'numpy.pkl').write_bytes(pickle.dumps(state))  # as VGGFace2's is
    for path in (cut, tmp_path / 'numpy.pkl'):
        assert convert(path, tmp_path / 'other') == 2
        assert 'weights_only=True) refuses it' in capsys.readouterr().err
    assert not harmed.exists()
    assert not (tmp_path / 'other').exists()


def test_the_card_is_plain_json(state, file, tmp_path):
    assert convert(file(state), tmp_path / 'out') == 0
    card = json.loads((tmp_path / 'out' / weights.CARD).read_text())
    assert sorted(card) == [
        'backbone', 'format', 'mean', 'sha256', 'source', 'source_sha256', 'std',
        'width',
    ]  # fmt: skip
