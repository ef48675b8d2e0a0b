"""Safetensors files: named arrays, and a few words beside them."""

import os
import pathlib
from collections.abc import Mapping

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save

from fer_jax.data import regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable


def write(
    path: pathlib.Path,
    arrays: Mapping[str, np.ndarray],
    notes: dict[str, str] | None = None,
) -> None:
    """Writes {name: array} and {name: text} as a safetensors file."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    path.write_bytes(save(contiguous, notes))


def read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """{name: array} of a safetensors file.

    Raises:
      Missing: no such file.
      Unusable: it is no such file, or was cut short.
    """
    return _read(path, load_file)


def notes(path: str | os.PathLike) -> dict[str, str]:
    """{name: text} of the words beside the arrays. Raises as `read`."""
    return _read(path, _notes)


def _notes(path):
    with safe_open(path, 'numpy') as file:
        return file.metadata() or {}


def _read(path, reader):
    with regular.opened(path):
        pass  # a reader would wait for a pipe
    try:
        return reader(path)
    except Exception as error:  # a damaged one, or types that NumPy lacks
        raise Unusable(f'no whole safetensors file ({quoted(str(error))})') from None
