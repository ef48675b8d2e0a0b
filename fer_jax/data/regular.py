"""Regular files alone: no pipe that never ends, no device, nothing too large."""

import os
import stat
from typing import BinaryIO

from fer_jax.data.limits import Limit
from fer_jax.errors import Missing, Unusable


def opened(path: str | os.PathLike) -> BinaryIO:
    """A binary file, open for reading.

    Raises:
      Missing: no such file.
      Unusable: a folder, a pipe, a device; or the system does not let it be read.
    """
    try:
        # a pipe would wait for a writer
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Missing(f'{path}: no such file') from None
    except (OSError, ValueError) as error:
        said = getattr(error, 'strerror', None) or 'no name of a file'
        raise Unusable(f'{path}: {said}') from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):
        os.close(number)
        kind = 'a folder, ' if stat.S_ISDIR(mode) else ''
        raise Unusable(f'{path}: {kind}not a file')
    return open(number, 'rb')


def content(path: str | os.PathLike, limit: Limit) -> bytes:
    """The bytes of a file. Raises as `opened`; Unusable beyond the limit."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit.most:
            raise Unusable(
                f'{path} has {size:,} bytes; wanted at most {limit.most:,}; '
                f'{limit.more}'
            )
        return file.read(size)
