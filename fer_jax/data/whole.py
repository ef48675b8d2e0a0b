"""Files and folders that are written whole or not at all."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import os
import pathlib
import shutil
import socket
from collections.abc import Iterator
from typing import BinaryIO

from fer_jax.errors import Unusable

FULL = (errno.ENOSPC, errno.EDQUOT)  # numbers of an OSError on a full disk


class Damaged(Unusable):
    """A file is not what was once written; the message names it and what to do."""


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Opens a new binary file that takes the place of `path` when the block ends well.

    A process that dies in the block, a full disk or an error leaves the old file as it
    was; nothing half-written ever carries the final name.
    """
    path = pathlib.Path(path)
    partial = _partial(path, _own())
    try:
        with named(path, partial), open(partial, 'wb') as file:
            with contextlib.suppress(OSError):
                _held(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Puts `text` (UTF-8) into the file at `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def file_sum(path: str | os.PathLike) -> str:
    """sha256 of a file's content, in hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


@contextlib.contextmanager
def named(path: str | os.PathLike, partial: str | os.PathLike = '') -> Iterator[None]:
    """An OSError of the block that names no file, as of a full disk, names `path`.

    Args:
      partial: what `path` is called as yet; an error that names it names `path`, too.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, os.fspath(partial)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def check_file(path: str | os.PathLike) -> None:
    """Raises OSError when no file can be written at `path`; before the work is done."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    _try(_partial(path, _own()), path)


def check_folder(path: str | os.PathLike) -> None:
    """Raises OSError when nothing can be written into a folder at `path`.

    The folder, and those above it, need not be there; nothing is left of the trial.
    """
    path = there = pathlib.Path(path).absolute()
    while not there.exists():  # names of the system's limit are refused here
        there = there.parent
    if not there.is_dir():
        code = errno.EEXIST if there == path else errno.ENOTDIR
        raise OSError(code, 'there is a file of this name', str(there))
    _try(_partial(there / 'trial', _own()), path)


def taken(path: str | os.PathLike) -> bool:
    """Whether there is something at `path`, other than an empty folder."""
    path = pathlib.Path(path)
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def clear(path: str | os.PathLike) -> None:
    """Removes what processes left below the folder `path` that died while writing.

    What a process writes at this moment stays, for it holds it.
    """
    for partial in sorted(pathlib.Path(path).rglob('.*.partial'), reverse=True):
        _remove_unheld(partial)


def _try(partial, path):
    """Writes and removes an empty file; a refusal is one of `path`."""
    try:
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _partial(path, own):
    """What `path` is called until it is whole."""
    return path.with_name(f'.{path.name}.{own}.partial')


def _own():
    """Hosts may share a folder, and containers their process numbers."""
    return f'@{socket.gethostname()}.{os.getpid()}'


def _held(number):
    """Holds an open file or folder until it is closed; False where another does.

    Raises:
      OSError: this file system has no locks.
    """
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_unheld(path):
    with contextlib.suppress(OSError):  # renamed, not ours, on a disk without locks
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not _held(number):
                return
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        finally:
            os.close(number)


@contextlib.contextmanager
def folder(
    path: str | os.PathLike, *, replace: bool = False, keep: str = ''
) -> Iterator[pathlib.Path]:
    """A new folder that gets its name `path` when the block ends well, else is removed.

    Args:
      replace: the folder that is there already goes then, too.
      keep: what the folder will hold, as a word for file names. With it, what a block
        leaves that does not end well stays, and the next block of the same word gets
        that folder: it is to judge what is in it.

    Raises:
      Unusable: there is something at `path` already, or another process holds the
        folder of that word.
    """
    path = pathlib.Path(path).absolute()
    there = taken(path)
    if there and not replace:
        raise Unusable(f'{path} exists already; name another folder or remove it')
    partial = _partial(path, keep or _own())
    if not keep:
        _remove_unheld(partial)  # process numbers come again
    partial.mkdir(parents=True, exist_ok=bool(keep))
    with named(path), _alone(partial):
        try:
            yield partial
            old = _partial(path, f'{_own()}.old')
            if there:
                path.rename(old)
            partial.rename(path)
            for left in path.parent.glob(f'.{glob.escape(path.name)}.@*.partial'):
                _remove_unheld(left)  # `old`, and what died
        except KeyboardInterrupt as stop:
            if keep:
                stop.args = ('stopped; the same command goes on',)
            raise
        finally:
            if not keep:
                shutil.rmtree(partial, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):  # renamed, or something is in it
                    partial.rmdir()


@contextlib.contextmanager
def _alone(folder):
    """Holds a folder; the system lets go of it when the process dies."""
    number = os.open(folder, os.O_RDONLY)
    try:
        if not _held(number):
            raise Unusable(
                f'{folder} is being written by another process; wait for it or stop it'
            )
        yield
    finally:
        os.close(number)
