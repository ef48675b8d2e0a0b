"""How a run is told to stop, and kept from being started twice."""

import contextlib
import fcntl
import os
import signal
import socket
import threading


class Stopped(Exception):
    """The run was asked to stop."""


class AlreadyRunning(ValueError):
    """Another process trains in the same folder."""


@contextlib.contextmanager
def on_sigterm():
    """Within it SIGTERM asks instead of killing: yields stop() -> bool.

    Schedulers send SIGTERM some seconds before they take a machine away.
    """
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def on_ctrl_c():
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


@contextlib.contextmanager
def alone(workdir):
    """Holds the folder of a run; the system lets go of it when the process dies.

    Raises:
      AlreadyRunning: another process holds it.
    """
    with open(workdir / '.lock', 'a+') as file:
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
