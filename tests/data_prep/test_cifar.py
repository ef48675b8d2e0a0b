"""CIFAR's archives as published, in small: twenty and twelve images."""

import io
import json
import os
import pickle
import tarfile

import numpy as np
import pytest

from data_prep import __main__ as door
from fer_jax.data import prepared, records, sets
from fer_jax.data.pipeline import decode

BATCHES = {'cifar10': 'cifar-10-batches-py', 'cifar100': 'cifar-100-python'}


def pixels(count, seed):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, 3072), dtype=np.uint8)


def batch(count, seed, **labels):
    return {
        'batch_label': f'batch {seed}',
        'data': pixels(count, seed),
        'filenames': [f'{seed}_s_{row:06}.png' for row in range(count)],
        **labels,
    }


def content(name):
    """{file: its pickled table}, labels 0 1 2 ... through the batches."""
    names = list(sets.SETS[name].class_names)
    if name == 'cifar100':
        return {
            'meta': {'fine_label_names': names, 'coarse_label_names': ['fish']},
            'train': batch(20, 1, fine_labels=list(range(20)), coarse_labels=[0] * 20),
            'test': batch(12, 9, fine_labels=list(range(12)), coarse_labels=[0] * 12),
        }
    batches = {
        f'data_batch_{n}': batch(4, n, labels=[(4 * n - 4 + k) % 10 for k in range(4)])
        for n in range(1, 6)
    }
    meta = {'label_names': names, 'num_vis': 3072, 'num_cases_per_batch': 10000}
    return {
        'batches.meta': meta,
        **batches,
        'test_batch': batch(12, 9, labels=[k % 10 for k in range(12)]),
        'readme.html': {},
    }


def write(folder, files):
    """Files of these tables as Python 2 pickled them, and the archive around them."""
    folder.mkdir(parents=True)
    for name, table in files.items():
        (folder / name).write_bytes(pickle.dumps(table, protocol=2))
    with tarfile.open(f'{folder}.tar.gz', 'w:gz') as archive:
        archive.add(folder, folder.name)
    return folder


@pytest.fixture
def source(tmp_path):
    """source(name, **changed tables) -> the folder with its files."""

    def make(name='cifar10', **changes):
        return write(tmp_path / BATCHES[name], content(name) | changes)

    return make


def prepare(tmp_path, name, source, *options, code=0):
    arguments = [name, f'--source={source}', f'--out={tmp_path / "out"}', *options]
    assert door.main(arguments) == code
    return None if code else prepared.load(tmp_path / 'out')


@pytest.mark.parametrize('name', BATCHES)
@pytest.mark.parametrize('form', ['folder', 'around it', 'archive'])
def test_images_and_labels_in_the_order_of_the_batches(tmp_path, source, name, form):
    """Three planes of 32 x 32, red, green, blue, row by row."""
    folder = source(name)
    path = {'folder': folder, 'around it': tmp_path, 'archive': f'{folder}.tar.gz'}
    data = prepare(tmp_path, name, path[form])
    assert data.set_name == name
    assert data.class_names == sets.SETS[name].class_names
    many = 10 if name == 'cifar10' else 100
    np.testing.assert_array_equal(data.train.labels, np.arange(20) % many)
    np.testing.assert_array_equal(data.test.labels, np.arange(12) % many)
    assert data.train.ids.tolist() == [f'train-{row:05}' for row in range(20)]
    assert data.test.ids[11] == 'test-00011'
    assert (data.train.clean_labels == -1).all()
    stored = data.train.records()
    source_row = {'cifar10': pixels(4, 2)[3], 'cifar100': pixels(20, 1)[7]}[name]
    image = decode(records.decode_example(stored[7])[1], 32)
    for channel in range(3):
        plane = source_row[1024 * channel : 1024 * (channel + 1)].reshape(32, 32)
        np.testing.assert_array_equal(image[:, :, channel], plane)


HUMAN = np.arange(20) % 10
HUMAN = np.where(np.arange(20) < 5, (HUMAN + 1) % 10, HUMAN)  # the first 5 are wrong


def human(path, order=slice(None)):
    """CIFAR-10N's release: six columns in a dict."""
    official = np.arange(20) % 10
    columns = {'clean_label': official, 'worse_label': HUMAN, 'aggre_label': official}
    np.save(path, {name: column[order] for name, column in columns.items()})
    return path


def test_human_labels_are_given_and_official_ones_clean(tmp_path, source, capsys):
    options = [f'--human-labels={human(tmp_path / "h.npy")}', '--human-set=worse_label']
    data = prepare(tmp_path, 'cifar10', source(), *options)
    np.testing.assert_array_equal(data.train.labels, HUMAN)
    np.testing.assert_array_equal(data.train.clean_labels, np.arange(20) % 10)
    np.testing.assert_array_equal(data.test.labels, data.test.clean_labels)
    assert 'differ from the official ones for 5 of 20 images, 25.00%' in (
        capsys.readouterr().out
    )


def refused(tmp_path, capsys, name, source, *options):
    prepare(tmp_path, name, source, *options, code=2)
    assert not (tmp_path / 'out').exists()
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    return said


def test_human_labels_in_another_order(tmp_path, source, capsys):
    path = human(tmp_path / 'h.npy', slice(None, None, -1))
    options = (f'--human-labels={path}', '--human-set=worse_label')
    said = refused(tmp_path, capsys, 'cifar10', source(), *options)
    assert 'clean labels are not those of the set in 20 of 20 rows' in said


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--human-labels={}/none.pt'], 'no such file'),
        (['--human-labels={}/h.npy'], "has the labels 'worse_label', 'aggre_label'"),
        (
            ['--human-labels={}/h.npy', '--human-set=worst'],
            'name one of them, given: worst',
        ),
        (['--human-labels={}/few.npy'], 'has 7 labels and the batches 20 images'),
        (['--human-labels={}/high.npy'], 'row 3 has 10, wanted 0 to 9'),
        (['--human-labels={}/empty.npy'], 'is empty; get it again'),
        (['--human-set=worse_label'], 'chooses labels of the file --human-labels'),
    ],
)
def test_human_labels_that_are_refused(tmp_path, source, capsys, options, message):
    human(tmp_path / 'h.npy')
    np.save(tmp_path / 'few.npy', np.arange(7))
    high = np.arange(20) % 10
    high[3] = 10
    np.save(tmp_path / 'high.npy', high)
    (tmp_path / 'empty.npy').touch()
    filled = [option.format(tmp_path) for option in options]
    assert message in refused(tmp_path, capsys, 'cifar10', source(), *filled)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'data_batch_3': {}}, 'data_batch_3: data of float64 (0,) and 0 labels'),
        (
            {'data_batch_3': batch(4, 3, labels=[0, 1, 2])},
            'data_batch_3: data of uint8 (4, 3072) and 3 labels',
        ),
        (
            {'data_batch_3': batch(4, 3, labels=[0, 1, 10, 2])},
            'data_batch_3: labels: row 2 has 10, wanted 0 to 9',
        ),
        ({'test_batch': ['x']}, 'test_batch: data of float64'),
        ({'batches.meta': {'label_names': ['cat']}}, "its label_names are ['cat']"),
    ],
)
def test_batches_that_are_refused(tmp_path, source, capsys, changes, message):
    assert message in refused(tmp_path, capsys, 'cifar10', source(**changes))


def test_missing_and_damaged_files(tmp_path, source, capsys):
    folder = source()
    archive = tmp_path / 'cut.tar.gz'
    archive.write_bytes((tmp_path / f'{folder.name}.tar.gz').read_bytes()[:9000])
    assert 'is damaged' in refused(tmp_path, capsys, 'cifar10', archive)
    whole = f'{folder}.tar.gz'
    said = refused(tmp_path, capsys, 'cifar100', whole)
    assert "no 'meta' in it; is it another set?" in said
    batch_2 = folder / 'data_batch_2'
    batch_2.write_bytes(batch_2.read_bytes()[:5000])
    assert f'{batch_2} cannot be read' in refused(tmp_path, capsys, 'cifar10', folder)
    batch_2.unlink()
    assert 'no data_batch_2 in' in refused(tmp_path, capsys, 'cifar10', folder)


class Trap:
    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize('packed', [False, True])
def test_code_in_a_batch_is_not_run(tmp_path, source, capsys, packed):
    made = tmp_path / 'made'
    folder = source(data_batch_4={'data': Trap(made)})
    path = f'{folder}.tar.gz' if packed else folder
    assert 'nothing of it was run' in refused(tmp_path, capsys, 'cifar10', path)
    assert not made.exists()
    pickle.load(io.BytesIO((folder / 'data_batch_4').read_bytes()))
    assert made.is_dir()


def test_a_list_of_cifar_n_meets_the_prepared_set(tmp_path, source, capsys):
    """The same labels, whether they come with the set or later as a list: 5 wrong."""
    prepare(tmp_path, 'cifar10', source())
    path = human(tmp_path / 'h.npy')
    options = [f'--data={tmp_path / "out"}', f'--out={tmp_path / "list"}']
    arguments = ['noise', 'import', 'cifarn', str(path), '--table=worse_label']
    assert door.main([*arguments, *options]) == 0
    assert 'wrong: 5 of 20 labels, 25.00%' in capsys.readouterr().out
    lines = (tmp_path / 'list' / 'noise.csv').read_text().splitlines()[1:]
    assert [int(line.split(',')[1]) for line in lines] == HUMAN.tolist()


def test_the_doctor_recognises_the_batches(source, tmp_path):
    for name in BATCHES:
        out = tmp_path / name
        assert door.main(['doctor', str(source(name)), f'--out={out}']) in (0, 1)
        report = json.loads(out.with_suffix('.json').read_text())
        assert report['recognised'] == f'{name}, Python batches'
        assert report['splits']['test']['published'] == 10000
        assert not {'damaged', 'unreadable'} & {f['name'] for f in report['findings']}
