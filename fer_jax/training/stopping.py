"""How a run is told to stop, and kept from being started twice."""

import contextlib
import fcntl
import os
import pathlib
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Any

from fer_jax.data import whole
from fer_jax.errors import Unusable

HEARD_EVERY_S = 0.05
LEFT = 'left behind'  # name of the threads of `heard`
ASKED = threading.Event()  # set by SIGTERM within `on_sigterm`, as signals are: for all


class Stopped(Exception):
    """The run was asked to stop."""


class AlreadyRunning(Unusable):
    """Another process trains in the same folder, or nobody can tell."""


@contextlib.contextmanager
def on_sigterm() -> Iterator[Callable[[], bool]]:
    """Within it SIGTERM asks instead of killing: yields stop() -> bool.

    Schedulers send SIGTERM some seconds before they take a machine away.
    """
    ASKED.clear()
    before = signal.signal(signal.SIGTERM, lambda *_: ASKED.set())
    try:
        yield ASKED.is_set
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Within it the first Ctrl-C is a SIGTERM: yields pressed() -> bool.

    An exception out of the blue may fall into a finaliser, where Python drops it, or
    into the saving of a checkpoint. The second Ctrl-C raises KeyboardInterrupt.
    """
    asked = threading.Event()

    def ask(*_):
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(2, b'\nstopping after this step; Ctrl-C again: at once, unsaved\n')
        signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # as in what a script starts in the background
        signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def heard(function: Callable[[], Any]) -> Any:
    """function() in a thread of its own, while this thread goes on hearing signals.

    Python answers a signal between two steps of its own, and compiling a program is one
    step, of minutes.

    Raises:
      Stopped: SIGTERM came within `on_sigterm`. The thread works on, so that the
        process has to end without a teardown (`left_behind`). Besides, what `function`
        raises.
    """
    ended = []

    def work():
        try:
            ended.append((function(), None))
        except BaseException as error:
            ended.append((None, error))

    thread = threading.Thread(target=work, name=LEFT, daemon=True)
    thread.start()
    while not ended:
        thread.join(HEARD_EVERY_S)
        if ASKED.is_set() and not ended:
            raise Stopped
    ((found, error),) = ended
    if error is not None:
        raise error
    return found


def left_behind() -> bool:
    """Whether a thread of `heard` is still at work."""
    return any(thread.name == LEFT for thread in threading.enumerate())


def _lock(path, flags):
    """Opens the lock of a run, which may not be there yet.

    Nothing else of that name: a link would have its target cut to nothing, a pipe would
    wait for a reader.
    """
    try:
        flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        number = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno in whole.FULL:
            raise
        said = error.strerror
    else:
        if stat.S_ISREG(os.fstat(number).st_mode):
            return number
        os.close(number)
        said = 'not a file'
    raise AlreadyRunning(
        f'{path}: {said}; this file tells whether another process trains there: make it'
        ' one that you may write to or, where none does, remove it'
    )


@contextlib.contextmanager
def alone(workdir: pathlib.Path) -> Iterator[None]:
    """Holds the folder of a run; the system lets go of it when the process dies.

    Raises:
      AlreadyRunning: another process holds it, or the lock cannot be opened.
      OSError: the disk is full.
    """
    with open(workdir / '.lock', 'r+', opener=_lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f'{workdir} is being trained by {file.read().strip()}; wait for it,'
                ' stop it, or name another --workdir'
            ) from None
        file.truncate(0)
        file.write(f'process {os.getpid()} on {socket.gethostname()}')
        file.flush()
        yield
