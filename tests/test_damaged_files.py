"""Fuzzing as a test: every reader of files that this program writes or unpacks.

Some 4,000 damaged files in all. Each is refused in one line that prints, or what is
read is what a reader promises: the very values, where the file has a sum; else values
in their ranges (JSON and .npy files carry no sum of their own, so a changed number in
one may be a number).
"""

import copy
import functools
import io
import json
import pickle
import random
import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image

from data_prep import archives
from fer_jax import errors
from fer_jax.data import (
    noise_formats,
    noise_list,
    pickles,
    prepared,
    records,
    tensors,
    weights,
    writing,
)
from fer_jax.deploy import card
from fer_jax.training import files, history, seals

ROUNDS = 120  # of each file
PIECES = (
    b'\x00', b'\xff\xff\xff\xff', b'{', b'[[[[', b'"', b'null', b'-1', b'1e999', b'NaN',
    b'99999999999999999999', b'\\ud800', b'\x1b[2J', b'true', b'\r\n', b',', b'(' * 200,
)  # fmt: skip
VALUES = (None, True, -1, 10**30, 0.5, '', 'x' * 999, '\x1b[2J', [], {}, [[]])
SHA = 'ab' * 32
BLOCK = {'last': 0.5, 'last5': 0.5, 'best_on_test': 0.5, 'best_epoch': 1}
CONFIG = {
    'algorithm': {'name': 'resup', 'peers': 2},
    'model': {'backbone': 'cnn7', 'width': 4},
    'data': {
        'dir': 'x',
        'name': 'folder',
        'augmentation': 'flip',
        'image_size_px': 8,
        'on_corrupt': 'stop',
    },
    'noise': {'rate': 0.3},
    'epochs': 2,
}
DATA = {
    'class_names': ['a', 'b'], 'image_size_px': 8, 'set': 'folder', 'digest': SHA,
    'train_examples': 4, 'noise_list_sha256': None, 'start': [],
}  # fmt: skip
RESULT = BLOCK | {
    'class_names': ['a', 'b'], 'method': 'resup', 'balanced_accuracy': 0.5,
    'macro_f1': None, 'recalls': {'a': 1.0, 'b': None}, 'confusion': [[1, 0], [0, 1]],
    'test_examples': 2, 'dataset_digest': SHA, 'noise_list_sha256': SHA,
    'fer_jax': '0', 'config': CONFIG,
}  # fmt: skip
CARD = {
    'format': 1, 'class_names': ['a', 'b'], 'image_size_px': 8,
    'preprocessing': {
        'recipe': 'flip', 'network_size_px': 8, 'mean': [0, 0, 0], 'std': [1, 1, 1],
    },
    'algorithm': {'name': 'baseline'},
    'backbone': {'backbone': 'cnn7', 'width': 4, 'dtype': 'float32'},
    'data': {'train_examples': 4}, 'networks': [1], 'formats': {'onnx': {}},
}  # fmt: skip


def damaged(data, draw):
    """A copy of `data` with one to three things done to it."""
    data = bytearray(data)
    for _ in range(draw.randint(1, 3)):
        place, kind = draw.randrange(len(data) + 1), draw.randrange(5)
        if kind == 0:
            data[place : place + 1] = bytes([draw.randrange(256)])
        elif kind == 1:
            data[place:] = b''
        elif kind == 2:
            data[place:place] = draw.choice(PIECES)
        elif kind == 3:
            data[place : place + draw.randint(1, 40)] = draw.choice(PIECES)
        else:
            start = draw.randrange(len(data) + 1)
            data[place:place] = data[start : start + draw.randint(1, 60)]
    return bytes(data)


def restructured(data, draw):
    """JSON with one value exchanged for another or left out."""
    value = at = copy.deepcopy(json.loads(data))
    while at:
        key = draw.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], dict | list) and at[key] and draw.random() < 0.7:
            at = at[key]
            continue
        if draw.random() < 0.3:
            del at[key]
        else:
            at[key] = draw.choice(VALUES)
        break
    return json.dumps(value).encode()


def fuzz(path, read, check=lambda found: None, *, harm=damaged, rounds=ROUNDS):
    """Damages the file at `path` in `rounds` ways; returns how many were refused."""
    draw, sound, refused = random.Random(path.name), path.read_bytes(), 0
    check(read())
    for number in range(rounds):
        path.write_bytes(harm(sound, draw))
        try:
            found = read()
        except errors.Unusable as error:
            refused += 1
            text = str(error).replace(str(path.parent), '')
            assert text.isprintable(), number
            assert len(text) < 700, (number, text)
        else:
            check(found)
    path.write_bytes(sound)
    return refused


def fuzz_json(path, read, check=lambda found: None):
    """`fuzz` of its bytes, and of its structure."""
    fuzz(path, read, check)
    return fuzz(path, read, check, harm=restructured)


@pytest.fixture
def made(tmp_path):
    """The folder of a prepared set with 8 training and 4 test examples."""

    def examples(split, count):
        for row in range(count):
            data = io.BytesIO()
            Image.fromarray(np.full((8, 8), row, np.uint8)).save(data, 'PNG')
            yield writing.Example(f'{split}-{row}', data.getvalue(), row % 2, row % 2)

    splits = {'train': examples('train', 8), 'test': examples('test', 4)}
    return writing.write(
        tmp_path / 'set', set_name='folder', class_names=['a', 'b'], image_size_px=8,
        recipe={}, splits=splits, shard_examples=4,
    )  # fmt: skip


def test_prepared_sets(made):
    """With its sum or without, labels.npz gives its own tables or none."""
    wanted = made.train.ids.tolist(), made.train.labels.tolist()

    def same(found):
        assert (found.train.ids.tolist(), found.train.labels.tolist()) == wanted

    def sensible(found):
        assert 1 <= found.image_size_px <= 4096
        assert len(set(found.class_names)) == len(found.class_names)
        for split in (found.train, found.test):
            assert split.labels.max() < len(found.class_names)

    load = functools.partial(prepared.load, made.folder)
    assert fuzz_json(made.folder / 'manifest.json', load, sensible) > 50
    assert fuzz(made.folder / 'labels.npz', load, same) == ROUNDS

    def unsummed():
        return prepared.read_tables(made.folder)

    tables = unsummed()

    def unchanged(found):  # a .npz has sums of its own
        for name, table in tables.items():
            np.testing.assert_array_equal(found[name], table)

    assert fuzz(made.folder / 'labels.npz', unsummed, unchanged) > 50


def test_shards_and_their_tables(made):
    shard = made.train.shards[0]
    wanted = [made.train.records()[row] for row in range(4)]

    def same(found):
        assert found == wanted

    def read():
        source = records.RecordSource([shard])
        return [source[row] for row in range(len(source))]

    same(read())
    index = shard.with_name(f'{shard.name}.index.npy')
    fuzz(index, read, same)
    index.unlink()

    def first_pass():
        index.unlink(missing_ok=True)
        return read()

    # a record that is there twice, or not at all, has sums that are right
    fuzz(shard, first_pass, lambda found: [wanted.index(one) for one in found])
    shard.with_name('record').write_bytes(wanted[1])
    record = shard.with_name('record')

    def decoded():
        return records.decode_example(record.read_bytes())

    fuzz(record, decoded, lambda found: found[0].encode() + found[1])


def test_noise_lists(made, tmp_path):
    drawn = noise_list.draw(made, rate=0.5)
    noise_list.save(drawn, made.train.ids, tmp_path / 'list')
    load = functools.partial(noise_list.load, tmp_path / 'list', made)

    def same(found):
        assert found.labels.tolist() == drawn.labels.tolist()
        assert found.wrong == drawn.wrong
        np.testing.assert_array_equal(found.transition, drawn.transition)

    fuzz_json(tmp_path / 'list' / 'noise.json', load, same)
    assert fuzz(tmp_path / 'list' / 'noise.csv', load, same) == ROUNDS


@pytest.mark.parametrize(
    ('name', 'content', 'read'),
    [
        (files.CONFIG, CONFIG, files.read_config),
        (files.DATA, DATA, files.read_data),
        (files.RESULT, RESULT, files.read_result),
        (weights.CARD, {
            'format': 1, 'backbone': 'cnn7', 'width': 4, 'mean': [0, 0, 0],
            'std': [1, 1, 1], 'source': 'x.pth', 'sha256': SHA,
        }, weights.read_card),
        (card.CARD, CARD, card.read),
    ],
)  # fmt: skip
def test_documents(tmp_path, name, content, read):
    (tmp_path / name).write_text(json.dumps(content))
    assert fuzz_json(tmp_path / name, functools.partial(read, tmp_path)) > 30


def test_rows_history_and_seals(tmp_path):
    files.write_rows(tmp_path, [{'epoch': 1, 'step': 4, 'test/accuracy': 0.5}] * 3)

    def sensible(found):
        assert all(row['epoch'] >= 1 and row['step'] >= 0 for row in found)

    read = functools.partial(files.read_rows, tmp_path)
    assert fuzz(tmp_path / files.ROWS, read, sensible) > 50
    scores = np.random.default_rng(0).random((3, 2, 5)).astype(np.float32)
    labels = np.eye(3, 5, dtype=int)
    writer = history.Writer(tmp_path, 0, labels[0], 2)
    for epoch in zip(scores, labels):
        writer.append(*epoch)

    def same(found):
        np.testing.assert_array_equal(found.all('scores'), scores)
        np.testing.assert_array_equal(found.all('labels'), labels)

    read = functools.partial(history.History, tmp_path, 3)
    assert fuzz(tmp_path / 'history' / '2.npz', read, same) > 50
    writer.join()
    assert fuzz(tmp_path / 'history.npz', read, same) > 50
    folder = tmp_path / '7'
    folder.mkdir()
    (folder / 'arrays').write_bytes(bytes(99))
    seals.write(folder, seals.Place(epoch=2, steps=1, sums={'loss': 0.5}))

    def place(found):
        assert found == seals.Place(epoch=2, steps=1, sums={'loss': 0.5})

    check = functools.partial(seals.check, folder)
    assert fuzz(folder / seals.SEAL, check, place) == ROUNDS


def test_an_export_has_sums(tmp_path):
    (tmp_path / 'model.onnx').write_bytes(bytes(range(200)))
    card.write(tmp_path, CARD)

    def read():
        found = card.read(tmp_path)
        card.check(tmp_path, found, 'model.onnx')
        return found

    wanted = read()

    def same(found):
        assert found == wanted

    fuzz_json(tmp_path / card.CARD, read, same)
    assert fuzz(tmp_path / 'model.onnx', read, same) == ROUNDS
    tensors.write(tmp_path / 'w', {'a': np.zeros((2, 3), np.float32)}, {'b': 'c'})
    fuzz(tmp_path / 'w', functools.partial(tensors.read, tmp_path / 'w'))
    fuzz(tmp_path / 'w', functools.partial(tensors.notes, tmp_path / 'w'))


@pytest.mark.parametrize('suffix', ['.npy', '.pt', '.bare'])
def test_pickles(tmp_path, suffix):
    path = tmp_path / f'list{suffix}'
    rows = noise_formats.Rows(list(range(20)), clean=list(range(20)))
    if suffix == '.bare':
        content = {'clean_label': np.arange(9), 'b': list(range(9))}
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        path.write_bytes(noise_formats.FORMATS['cifarn'].write(path, 'worse', rows))

    def plain(found):
        assert isinstance(found, dict | list | tuple | np.ndarray | str | int | float)

    fuzz(path, functools.partial(pickles.read, path), plain)
    read = functools.partial(noise_formats.read_cifarn, path, None)
    fuzz(path, read, lambda found: [int(label) for label in found.labels])


def test_archives_and_lists(tmp_path):
    path = tmp_path / 'a.tar.gz'
    with tarfile.open(path, 'w:gz') as tar:
        about = tarfile.TarInfo('set/a')
        about.size = 3000
        tar.addfile(about, io.BytesIO(bytes(range(200)) * 15))

    def same(found):
        assert len(found['a']) <= 100_000

    read = functools.partial(archives.unpacked, path, ['a'], 100_000)
    fuzz(path, read, same)
    shutil.copy(path, tmp_path / 'b.tar')
    (tmp_path / 'l.json').write_text(json.dumps(list(range(30))))
    lists = noise_formats.FORMATS['dividemix'].read
    fuzz(tmp_path / 'l.json', lambda: lists(tmp_path / 'l.json', None, 0))
