"""NumPy's .npy and .npz files, read with care: each array as wanted, or refused.

NumPy itself takes what a header says at its word: it makes arrays of any size before a
byte is read, evaluates what stands for a shape, and raises anything at a damaged file.
Here a header has to describe the bytes that follow it, objects are refused, members are
counted and measured before they are unpacked, and the sums of a .npz are compared. (A
.npy has no sum: which of its bits has changed cannot be told from its file alone.)
"""

import io
import itertools
import math
import mmap
import os
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from typing import BinaryIO, NamedTuple

import numpy as np

from fer_jax.data import limits, regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

HIGHEST = 0x10FFFF  # of the characters
WORDS = {
    'b': 'truth values', 'i': 'whole numbers', 'u': 'whole numbers', 'f': 'numbers',
    'S': 'bytes', 'U': 'texts',
}  # fmt: skip


class Array(NamedTuple):
    """What an array has to be."""

    kinds: str  # of NumPy's dtype.kind, those of WORDS
    rank: int | None = None  # number of axes; None: any


def read_npz(
    path: str | os.PathLike,
    wanted: Mapping[str, Array],
    *,
    others: Array | None = None,
) -> dict[str, np.ndarray]:
    """{name: array} of a .npz.

    Args:
      path: the file.
      wanted: {name: Array} of what it has to hold.
      others: the Array that each other member has to be; None: these are not read.

    Raises:
      Missing: no such file.
      Unusable: another file, a damaged one, or other arrays.
    """
    with regular.opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(path, archive, wanted, others)
                data = {name: archive.read(member) for name, member in members.items()}
        except Unusable:
            raise
        except Exception as error:  # a damaged zip can raise anything
            raise Unusable(f'{path}: no whole .npz ({_said(error)})') from None
    return {
        name: parse(
            content,
            f'{path}: {name}',
            wanted[name] if others is None else wanted.get(name, others),
        )
        for name, content in data.items()
    }


def map_npz(
    path: str | os.PathLike, wanted: Mapping[str, Array], *, others: Array | None = None
) -> dict[str, np.ndarray]:
    """{name: array} of a .npz, mapped from the disk and not to be written to.

    The file is read once, in pieces, and its sums are compared; after that memory is
    taken by the parts of it that are looked at, for as long as there is room for them.
    Compressed arrays are read. Arguments and errors of `read_npz`.
    """
    with regular.opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(path, archive, wanted, others)
                return {
                    name: _mapped(path, archive, member, wanted.get(name, others))
                    for name, member in members.items()
                }
        except Unusable:
            raise
        except Exception as error:  # a damaged zip can raise anything
            raise Unusable(f'{path}: no whole .npz ({_said(error)})') from None


def _mapped(path, archive, member, wanted):
    """The array of a member of an open archive."""
    where = f'{path}: {member.filename.removesuffix(".npy")}'
    if member.compress_type != zipfile.ZIP_STORED:
        return parse(archive.read(member), where, wanted)
    with archive.open(member) as file:
        shape, fortran, dtype = header(file)
        before = file.tell()
        _check(shape, dtype, where, wanted, member.file_size - before)
        while file.read(1 << 20):  # at its end the sums are compared
            pass
    archive.fp.seek(member.header_offset + 26)  # where its header has two lengths
    name, extra = np.frombuffer(archive.fp.read(4), '<u2').tolist()
    order = 'F' if fortran else 'C'
    start = member.header_offset + 30 + name + extra + before
    if 0 in shape or not dtype.itemsize:  # nothing to map
        return np.zeros(shape, dtype, order)
    return np.memmap(path, dtype, 'r', start, shape, order)


def _members(path, archive, wanted, others):
    """{name: ZipInfo} of the arrays to read, none of them too large."""
    members = {}
    for member in archive.infolist():
        name = member.filename.removesuffix('.npy')
        if name in members:
            raise Unusable(f'{path}: {quoted(name)} is in it twice')
        members[name] = member
    for name in wanted:
        if name not in members:
            raise Unusable(f'{path}: there is no {name} in it')
    chosen = members if others else {name: members[name] for name in wanted}
    size = sum(member.file_size for member in chosen.values())
    limit = limits.limit('arrays')
    if size > max(limit.most, os.fstat(archive.fp.fileno()).st_size):
        raise Unusable(
            f'{path}: arrays of {size:,} bytes; wanted at most {limit.most:,}; '
            f'{limit.more}'
        )
    return chosen


def stream_npz(file: BinaryIO, stacks: Mapping[str, tuple[int, Iterable]]) -> None:
    """Writes a .npz of arrays [E, ...], of which one row at a time is in memory.

    They are stored, not compressed, so that `map_npz` can map them.

    Args:
      file: binary, open for writing.
      stacks: {name: (E, iterable of E arrays of one shape and dtype)}, E at least 1.
    """
    with zipfile.ZipFile(file, 'w') as archive:
        for name, (count, rows) in stacks.items():
            rows = iter(rows)
            first = np.asarray(next(rows))
            about = {
                'descr': np.lib.format.dtype_to_descr(first.dtype),
                'fortran_order': False,
                'shape': (count, *first.shape),
            }
            with archive.open(f'{name}.npy', 'w', force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, about)
                for row in itertools.chain([first], rows):
                    member.write(np.ascontiguousarray(row).data)


def read_npy(path: str | os.PathLike, wanted: Array) -> np.ndarray:
    """The array of a .npy. Raises as `read_npz`."""
    return parse(regular.content(path, limits.limit('arrays')), path, wanted)


def mapped(
    path: str | os.PathLike, wanted: Array, *, writable: bool = False
) -> np.ndarray:
    """The array of a .npy as a memory map. Raises as `read_npz`."""
    with regular.opened(path) as file:
        try:
            shape, fortran, dtype = header(file)
        except Exception as error:
            raise Unusable(f'{path}: no array of NumPy ({_said(error)})') from None
        first, size = file.tell(), os.fstat(file.fileno()).st_size
    if dtype.kind not in wanted.kinds or wanted.rank not in (None, len(shape)):
        raise Unusable(f'{path}: {len(shape)} axes of {quoted(str(dtype))}')
    count = math.prod(shape)
    if min(shape, default=0) < 0 or fortran or first + count * dtype.itemsize != size:
        raise Unusable(f'{path}: its header does not fit its content')
    if not count:  # an empty file cannot be mapped
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, 'r+' if writable else 'r', first, shape)


def let_go(values: np.ndarray) -> None:
    """Takes the pages of a memory map out of this process's memory; a system that
    cannot keeps them. They are read again from the disk where they are needed."""
    pages = getattr(values, '_mmap', None)
    if pages is not None and hasattr(mmap, 'MADV_DONTNEED'):
        pages.madvise(mmap.MADV_DONTNEED)


def parse(data: bytes, where: str | os.PathLike, wanted: Array) -> np.ndarray:
    """The array of the bytes of a .npy. Raises Unusable, as `read_npz`."""
    file = io.BytesIO(data)
    try:
        shape, fortran, dtype = header(file)
    except Exception as error:  # the text of a header can raise anything
        raise Unusable(f'{where}: no array of NumPy ({_said(error)})') from None
    count = _check(shape, dtype, where, wanted, len(data) - file.tell())
    if not dtype.itemsize:  # empty texts: no bytes, any number of them
        if count > len(data):
            raise Unusable(f'{where}: its header does not fit its content')
        return np.zeros(shape, dtype)
    flat = np.frombuffer(data, dtype, count, file.tell())
    array = flat.reshape(shape, order='F' if fortran else 'C')
    array = array.astype(dtype.newbyteorder('='))  # a copy that may be written to
    if dtype.kind == 'U' and array.size:
        points = np.ascontiguousarray(array).view(np.uint32)
        if points.max(initial=0) > HIGHEST:
            raise Unusable(f'{where}: there are characters that do not exist')
    return array


def _check(shape, dtype, where, wanted, size):
    """How many numbers there are; Unusable where they are not `size` wanted bytes."""
    if dtype.kind not in wanted.kinds:
        words = ' or '.join(dict.fromkeys(WORDS[kind] for kind in wanted.kinds))
        raise Unusable(f'{where} is of {quoted(str(dtype))}, wanted {words}')
    if wanted.rank not in (None, len(shape)):
        raise Unusable(f'{where} has {len(shape)} axes, wanted {wanted.rank}')
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or count * dtype.itemsize != size:
        raise Unusable(f'{where}: its header does not fit its content')
    return count


def header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, fortran order, dtype) of a .npy, at whose first byte `file` stands.

    Raises: anything, at something else.
    """
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise Unusable(f'version {version[0]}.{version[1]}')
    with warnings.catch_warnings(action='ignore'):  # of literals that look like calls
        return read(file)


def _said(error):
    """What an error says, in a few words of one line."""
    return quoted(' '.join(str(error).split()) or type(error).__name__)
