"""What became of the labels: how often each flipped, and where to (paper 2, Fig. 3).

    python launch.py relabels runs/scn runs/scn_c --out=flips.png

Methods that relabel may flip a label back and forth. A flip *returns* when it leads to
a label that the example had before, the given one included.
"""

import pathlib
import sys
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from fer_jax import doors, home
from fer_jax.analysis import plots, runs
from fer_jax.data import whole

COLUMNS = {
    'relabelled': 'relabelled at the end',
    'relabel_precision': 'of these, clean',
    'flips': 'flips',
    'returns': 'returning flips',
}


def flip_counts(run: runs.FinishedRun, most: int = 6) -> np.ndarray:
    """[most + 1] int: examples by the number of times that their label changed.

    The last entry counts `most` and more.
    """
    return np.bincount(np.minimum(run.labels.flips, most), minlength=most + 1)


def histogram(axes: Axes, found: Sequence[runs.FinishedRun], most: int = 6) -> None:
    """Examples by number of flips, a group of bars for each run, logarithmic."""
    width = 0.8 / len(found)
    for number, run in enumerate(found):
        counts = flip_counts(run, most)
        places = np.arange(1, most + 1) + (number - (len(found) - 1) / 2) * width
        bars = axes.bar(places, counts[1:], width, label=f'{run.name}: {said(run)}')
        axes.bar_label(bars, fontsize=min(8, 19 / len(found)), fmt='{:,.0f}')
    highest = max(flip_counts(run, most)[1:].max() for run in found)
    axes.set(
        xlabel='times that a label changed',
        ylabel='training examples',
        yscale='log',
        ylim=(0.7, 10 * max(highest, 1)),
        title='Relabelling back and forth',
    )
    axes.set_xticks(range(1, most + 1), [*map(str, range(1, most)), f'{most}+'])
    axes.legend(frameon=False)


def said(run: runs.FinishedRun) -> str:
    """'1,203 flips, 310 of them back to an earlier label'."""
    result = run.result
    if not result.get('flips'):
        return 'no flips'
    return f'{result["flips"]:,} flips, {result["returns"]:,} back to an earlier label'


def table(found: Sequence[runs.FinishedRun]) -> Table:
    """The counts of result.json, one row a run."""
    grid = Table(title='Relabelling')
    grid.add_column('run')
    for heading in COLUMNS.values():
        grid.add_column(heading, justify='right')
    for run in found:
        grid.add_row(run.name, *(written(run.result.get(key)) for key in COLUMNS))
    return grid


def written(value: float | None) -> str:
    """A count or a fraction as the table shows it."""
    if value is None:
        return '-'
    return f'{100 * value:.1f} %' if isinstance(value, float) else f'{value:,}'


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    return doors.run('relabels', lambda: relabels(arguments))


def relabels(arguments: Sequence[str] | None) -> int:
    """Runs a command line; returns the exit code, or raises."""
    parser = doors.Parser(f'{home.name()} relabels', description=__doc__)
    parser.add_argument('folders', nargs='+', metavar='RUN', help='folder of a run')
    parser.add_argument('--out', required=True, type=pathlib.Path, metavar='PNG')
    options = parser.parse_args(arguments)
    whole.check_file(options.out)
    found = [runs.read(folder) for folder in options.folders]
    Console().print(table(found))
    figure = Figure(figsize=(7, 4), layout='constrained', dpi=110)
    histogram(figure.subplots(), found)
    plots.write(figure, options.out)
    print(f'written: {options.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
