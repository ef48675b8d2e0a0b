"""What a run says while it goes: metrics.jsonl, TensorBoard and the console."""

import contextlib
import math
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from tensorboardX import SummaryWriter

from fer_jax.data import whole
from fer_jax.training import files, stopping
from fer_jax.training.pace import Pace


class Log:
    """One row an epoch, as a line of JSON and as TensorBoard scalars.

    Opened on a run that goes on from epoch `epochs`, it drops the rows behind it: a run
    that died between its log and its checkpoint repeats the epoch. Without `writing`,
    on all hosts but the first, it only keeps the rows.
    """

    def __init__(
        self, workdir: pathlib.Path, epochs: int, *, writing: bool = True
    ) -> None:
        self._workdir = workdir
        self.rows = [r for r in files.read_rows(workdir) if r['epoch'] <= epochs]
        if len(self.rows) != epochs:
            raise whole.Damaged(
                f'{workdir / files.ROWS} has {len(self.rows)} rows, the checkpoint has'
                f' {epochs} epochs; put the file that belongs to the checkpoints in its'
                ' place'
            )
        self._board = None
        self._others: list[Callable[[dict[str, Any]], None]] = []
        if not writing:
            return
        files.write_rows(workdir, self.rows)
        step = self.rows[-1]['step'] + 1 if self.rows else 0
        self._board = SummaryWriter(str(workdir / 'tensorboard'), purge_step=step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._board:
            self._board.close()

    def send_to(self, other: Callable[[dict[str, Any]], None]) -> None:
        """Gives each row to `other`, too, from now on."""
        self._others.append(other)

    def write(self, row: dict[str, Any]) -> None:
        """Appends one row; it must have 'step' and 'epoch'."""
        self.rows.append(row)
        if not self._board:
            return
        files.append_row(self._workdir, row)
        for name, value in row.items():
            if isinstance(value, float) and math.isfinite(value):
                self._board.add_scalar(name, value, row['step'])
        self._board.flush()
        for other in self._others:
            other(row)


class Rate(ProgressColumn):
    """Images per second, learned from and looked at."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text('' if speed is None else f'{speed:,.0f} images/s')


def progress(*, shown: bool = True) -> Progress:
    """A progress bar over all images of a run; nothing where there is no screen."""
    return Progress(
        TextColumn('{task.description}', markup=False),  # [a] is a name
        BarColumn(),
        TextColumn('{task.percentage:>3.0f} %'),
        Rate(),
        TimeRemainingColumn(),
        console=Console(quiet=not shown),
    )


class Watch:
    """What a run shows while it works, and the question whether to stop.

    Args:
      bar: from `progress`.
      name: of the run.
      stop: () -> bool.
    """

    def __init__(self, bar: Progress, name: str, stop: Callable[[], bool]) -> None:
        self._bar, self._name, self.stop = bar, name, stop
        self._task = bar.add_task(name, total=None)

    def say(self, text: str) -> None:
        """Prints a line above the bar."""
        self._bar.console.print(Text(text), soft_wrap=True)

    def start(self, images: int, pace: Pace) -> None:
        """Sets how many images there are to look at, and what tells the time left."""
        self._bar.update(self._task, total=images)
        self._pace = pace

    def epoch(self, number: int, epochs: int) -> None:
        """Names the epoch under way."""
        self._bar.update(self._task, description=f'{self._name} {number}/{epochs}')

    def show(self, images: int) -> None:
        """Moves the bar by `images`."""
        self._bar.advance(self._task, images)

    def learned(self, images: int) -> None:
        """Moves the bar by `images` that were learned from; says what time is left."""
        self.show(images)
        told = self._pace.learned(images)
        if told:
            self.say(f'{self._name}: {told}')

    def advance(self, images: int) -> None:
        """Moves the bar by `images` that were looked at.

        Raises:
          Stopped: when asked to stop.
        """
        self.show(images)
        self._pace.looked(images)
        if self.stop():
            raise stopping.Stopped


@contextlib.contextmanager
def watching(
    name: str, stop: Callable[[], bool], *, shown: bool, watch: Watch | None
) -> Iterator[Watch]:
    """Yields `watch` or, where there is none, a Watch with a bar of its own."""
    if watch is not None:
        yield watch
        return
    with progress(shown=shown) as bar:
        yield Watch(bar, name, stop)


def sentence(name: str, row: dict[str, Any], epochs: int) -> str:
    """One epoch in a line."""
    text = (
        f'{name} epoch {row["epoch"]:>{len(str(epochs))}}/{epochs}'
        f'  loss {row["train/loss"]:.3f}  test {row["test/accuracy"]:.2%}'
    )
    if 'noise/auroc' in row:
        text += f'  AUROC of wrong labels {row["noise/auroc"]:.3f}'
    return f'{text}  {row["seconds"]:.1f} s'
