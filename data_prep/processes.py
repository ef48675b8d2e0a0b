"""One function over many things, on all cores, results in order."""

import collections
import concurrent.futures
import contextlib
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator

CHUNK = 32  # things that a process gets at a time


@contextlib.contextmanager
def spread(function: Callable, count: int) -> Iterator[Callable]:
    """Gives a function: an iterable of things -> their results, an iterator in order.

    On `count` processes, which are spawned, as a process that runs JAX cannot be
    forked. They end with this one, however it ends. With fewer than two, here.

    Args:
      function: a list of things -> the list of their results; picklable, as both are.
    """
    if count < 2:
        yield lambda many: _flat(map(function, _chunks(many)))
        return
    with concurrent.futures.ProcessPoolExecutor(
        count, multiprocessing.get_context('spawn'), initializer=_start
    ) as pool:

        def results(many):
            waiting = collections.deque()
            for chunk in _chunks(many):
                waiting.append(pool.submit(function, chunk))
                if len(waiting) > 4 * count:  # so many are ahead of the one who asks
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

        try:
            yield results
        finally:
            pool.shutdown(cancel_futures=True)


def _chunks(many):
    many = iter(many)
    return iter(lambda: list(itertools.islice(many, CHUNK)), [])


def _flat(chunks):
    for chunk in chunks:
        yield from chunk


def _start():
    """What a worker does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    """A parent that was killed cannot end its workers, and they would wait for ever."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
