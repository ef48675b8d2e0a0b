"""Archives of strangers: files of a tar, and no more of it than was agreed upon."""

import bz2
import contextlib
import gzip
import lzma
import os
import pathlib
import tarfile
from collections.abc import Iterable

from fer_jax.data import limits, regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

PACKERS = {b'\x1f\x8b': gzip.open, b'BZ': bz2.open, b'\xfd7': lzma.open}


def unpacked(
    path: str | os.PathLike, names: Iterable[str], most: int
) -> dict[str, bytes]:
    """{name: bytes} of the files in a tar, packed or not, that have these names.

    Args:
      path: the archive.
      names: of the files, without their folders.
      most: bytes of the archive when it is unpacked.

    Raises:
      Missing: no such archive.
      Unusable: it lacks one of the files, is damaged, or too large.
    """
    try:
        return _unpacked(path, names, most)
    except Unusable:
        raise
    except KeyError as error:
        raise Unusable(f'{path}: no {error} in it; is it another set?') from None
    except _TooMuch as error:
        raise Unusable(f'{path}: {error}') from None
    except Exception as error:  # a damaged archive can raise anything
        said = quoted(str(error))
        raise Unusable(f'{path} is damaged ({said}); get it again') from None


def _unpacked(path, names, most):
    members, allowed = {}, limits.limit('members')
    with regular.opened(path) as packed:
        start = packed.peek(6)
        unpack = next((PACKERS[magic] for magic in PACKERS if start[:2] == magic), None)
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(unpack(packed)) if unpack else packed
            archive = stack.enter_context(
                tarfile.open(fileobj=_Measured(plain, most), mode='r:')
            )
            for number, member in enumerate(archive):
                if number == allowed.most:
                    raise _TooMuch(
                        f'more than {allowed.most:,} members; is it another set? '
                        f'{allowed.more}'
                    )
                if member.isreg() and member.size > most:
                    raise _TooMuch(_words(most))
                if member.isreg():
                    members[pathlib.PurePosixPath(member.name).name] = member
            return {name: archive.extractfile(members[name]).read() for name in names}


class _TooMuch(Exception):
    """An archive beyond its limits."""


class _Measured:
    """A file of which no more than the first `most` bytes are read or passed over."""

    def __init__(self, file, most):
        self._file, self._most = file, most
        self.tell = file.tell

    def read(self, size):
        """As a file's; _TooMuch beyond the limit."""
        self._check(self.tell() + size)
        return self._file.read(size)

    def seek(self, place):
        """As a file's; _TooMuch beyond the limit."""
        self._check(place)
        return self._file.seek(place)

    def _check(self, place):
        if place > self._most + tarfile.RECORDSIZE:
            raise _TooMuch(_words(self._most))


def _words(most):
    return f'unpacked it has more than {most:,} bytes; --largest-file allows more'
