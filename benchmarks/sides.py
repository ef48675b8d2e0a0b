"""Several programs timed in one run, in turns, so that other work hits all alike."""

import argparse
import functools
import multiprocessing
import os
import pathlib
import statistics
import time
from typing import NamedTuple

import jax

CLOCKS = {'wall': time.perf_counter, 'cpu': time.process_time}
ROUNDS = 5  # at least
EACH = 2  # measured in a turn, behind one in which caches and threads change hands


class Times(NamedTuple):
    """What `count` runs took, in one unit."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values), len(values))

    def __str__(self):
        return f'{self.median:.4g} ({self.least:.4g} to {self.most:.4g}, {self.count})'


def parser(description, threads):
    """An argument parser with the size of a network and how long it is timed."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument('--width', type=int, default=24)
    found.add_argument('--pixels', type=int, default=48)
    found.add_argument('--batch', type=int, default=64)
    found.add_argument('--seconds', type=float, default=20.0)
    found.add_argument('--threads', type=int, default=threads)
    found.add_argument('--clock', choices=CLOCKS, default='wall')
    return found


def timed(function, now, *given):
    """A run for `in_turns`: {'': seconds} of function(*given) of JAX, to its end."""

    def run():
        start = now()
        jax.block_until_ready(function(*given))
        return {'': now() - start}

    return run


class Apart:
    """A side in a process of its own: neither its heap nor threads of its that wait for
    work by spinning are in the other's way.

    make(*given) -> ({name: run}, said) is called there; both are to be pickled, `runs`
    here ask for those there, and `said` is here as it was said.
    """

    def __init__(self, make, *given):
        self._here, there = multiprocessing.Pipe()
        multiprocessing.get_context('spawn').Process(
            target=_serve, args=(there, make, given), daemon=True
        ).start()
        there.close()  # or its end would not be noticed
        names, self.said = self._here.recv()
        self.runs = {name: functools.partial(self._ask, name) for name in names}

    def _ask(self, name):
        self._here.send(name)
        return self._here.recv()


def _serve(asked, make, given):
    runs, said = make(*given)
    asked.send((list(runs), said))
    while True:
        asked.send(runs[asked.recv()]())


def in_turns(runs, seconds):
    """{name: {part: Times in ms}} of runs {name: () -> {part: seconds}}.

    The first round compiles and warms up, and is thrown away. It goes on for `seconds`,
    and for ROUNDS rounds at least.
    """
    spent = {name: {} for name in runs}
    for run in runs.values():
        run()
    end, rounds = time.perf_counter() + seconds, 0
    while rounds < ROUNDS or time.perf_counter() < end:
        for name, run in runs.items():
            run()
            for _ in range(EACH):
                for part, took in run().items():
                    spent[name].setdefault(part, []).append(1e3 * took)
        rounds += 1
    return {
        name: {part: Times.of(values) for part, values in parts.items()}
        for name, parts in spent.items()
    }


def machine():
    """'2 x AMD EPYC', as Linux says it."""
    try:
        lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if 'model name' in line]
    return f'{os.cpu_count()} x {names[0] if names else "a processor without a name"}'
