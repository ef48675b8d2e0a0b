"""Speed and memory of a run, and traces of its steps.

What is measured differs from run to run, and so is no part of what a run repeats to
the bit.
"""

import pathlib
import resource
import sys
from collections.abc import Callable
from typing import Any, Self

import jax

from fer_jax.errors import Unusable

SECONDS, SPEED, MEMORY = 'seconds', 'images_per_second', 'peak_memory_mb'
NAMES = (SECONDS, SPEED, MEMORY)  # of a row of metrics.jsonl
PEAK = 'peak_bytes_in_use'  # as XLA calls it
FOLDER = 'profile'  # of traces, in the folder of a run


def of_training(images: int, seconds: float) -> dict[str, float]:
    """What an epoch's training took, for its row of metrics.jsonl.

    Args:
      images: learned from.
      seconds: that took; compiling, where it was done, is among them.
    """
    return {SPEED: round(images / seconds, 2), MEMORY: peak_memory_mb()}


def peak_memory_mb() -> float:
    """The most memory that was in use until now, in MB of 10^6 bytes.

    Of the device of this host that used most; where devices do not count, as CPUs, of
    this process.
    """
    counts = [device.memory_stats() or {} for device in jax.local_devices()]
    used = [count[PEAK] for count in counts if PEAK in count]
    if used:
        return round(max(used) / 1e6, 1)
    unit = 1 if sys.platform == 'darwin' else 1024  # bytes of ru_maxrss
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def check(steps: range, first: int, total: int) -> None:
    """Raises Unusable when a run has none of `steps` to trace.

    Args:
      first: the step that it begins or goes on with, from 0 on.
      total: its steps.
    """
    if steps and max(first, steps.start) >= min(steps.stop, total):
        remedy = 'give some of them' if first < total else 'leave it out'
        raise Unusable(
            f'--profile={steps.start}:{steps.stop}: of the steps 0 to {total - 1:,} the'
            f' run has {total - first:,} to go; {remedy}'
        )


class Trace:
    """A trace of some steps, which TensorBoard and Perfetto show.

    Args:
      steps: which ones, from 0 on over the whole run; whole calls of the program are
        traced, so it may be a few more. An empty range: none.
      folder: where to write.
      say: called with a line when it is written.
    """

    def __init__(
        self, steps: range, folder: pathlib.Path, say: Callable[[str], object]
    ) -> None:
        self._steps, self._folder, self._say = steps, folder, say
        self._first: int | None = None  # of those under way
        self._last = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.under_way:
            self._write()

    @property
    def under_way(self) -> bool:
        """Whether a step now would be traced."""
        return self._first is not None

    def of(self, first: int, count: int, call: Callable[[], Any]) -> Any:
        """What call() returns; it takes `count` steps, the first of them `first`."""
        wanted, behind = self._steps, first + count
        if not wanted or behind <= wanted.start or first >= wanted.stop:
            return call()
        if not self.under_way:
            self._first = first
            jax.profiler.start_trace(self._folder, create_perfetto_trace=True)
        self._last = behind - 1
        result = call()
        if behind >= wanted.stop:
            jax.block_until_ready(result)
            self._write()
        return result

    def _write(self):
        jax.profiler.stop_trace()
        self._say(
            f'{self._folder}: a trace of the steps {self._first} to {self._last};'
            f' tensorboard --logdir={self._folder} (with its plugin xprof), or'
            ' ui.perfetto.dev, show it'
        )
        self._first = None
