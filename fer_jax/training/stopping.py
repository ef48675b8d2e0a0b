"""How a run is told to stop, and kept from being started twice."""

import contextlib
import errno
import fcntl
import os
import signal
import socket
import stat
import threading

from fer_jax.errors import Unusable

HEARD_EVERY_S = 0.05
LEFT = 'left behind'  # name of the threads of `heard`
ASKED = threading.Event()  # set by SIGTERM within `on_sigterm`, as signals are: for all


class Stopped(Exception):
    """The run was asked to stop."""


class AlreadyRunning(Unusable):
    """Another process trains in the same folder."""


@contextlib.contextmanager
def on_sigterm():
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


def heard(function):
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


def left_behind():
    """Whether a thread of `heard` is still at work."""
    return any(thread.name == LEFT for thread in threading.enumerate())


@contextlib.contextmanager
def alone(workdir):
    """Holds the folder of a run; the system lets go of it when the process dies.

    Raises:
      AlreadyRunning: another process holds it.
      OSError: the lock cannot be opened, or is no file of this folder.
    """
    path = workdir / '.lock'
    # a link would have its target cut to nothing, a pipe would wait for a reader
    opening = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(path, opening, 0o666), 'r+') as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileExistsError(errno.EEXIST, 'the lock is no file', str(path))
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
