"""Files and folders that are written whole or not at all."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket

from fer_jax.errors import Unusable


class Damaged(Unusable):
    """A file is not what was once written; the message names it and what to do."""


@contextlib.contextmanager
def replacing(path):
    """Opens a new binary file that takes the place of `path` when the block ends well.

    A process that dies in the block, a full disk or an error leaves the old file as it
    was; nothing half-written ever carries the final name.
    """
    path = pathlib.Path(path)
    # hosts may share the folder, and containers their process numbers
    own = f'{socket.gethostname()}.{os.getpid()}'
    partial = path.with_name(f'.{path.name}.{own}.partial')
    try:
        with open(partial, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path, text):
    """Puts `text` (UTF-8) into the file at `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


@contextlib.contextmanager
def folder(path, *, replace=False, keep=''):
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
    taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
    if taken and not replace:
        raise Unusable(f'{path} exists already; name another folder or remove it')
    partial = path.with_name(f'.{path.name}.{keep or os.getpid()}.partial')
    partial.mkdir(parents=True, exist_ok=bool(keep))
    try:
        with _alone(partial):
            yield partial
            if taken:
                old = path.with_name(f'.{path.name}.{os.getpid()}.old')
                path.rename(old)
            partial.rename(path)
        if taken:
            shutil.rmtree(old)
    finally:
        if not keep:
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # renamed, or something is in it
                partial.rmdir()


@contextlib.contextmanager
def _alone(folder):
    """Holds a folder; the system lets go of it when the process dies."""
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(
                f'{folder} is being written by another process; wait for it or stop it'
            ) from None
        yield
    finally:
        os.close(held)
