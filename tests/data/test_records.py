import concurrent.futures
import os
import pickle
import struct

import grain
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_jax.data import records

DATA = [b'one', b'', b'three' * 20, b'four']


def write(path, data=DATA):
    with records.RecordWriter(path) as writer:
        for one in data:
            writer.write(one)
    return path


def starts(data=DATA):
    """Byte at which each record begins, and the end: 16 bytes frame each."""
    return np.cumsum([0, *(16 + len(one) for one in data)]).tolist()


def test_bytes_of_a_record_by_hand(tmp_path):
    """crc32c('123456789') = e3069283, its check value. Rotated right by 15 bits:
    2507c60d; plus a282ead8: c78ab0e5.
    """
    content = write(tmp_path / 'a', [b'123456789']).read_bytes()
    assert content[:8] == struct.pack('<Q', 9)
    assert content[12:21] == b'123456789'
    assert content[21:] == struct.pack('<I', 0xC78AB0E5)


def test_grain_reads_what_the_writer_wrote(tmp_path):
    path = write(tmp_path / 'a')
    assert list(grain.experimental.TFRecordIterDataset(str(path))) == DATA


def test_example_and_back():
    data = records.encode_example('Müller/1.jpg', b'\x00\xff', 3)
    assert records.decode_example(data) == ('Müller/1.jpg', b'\x00\xff')


@pytest.mark.parametrize('data', [b'', b'\xff\xff\xff'])
def test_what_is_no_example_is_refused(data):
    with pytest.raises(ValueError, match='not an example'):
        records.decode_example(data)


def test_index_by_hand(tmp_path):
    """The data begin 12 bytes into a record; a record has 16 bytes beside its data."""
    table = records.index_records(write(tmp_path / 'a'))
    np.testing.assert_array_equal(table, [[12, 3], [31, 0], [47, 100], [163, 4]])
    assert table.dtype == np.int64


def test_a_file_cut_anywhere_is_noticed(tmp_path):
    """Only a cut between records looks whole: the format holds no count, the manifest
    does."""
    path = write(tmp_path / 'a')
    content, begin = path.read_bytes(), starts()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        if size in begin:
            assert len(records.index_records(path)) == begin.index(size)
            continue
        record = int(np.searchsorted(begin, size)) - 1
        with pytest.raises(ValueError, match='cut short') as error:
            records.index_records(path)
        assert f'{path}: record {record} at byte {begin[record]}:' in str(error.value)


@settings(max_examples=60, deadline=None)
@given(bit=st.integers(0, 8 * starts()[-1] - 1))
def test_any_flipped_bit_is_noticed_and_placed(tmp_path_factory, bit):
    path = write(tmp_path_factory.mktemp('flip') / 'a')
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    record = int(np.searchsorted(starts(), bit // 8, side='right')) - 1
    with pytest.raises(ValueError, match='damaged') as error:
        records.index_records(path)
    assert f'{path}: record {record} at byte {starts()[record]}:' in str(error.value)


def test_damage_behind_a_valid_index_is_noticed_when_read(tmp_path):
    """Record 2 begins behind those of 3 and 0 bytes: at 19 + 16 = 35."""
    path = write(tmp_path / 'a')
    source = records.RecordSource([path])
    times = os.stat(path)
    content = bytearray(path.read_bytes())
    content[50] ^= 1  # in record 2
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    for reader in (source, records.RecordSource([path])):
        assert reader[0] == b'one'
        with pytest.raises(ValueError, match='a: record 2 at byte 35: changed'):
            reader[2]


def test_index_is_kept_until_the_file_changes(tmp_path):
    path = write(tmp_path / 'a')
    first = records.index_records(path)
    kept = tmp_path / 'a.index.npy'
    before = os.stat(kept).st_mtime_ns
    np.testing.assert_array_equal(records.index_records(path), first)
    assert os.stat(kept).st_mtime_ns == before
    write(path, DATA[:2])
    assert len(records.index_records(path)) == 2
    kept.write_bytes(kept.read_bytes()[:60])  # cut short: made anew
    assert len(records.index_records(path)) == 2


def test_index_without_a_place_to_keep_it(tmp_path):
    path = write(tmp_path / 'a')
    (tmp_path / 'a.index.npy').mkdir()
    assert len(records.index_records(path)) == len(DATA)
    assert sorted(os.listdir(tmp_path)) == ['a', 'a.index.npy']


def test_source_joins_shards_and_skips_empty_ones(tmp_path):
    paths = [write(tmp_path / 'a'), write(tmp_path / 'b', []), write(tmp_path / 'c')]
    source = records.RecordSource(paths)
    assert [source[i] for i in range(len(source))] == DATA + DATA
    for i in (-1, 8):
        with pytest.raises(IndexError):
            source[i]


def test_source_is_picklable_and_safe_from_threads(tmp_path):
    source = records.RecordSource([write(tmp_path / 'a'), write(tmp_path / 'b')])
    assert source[5] == b''
    copy = pickle.loads(pickle.dumps(source))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(copy.__getitem__, list(range(8)) * 50))
    assert found == (DATA + DATA) * 50


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='needs Linux')
def test_source_closes_its_files(tmp_path):
    source = records.RecordSource([write(tmp_path / 'a')])
    before = len(os.listdir('/proc/self/fd'))
    assert source[0] == b'one'
    assert len(os.listdir('/proc/self/fd')) == before + 1
    del source
    assert len(os.listdir('/proc/self/fd')) == before


def test_missing_shard(tmp_path):
    with pytest.raises(FileNotFoundError):
        records.RecordSource([tmp_path / 'a'])


def examples(names):
    return [
        records.encode_example(name, b'pixels of ' + name.encode(), 0) for name in names
    ]


def salvaged(paths, names):
    """({id: data} of what can still be read, lines about the damage)."""
    table, damage = records.salvage(paths, np.array(names))
    source = records.RecordSource(paths, table)
    rows = np.flatnonzero(table[:, 0] >= 0)
    return {names[row]: source[row] for row in rows}, damage


NAMES = [f'face {number}' for number in range(6)]


def test_salvage_of_whole_files_is_everything(tmp_path):
    data = examples(NAMES)
    paths = [write(tmp_path / 'a', data[:2]), write(tmp_path / 'b', data[2:])]
    assert salvaged(paths, NAMES) == (dict(zip(NAMES, data)), [])


def test_salvage_of_a_record_with_damaged_data(tmp_path):
    """Record 1 of the second file is lost; the message names file, record and byte."""
    data = examples(NAMES)
    paths = [write(tmp_path / 'a', data[:2]), write(tmp_path / 'b', data[2:])]
    content = bytearray(paths[1].read_bytes())
    content[starts(data[2:])[1] + 20] ^= 1
    paths[1].write_bytes(content)
    found, (damage,) = salvaged(paths, NAMES)
    assert list(found) == [name for name in NAMES if name != 'face 3']
    assert f'{paths[1]}: record 1 at byte {starts(data[2:])[1]}: its data' in damage
    with pytest.raises(ValueError, match='its data are damaged'):
        records.RecordSource(paths)


def test_salvage_behind_a_damaged_length(tmp_path):
    """Nobody knows where record 0 ends; record 1 is found by its sums."""
    data = examples(NAMES)
    path = write(tmp_path / 'a', data)
    content = bytearray(path.read_bytes())
    content[2] ^= 1
    path.write_bytes(content)
    found, (damage,) = salvaged([path], NAMES)
    assert list(found) == NAMES[1:]
    assert 'record 0 at byte 0: its length is damaged' in damage


@settings(max_examples=80, deadline=None)
@given(
    harm=st.lists(
        st.tuples(
            st.sampled_from(['flip', 'cut', 'zeros', 'drop']),
            st.integers(0, starts(examples(NAMES))[-1] - 1),
            st.integers(1, 60),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_happens_no_wrong_record_is_read(tmp_path_factory, harm):
    """Flips, cuts, zeros, lost bytes: what is read was written so, or is not read."""
    data = examples(NAMES)
    path = write(tmp_path_factory.mktemp('harm') / 'a', data)
    content = bytearray(path.read_bytes())
    for kind, place, size in harm:
        if kind == 'flip' and place < len(content):
            content[place] ^= 1 << size % 8
        elif kind == 'cut':
            del content[place:]
        elif kind == 'zeros':
            content[place : place + size] = bytes(len(content[place : place + size]))
        elif kind == 'drop':
            del content[place : place + size]
    path.write_bytes(content)
    found, _ = salvaged([path], NAMES)
    written = dict(zip(NAMES, data))
    assert all(written[name] == read for name, read in found.items())
