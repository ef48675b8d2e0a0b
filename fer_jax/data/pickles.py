"""Pickled arrays and containers of other programs, read without running any code.

A pickle is a program: `pickle.load`, `torch.load` and `np.load(allow_pickle=True)` run
whatever its author wrote into it. Here it is read by a machine of ours (unpickling.py)
that knows the operations which build numbers, texts, plain containers and arrays, and
few names; everything else is refused before it is looked up. NumPy's own constructors
are not among them: they take raw bytes for pointers when a pickle asks for arrays of
objects. Three kinds of files are read: bare pickles (CIFAR's batches), NumPy's .npy,
and torch's .pt, a zip with data.pkl and raw storages (bare pickles before 1.6).

A small pickle can name one container many times, and containers of it, and so on: all
that a file holds is counted, as often as it is named, against LARGEST.
"""

import argparse
import io
import math
import os
import zipfile
from typing import Any

import numpy as np

from fer_jax.data import arrays, limits, regular
from fer_jax.data.quoting import printable
from fer_jax.data.unpickling import Budget, Machine
from fer_jax.errors import Unusable

LEGACY_TORCH = 0x1950A86A20F9469CFC6C  # the first of the pickles in a .pt before 1.6
LARGEST = 10**9  # bytes of a file, and of all that it holds
MORE = '--largest-file allows more'


def read(path: str | os.PathLike, most: int = LARGEST) -> Any:
    """What the file at `path` holds: containers, numbers, texts and NumPy arrays.

    Args:
      most: bytes of the file, and of what it holds.

    Raises:
      Missing: no such file.
      Unusable: something other than such data, damaged or too large; nothing of it was
        run.
    """
    return load(regular.content(path, limits.Limit(most, MORE)), path, most)


def load(data: bytes, name: str | os.PathLike, most: int = LARGEST) -> Any:
    """What the bytes of a file hold; `name` is for errors. Raises as `read`."""
    if not data:
        raise Unusable(f'{name} is empty; get it again')
    file, budget = io.BytesIO(data), Budget(limits.Limit(most, MORE))
    try:
        if data.startswith(b'PK'):
            return _torch(zipfile.ZipFile(file), budget)
        if data.startswith(np.lib.format.MAGIC_PREFIX):
            return _npy(file, budget)
        value = Machine(file, budget).read()
        if isinstance(value, int) and value == LEGACY_TORCH:
            # its version and the system's sizes come before the object
            value = [Machine(file, budget).read() for _ in range(3)][-1]
        return value
    except Exception as error:  # a damaged pickle can raise anything
        said = printable(' '.join(str(error).split()))[:200]  # one line
        raise Unusable(f'{name} cannot be read: {said}') from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the option that sets the limit to an argparse parser."""
    parser.add_argument(
        '--largest-file', type=float, default=LARGEST / 1e6, metavar='MB',
        help='a file is refused that is larger, or holds more; default:'
        f' {LARGEST / 1e6:g}',
    )  # fmt: skip


def largest_of(options: argparse.Namespace) -> int:
    """The limit in bytes that the option sets.

    Raises:
      Unusable: it is not above 0.
    """
    if not 0 < options.largest_file < math.inf:
        raise Unusable(f'--largest-file={options.largest_file}; wanted MB above 0')
    return int(options.largest_file * 1e6)


def _torch(archive, budget):
    """The object that torch.save wrote, tensors as arrays."""
    table = next((n for n in archive.namelist() if n.endswith('data.pkl')), None)
    if table is None:
        raise Unusable('a zip without data.pkl, so not what torch.save writes')
    folder = table.removesuffix('data.pkl')

    def member(name):
        budget.take(archive.getinfo(name).file_size)
        return archive.read(name)

    program = io.BytesIO(member(table))
    return Machine(program, budget, lambda key: member(f'{folder}data/{key}')).read()


def _npy(file, budget):
    """The array of a .npy file, or what its pickle holds."""
    if arrays.header(file)[-1].hasobject:
        return Machine(file, budget).read()
    return arrays.parse(file.getvalue(), 'its array', arrays.Array('biufSU'))
