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
