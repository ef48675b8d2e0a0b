"""Safetensors files: named arrays, and a few words beside them."""

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from fer_jax.errors import Unusable


def write(path, arrays, notes=None):
    """Writes {name: array} and {name: text} as a safetensors file."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    path.write_bytes(save(contiguous, notes))


def read(path):
    """{name: array} of a safetensors file.

    Raises:
      Unusable: it is no such file, or was cut short.
    """
    try:
        return load_file(path)
    except SafetensorError as error:
        raise Unusable(f'no whole safetensors file ({error})') from None
