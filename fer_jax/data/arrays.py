"""NumPy's .npy and .npz files, read with care: each array as wanted, or refused.

NumPy itself takes what a header says at its word: it makes arrays of any size before a
byte is read, evaluates what stands for a shape, and raises anything at a damaged file.
Here a header has to describe the bytes that follow it, objects are refused, members are
counted and measured before they are unpacked, and the sums of a .npz are compared. (A
.npy has no sum: which of its bits has changed cannot be told from its file alone.)
"""

import io
import os
import warnings
import zipfile
from typing import NamedTuple

import numpy as np

from fer_jax.data import regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

LARGEST = 1 << 30  # bytes of the arrays of a file, unless the file itself has more
HIGHEST = 0x10FFFF  # of the characters
WORDS = {
    'b': 'truth values', 'i': 'whole numbers', 'u': 'whole numbers', 'f': 'numbers',
    'S': 'bytes', 'U': 'texts',
}  # fmt: skip


class Array(NamedTuple):
    """What an array has to be."""

    kinds: str  # of NumPy's dtype.kind, those of WORDS
    rank: int | None = None  # number of axes; None: any


def read_npz(path, wanted, *, most=LARGEST):
    """{name: array} of a .npz.

    Args:
      path: the file.
      wanted: {name: Array} of what it has to hold; others are not read.
      most: bytes of the wanted arrays together, unless the file itself has more.

    Raises:
      Missing: no such file.
      Unusable: another file, a damaged one, or other arrays.
    """
    with regular.opened(path) as file:
        try:
            most = max(most, os.fstat(file.fileno()).st_size)
            with zipfile.ZipFile(file) as archive:
                members = _members(path, archive, wanted, most)
                data = {name: archive.read(one) for name, one in members.items()}
        except Unusable:
            raise
        except Exception as error:  # a damaged zip can raise anything
            raise Unusable(f'{path}: no whole .npz ({_said(error)})') from None
    return {
        name: parse(content, f'{path}: {name}', wanted[name])
        for name, content in data.items()
    }


def _members(path, archive, wanted, most):
    """{name: ZipInfo} of the wanted arrays, none of them too large."""
    found = {}
    for one in archive.infolist():
        name = one.filename.removesuffix('.npy')
        if name in found:
            raise Unusable(f'{path}: {quoted(name)} is in it twice')
        found[name] = one
    for name in wanted:
        if name not in found:
            raise Unusable(f'{path}: there is no {name} in it')
    size = sum(found[name].file_size for name in wanted)
    if size > most:
        raise Unusable(f'{path}: arrays of {size:,} bytes; wanted at most {most:,}')
    return {name: found[name] for name in wanted}


def read_npy(path, wanted, *, most=LARGEST):
    """The array of a .npy, of at most `most` bytes. Raises as `read_npz`."""
    return parse(regular.content(path, most), path, wanted)


def parse(data, where, wanted):
    """The array of the bytes of a .npy. Raises Unusable, as `read_npz`."""
    file = io.BytesIO(data)
    try:
        shape, fortran, dtype = header(file)
    except Exception as error:  # the text of a header can raise anything
        raise Unusable(f'{where}: no array of NumPy ({_said(error)})') from None
    if dtype.kind not in wanted.kinds:
        words = ' or '.join(dict.fromkeys(WORDS[kind] for kind in wanted.kinds))
        raise Unusable(f'{where} is of {quoted(str(dtype))}, wanted {words}')
    if wanted.rank not in (None, len(shape)):
        raise Unusable(f'{where} has {len(shape)} axes, wanted {wanted.rank}')
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or file.tell() + count * dtype.itemsize != len(data):
        raise Unusable(f'{where}: its header does not fit its content')
    if not dtype.itemsize:  # empty texts: no bytes, any number of them
        if count > len(data):
            raise Unusable(f'{where}: its header does not fit its content')
        return np.zeros(shape, dtype)
    flat = np.frombuffer(data, dtype, count, file.tell())
    found = flat.reshape(shape, order='F' if fortran else 'C')
    found = found.astype(dtype.newbyteorder('='))  # a copy that may be written to
    if dtype.kind == 'U' and found.size:
        points = np.ascontiguousarray(found).view(np.uint32)
        if points.max(initial=0) > HIGHEST:
            raise Unusable(f'{where}: there are characters that do not exist')
    return found


def header(file):
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
