"""Pickled arrays and containers of other programs, read without running any code.

A pickle is a program: `pickle.load`, `torch.load` and `np.load(allow_pickle=True)` run
whatever its author wrote into it. Here only the names of `_KNOWN` exist; they build
numbers, texts, plain containers and arrays, and everything else is refused before it
is looked up. NumPy's own constructors are not among them: they take raw bytes for
pointers when a pickle asks for arrays of objects. Three kinds of files are read: bare
pickles (CIFAR's batches), NumPy's .npy, and torch's .pt, a zip with data.pkl and raw
storages (bare pickles before 1.6).
"""

import io
import math
import pickle
import re
import zipfile

import numpy as np

from fer_jax.errors import Unusable

LEGACY_TORCH = 0x1950A86A20F9469CFC6C  # the first of the pickles in a .pt before 1.6


def read(path):
    """What the file at `path` holds: containers, numbers, texts and NumPy arrays.

    Raises:
      Unusable: something other than such data, or damaged; nothing of it was run.
    """
    with open(path, 'rb') as file:
        return load(file, path)


def load(file, name):
    """What a seekable binary file holds; `name` is for errors. Raises as `read`."""
    start = file.read(6)
    file.seek(0)
    if not start:
        raise Unusable(f'{name} is empty; get it again')
    try:
        if start.startswith(b'PK'):
            return _torch(zipfile.ZipFile(file))
        if start == np.lib.format.MAGIC_PREFIX:
            return _npy(file)
        found = _Reader(file).read()
        if isinstance(found, int) and found == LEGACY_TORCH:
            # its version and the system's sizes come before the object
            found = [_Reader(file).read() for _ in range(3)][-1]
        return found
    except Exception as error:  # a damaged pickle can raise anything
        said = ' '.join(str(error).split())  # one line
        raise Unusable(f'{name} cannot be read: {said}') from None


class _Reader(pickle.Unpickler):
    """Builds nothing but data."""

    def __init__(self, file, storage=None):
        # Python 2 wrote the CIFAR batches; its texts hold the bytes of arrays
        super().__init__(file, encoding='latin1')
        self._storage = storage

    def read(self):
        """The object, with arrays in the place of what stood for them."""
        return _plain(self.load())

    def find_class(self, module, name):
        known = _KNOWN.get(f'{module.replace("numpy._core", "numpy.core")}.{name}')
        if known is None:
            raise Unusable(
                f'its pickle asks for {module}.{name}, which is no plain data; '
                'nothing of it was run'
            )
        return known

    def persistent_load(self, key):
        if self._storage is None:
            raise Unusable('tensors of torch before 1.6; save it with a newer one')
        _, dtype, place, *_ = key
        return np.frombuffer(self._storage(place), dtype)


def _torch(archive):
    """The object that torch.save wrote, tensors as arrays."""
    table = next((n for n in archive.namelist() if n.endswith('data.pkl')), None)
    if table is None:
        raise Unusable('a zip without data.pkl, so not what torch.save writes')
    folder = table.removesuffix('data.pkl')
    reader = io.BytesIO(archive.read(table))
    return _Reader(reader, lambda key: archive.read(f'{folder}data/{key}')).read()


def _npy(file):
    """The array of a .npy file, or what its pickle holds."""
    version = np.lib.format.read_magic(file)
    wide = version != (1, 0)
    header = np.lib.format.read_array_header_2_0 if wide else (
        np.lib.format.read_array_header_1_0
    )  # fmt: skip
    if header(file)[-1].hasobject:
        return _Reader(file).read()
    file.seek(0)
    return np.load(file, allow_pickle=False)


class _DType:
    """What numpy.dtype stands for: the type of one number or text, or of objects."""

    def __init__(self, code, *_):
        if not re.fullmatch(r'[biufSU]\d+|O8?', code):
            raise Unusable(f'an array of {code}')
        self.code, self.order = code, '='

    def __setstate__(self, state):
        self.order = state[1]


class _Array:
    """What numpy's _reconstruct stands for; `values` when all is read."""

    def __init__(self, *_):
        self.values = None

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        if dtype.code.startswith('O'):  # data is a list then
            self.values = data if shape else data[0]
            return
        data = data.encode('latin1') if isinstance(data, str) else data
        flat = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
        self.values = flat.reshape(shape, order='F' if fortran else 'C')


def _scalar(dtype, data):
    """numpy.core.multiarray.scalar as the number or text that it stands for."""
    if dtype.code.startswith('O'):
        raise Unusable('a scalar of objects')
    data = data.encode('latin1') if isinstance(data, str) else data
    (value,) = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
    return value.item()


def _plain(found):
    """Containers with the values of each _Array."""
    if isinstance(found, _Array):
        return _plain(found.values)
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return type(found)(map(_plain, found))
    return found


def _tensor(storage, offset, size, stride, *_):
    """torch._utils._rebuild_tensor_v2 on an array."""
    steps = [math.prod(size[axis + 1 :]) for axis in range(len(size))]
    # a stride of one's own would reach beyond the storage
    if list(stride) != steps or offset < 0:
        raise Unusable('a tensor that is not contiguous; save a copy of it')
    return storage[offset : offset + math.prod(size)].reshape(size)


def _bytes(text, encoding):
    """_codecs.encode, as Python 3 writes bytes for Python 2."""
    if encoding != 'latin1':
        raise Unusable(f'bytes in the encoding {encoding}')
    return text.encode('latin1')


_KNOWN = {
    'collections.OrderedDict': dict,
    '_codecs.encode': _bytes,
    'numpy.ndarray': 'ndarray',  # an argument of the next but one
    'numpy.dtype': _DType,
    'numpy.core.multiarray._reconstruct': _Array,
    'numpy.core.multiarray.scalar': _scalar,
    'torch._utils._rebuild_tensor_v2': _tensor,
    'torch.LongStorage': '<i8',
    'torch.IntStorage': '<i4',
    'torch.ShortStorage': '<i2',
    'torch.CharStorage': '<i1',
    'torch.ByteStorage': '<u1',
}
