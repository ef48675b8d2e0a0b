"""Carries out the runs of a plan, one after the other, in folders of their own.

They are what `train` leaves: each goes on from its checkpoint, and a finished one is
passed over. One process does them all, so those of a method share what was compiled.
Several processes may do the same plan at once: each takes what no other is at.
"""

import contextlib
import functools
import pathlib
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from fer_jax.analysis import audit
from fer_jax.data import prepared, whole
from fer_jax.errors import Unusable
from fer_jax.sweeps import claims
from fer_jax.sweeps.plan import Planned
from fer_jax.training import (
    files,
    front,
    log,
    loop,
    results,
    setup,
    shared,
    stopping,
)

LONG_S = 24 * 3600  # the time left is by the mean speed of all runs so far


class Outcome(NamedTuple):
    """What became of the runs of a plan; names, in its order."""

    finished: list[str]
    failed: dict[str, str]  # name: why, in a line
    left: list[str]  # stopped, not begun, or of another process


class Watch(log.Watch):
    """A run of a sweep: its bar below that of all, and no lines of its own."""

    def __init__(
        self, bar: Progress, name: str, stop: Callable[[], bool], every: Any
    ) -> None:
        super().__init__(bar, name, stop)
        self._every, self._before = every, bar.tasks[every].completed

    def say(self, text: str) -> None:
        """Nothing: a sweep has a line for each run."""

    def epoch(self, number: int, epochs: int) -> None:
        """Names the epoch under way, and moves the bar of all."""
        super().epoch(number, epochs)
        done = self._before + (number - 1) / epochs
        self._bar.update(self._every, completed=done)

    def close(self) -> None:
        """Takes the run's bar away."""
        self._bar.remove_task(self._task)


def carry_out(
    plan: Sequence[Planned],
    workdir: pathlib.Path,
    stop: Callable[[], bool] = lambda: False,
    *,
    say: Callable[[str], object] | None = None,
    first: int | None = None,
) -> Outcome:
    """Trains what is not finished. A run that fails is named, and the next one begins.

    Args:
      plan: of plan.product, or by hand; `plan.check_folders` and `ready` were called.
      workdir: folder of the sweep, which holds those of the runs.
      stop: asked as loop.train does; True saves and ends.
      say: what shows a line for each run; None: a bar of all, with lines above it.
      first: of one of several jobs (sweeps.jobs), the run that it begins with, those
        before it coming last; None: this process is the sweep.

    Raises:
      OSError: the disk is full.
    """
    if first is None:
        claims.forget(workdir, [run.name for run in plan])
    left = [run for run in plan if to_do(workdir / run.name)]
    place = {run.name: number for number, run in enumerate(plan, 1)}
    left.sort(key=lambda run: place[run.name] <= (first or 0))
    with shared.kept(), progress(shown=say is None) as bar:
        every = bar.add_task(
            f'{len(plan)} runs', total=len(plan), completed=len(plan) - len(left)
        )
        told = say or (lambda line: bar.console.print(Text(line), soft_wrap=True))
        for number, run in enumerate(left, len(plan) - len(left)):
            if stop():
                break
            watch = Watch(bar, run.name, stop, every)
            said = attempt(run, workdir, watch)
            watch.close()
            bar.update(every, completed=number + 1)
            if said:
                told(f'{place[run.name]}/{len(plan)} {run.name}: {said}')
    return outcome(plan, workdir)


def outcome(plan: Sequence[Planned], workdir: pathlib.Path) -> Outcome:
    """The Outcome, as the folders say it."""
    names = [run.name for run in plan]
    finished = [name for name in names if files.finished(workdir / name)]
    failed = claims.failed(workdir, names)
    left = [name for name in names if name not in {*finished, *failed}]
    return Outcome(finished, failed, left)


def to_do(folder: pathlib.Path) -> bool:
    """Whether something is left to do for the run in a folder."""
    return not (files.finished(folder) and files.audited(folder))


def ready(plan: Sequence[Planned]) -> None:
    """Makes the features that runs learn from, where they are not there: before
    signals are no more than heard, for it may take long.

    Raises:
      Unusable: a data set that is none.
    """
    load = functools.cache(prepared.load)
    seen = set()
    for run in plan:
        config = run.read()
        given = config.data
        kind = (
            given.dir, given.source, given.features, given.max_train, given.subset_seed
        )  # fmt: skip
        if kind in seen:
            continue
        seen.add(kind)
        data = load(given.dir)
        if given.source == 'features':
            front.found(config, data)


def attempt(run: Planned, workdir: pathlib.Path, watch: log.Watch) -> str:
    """Tries a run; returns what to say of it, '' of one that was stopped, failed before
    or is another process's.

    Raises:
      OSError: the disk is full.
    """
    with (
        contextlib.suppress(stopping.AlreadyRunning),
        claims.claimed(workdir, run.name),
    ):
        if claims.failed(workdir, [run.name]) or not to_do(workdir / run.name):
            return ''  # meanwhile
        try:
            return train(run, workdir / run.name, watch)
        except stopping.AlreadyRunning:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in whole.FULL:
                raise
            why = ' '.join(f'{error}'.split())
            if not isinstance(error, Unusable | FloatingPointError | OSError):
                traceback.print_exception(error)
                why = f'a fault of this program, {type(error).__name__}: {why}'
            claims.fail(workdir, run.name, why)
            return f'failed: {why}'
    return ''


def train(run: Planned, folder: pathlib.Path, watch: log.Watch) -> str:
    """Trains a run to its end; returns a line about it, '' when stopped."""
    begun = setup.prepare(run.read(), folder)
    if not loop.finished(begun) and loop.train(begun, watch=watch) is None:
        return ''
    if not files.audited(folder):
        audit.in_passing(folder)
    return numbers(folder)


def numbers(folder: pathlib.Path) -> str:
    """A finished run in a line."""
    result = files.read_result(folder)
    mean = results.mean_of(result['config']['epochs'])
    said = f'test {result["last5"]:.2%}, {mean}'
    if 'auroc' in result:
        said += f'; AUROC of wrong labels {result["auroc"]:.3f}'
    return f'{said}; {result["seconds"]:.0f} s'


def progress(*, shown: bool) -> Progress:
    """The bar over all runs of a sweep, and over the images of the one under way."""
    return Progress(
        TextColumn('{task.description}', markup=False),
        BarColumn(),
        TextColumn('{task.percentage:>3.0f} %'),
        TimeRemainingColumn(elapsed_when_finished=True),
        speed_estimate_period=LONG_S,
        disable=not shown,
    )
