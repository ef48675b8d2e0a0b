"""A store of features: what is written is read, goes on after a stop, and is sealed."""

import json

import numpy as np
import pytest

from fer_jax.data import features, whole
from fer_jax.errors import Missing, Unusable

ROWS = {'train': np.arange(0, 2400, 2), 'test': np.arange(3)}
ABOUT = {
    'dataset_digest': 'a' * 64,
    'weights_sha256': 'b' * 64,
    'network': 'none',
    'licence': 'none',
    'size_px': 48,
    'views': 2,
    'columns': {'stage1': [0, 3], 'stage2': [3, 4]},
}


def values(rows):
    """[b, 2, 4] float16 that tell the row."""
    return (rows[:, None, None] + np.arange(8).reshape(2, 4) / 8).astype(np.float16)


def compute(split, chunks):
    return map(values, chunks)


def write(folder, compute=compute, **options):
    return features.write(
        folder, compute, about=ABOUT, rows=ROWS, shape=(2, 4), **options
    )


def test_what_is_written_is_read(tmp_path):
    done = []
    store = write(tmp_path / 'a', progress=done.append)
    assert sum(done) == 1203
    np.testing.assert_array_equal(
        np.concatenate(list(store.train.blocks())), values(ROWS['train'])
    )
    some = np.array([4, 1020, 1024, 2398])
    np.testing.assert_array_equal(
        np.concatenate(list(store.train.blocks(some))), values(some)
    )
    assert store.card['columns'] == ABOUT['columns']
    assert isinstance(store.train.values, np.memmap)
    with pytest.raises(Unusable, match=r'features of 1,200 faces, and not of all 2 '):
        next(store.train.blocks(np.array([2, 3])))
    with pytest.raises(Unusable, match=r'features of 0 faces, and not of all 1 '):
        next(store.train._replace(rows=np.zeros(0, np.int32)).blocks(np.array([2])))


def test_a_stopped_write_goes_on(tmp_path):
    def stops(split, chunks):
        for number, chunk in enumerate(chunks):
            if number == 2:
                raise KeyboardInterrupt
            yield values(chunk)

    with pytest.raises(KeyboardInterrupt, match='the same command goes on'):
        write(tmp_path / 'a', stops)
    assert not (tmp_path / 'a').exists()
    (partial,) = tmp_path.glob('.a.*.partial')
    with open(partial / 'train.npy', 'r+b') as file:  # a byte of the second chunk
        file.seek(128 + 512 * 16 + 5)
        file.write(b'\xff')
    asked = []

    def watched(split, chunks):
        asked.append([len(chunk) for chunk in chunks])
        return map(values, chunks)

    store = write(tmp_path / 'a', watched)
    assert asked == [[512, 176], [3]]
    np.testing.assert_array_equal(
        np.concatenate(list(store.train.blocks())), values(ROWS['train'])
    )
    assert not list(tmp_path.glob('.a.*'))


def test_a_damaged_chunk_is_refused_and_the_others_are_read(tmp_path):
    write(tmp_path / 'a')
    with open(tmp_path / 'a' / 'train.npy', 'r+b') as file:
        file.seek(128 + 512 * 16 + 5)
        file.write(b'\xff')
    store = features.load(tmp_path / 'a')
    assert len(next(store.train.blocks(np.array([0, 1022])))) == 2
    with pytest.raises(
        whole.Damaged, match='faces 512 and on are not what was written'
    ):
        next(store.train.blocks(np.array([1024])))


def test_folders_that_are_no_features(tmp_path):
    with pytest.raises(Missing, match='python -m data_prep features'):
        features.load(tmp_path)
    write(tmp_path / 'a')
    with pytest.raises(Unusable, match='exists already'):
        write(tmp_path / 'a')
    card = json.loads((tmp_path / 'a' / 'features.json').read_text())
    for change, said in (
        ({'views': 3}, 'views 3, wanted'),
        ({'views': 1}, r'train\.npy is not what features\.json says'),
        ({'columns': {'stage1': [3, 3]}}, 'pairs of rising numbers'),
    ):
        (tmp_path / 'a' / 'features.json').write_text(json.dumps(card | change))
        with pytest.raises(Unusable, match=said):
            features.load(tmp_path / 'a')
