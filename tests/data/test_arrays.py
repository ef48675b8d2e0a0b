"""NumPy's files: arrays as they were written, or a refusal before memory is taken."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest

from fer_jax import errors
from fer_jax.data import arrays

NUMBERS = arrays.Array('i', 2)


def npy(header, content=b'', version=1):
    text = (header if isinstance(header, bytes) else header.encode()) + b'\n'
    size = struct.pack('<H' if version == 1 else '<I', len(text))
    return b'\x93NUMPY' + bytes((version, 0)) + size + text + content


@pytest.mark.parametrize(
    ('array', 'kinds'),
    [
        (np.arange(6, dtype=np.int64).reshape(2, 3), 'i'),
        (np.asfortranarray(np.arange(6, dtype='>i4').reshape(2, 3)), 'i'),
        (np.array([['sad', 'é', '']]), 'U'),
        (np.zeros((0, 3), np.float32), 'f'),
        (np.array([['', '']]), 'U'),
    ],
)
def test_arrays_are_read_as_numpy_reads_them(tmp_path, array, kinds):
    np.save(tmp_path / 'a.npy', array)
    np.savez_compressed(tmp_path / 'a.npz', a=array, b=array)
    wanted = arrays.Array(kinds, 2)
    for found in (
        arrays.read_npy(tmp_path / 'a.npy', wanted),
        arrays.read_npz(tmp_path / 'a.npz', {'a': wanted})['a'],
    ):
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype.newbyteorder('=')
        found[...] = found  # may be written to


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (b'', 'no array of NumPy'),
        (b'\x93NUMPY\x03\x00', 'no array of NumPy'),
        (npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, "), 'no array'),
        (npy('(' * 9000), 'no array of NumPy'),
        (npy('9**9**9'), 'no array of NumPy'),
        (
            npy("{'descr': '<i8', 'fortran_order': False, 'shape': (10**18, 9)}"),
            'no array of NumPy',
        ),
        (
            npy("{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999, 9)}"),
            'its header does not fit its content',
        ),
        (
            npy(
                "{'descr': '<i8', 'fortran_order': False, 'shape': (-1, -1)}", b'8' * 8
            ),
            'its header does not fit its content',
        ),
        (
            npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1)}", b'7' * 7),
            'its header does not fit its content',
        ),
        (
            npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", b'8' * 8),
            'has 1 axes, wanted 2',
        ),
        (
            npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}", b'N.'),
            "is of 'object', wanted whole numbers",
        ),
        (
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}", b'8' * 8),
            "is of 'float64', wanted whole numbers",
        ),
    ],
)
def test_headers_that_lie_are_refused(tmp_path, content, said):
    (tmp_path / 'a.npy').write_bytes(content)
    with pytest.raises(errors.Unusable, match=said) as caught:
        arrays.read_npy(tmp_path / 'a.npy', NUMBERS)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_characters_that_do_not_exist(tmp_path):
    header = "{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}"
    (tmp_path / 'a.npy').write_bytes(npy(header, b'\xff' * 4))
    with pytest.raises(errors.Unusable, match='characters that do not exist'):
        arrays.read_npy(tmp_path / 'a.npy', arrays.Array('U', 1))


def test_an_archive_is_measured_before_it_is_unpacked(tmp_path, monkeypatch):
    """Four million zeros in 4 kB; 4 MB are allowed, then what the message offers."""
    np.savez_compressed(tmp_path / 'a.npz', a=np.zeros(1 << 22, np.int8))
    monkeypatch.setenv('FER_JAX_LIMITS', 'arrays=4')
    with pytest.raises(
        errors.Unusable, match=r'arrays of 4,194,432 bytes; wanted at m'
    ):
        arrays.read_npz(tmp_path / 'a.npz', {'a': arrays.Array('i')})
    monkeypatch.setenv('FER_JAX_LIMITS', 'arrays=8')
    found = arrays.read_npz(tmp_path / 'a.npz', {'a': arrays.Array('i')})
    assert found['a'].shape == (1 << 22,)


def test_members_missing_twice_or_changed(tmp_path):
    data = io.BytesIO()
    np.save(data, np.arange(4).reshape(2, 2))
    for names in ((), ('a.npy', 'a.npy')):
        with (
            pytest.warns() if names else open(os.devnull),
            zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive,
        ):
            for name in names:
                archive.writestr(name, data.getvalue())
        with pytest.raises(
            errors.Unusable, match='twice' if names else 'there is no a'
        ):
            arrays.read_npz(tmp_path / 'a.npz', {'a': NUMBERS})
    np.savez(tmp_path / 'a.npz', a=np.arange(4).reshape(2, 2))
    content = bytearray((tmp_path / 'a.npz').read_bytes())
    content[content.index(struct.pack('<q', 3))] ^= 1
    (tmp_path / 'a.npz').write_bytes(content)
    with pytest.raises(errors.Unusable, match=r'no whole \.npz.*CRC'):
        arrays.read_npz(tmp_path / 'a.npz', {'a': NUMBERS})


def test_a_map_that_was_let_go_is_read_again(tmp_path):
    values = np.lib.format.open_memmap(tmp_path / 'a.npy', 'w+', 'f4', (3, 1000))
    values[:] = np.arange(3)[:, None]
    values.flush()
    arrays.let_go(values)
    np.testing.assert_array_equal(values[:, 7], [0, 1, 2])
    arrays.let_go(np.zeros(3))  # no map: nothing to do
    again = arrays.mapped(tmp_path / 'a.npy', arrays.Array('f', 2))
    assert again[2, 999] == 2
    arrays.let_go(again)
    assert again[2, 999] == 2
