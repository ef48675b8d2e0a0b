"""Compares finished runs: a table on the screen, summary.json and a picture.

python launch.py compare runs/baseline runs/resup --out=runs/both.json
"""

import json
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from fer_jax import doors, home
from fer_jax.analysis import plots, runs
from fer_jax.data import whole
from fer_jax.training import results

# Key of result.json and heading.
COLUMNS = {
    'last': 'last epoch',
    'last5': 'mean of last 5',
    'best_on_test': 'best (chosen on test!)',
    'auroc': 'AUROC',
    'average_precision': 'average precision',
    'precision_at_true_count': 'precision at true count',
}
ACCURACIES = ('last', 'last5', 'best_on_test')
# What tells in result.json from which images and labels a run has its numbers.
DATA = ('dataset_digest', 'noise_list_sha256', 'corrections_sha256', 'train_examples')


def told_apart(found: Sequence[runs.FinishedRun]) -> dict[str, runs.FinishedRun]:
    """Runs by a name of their own: that of the folder, its path where two share it."""
    names = [run.name for run in found]
    return {
        name if names.count(name) == 1 else str(run.folder): run
        for name, run in zip(names, found)
    }


def marks(found: dict[str, runs.FinishedRun]) -> dict[str, str]:
    """{run's name: 'A', 'B' ...}, a letter for each data; {} when all have the same.

    Accuracies on other test images, or after other wrong labels, do not compare.
    """
    data = {
        name: tuple(run.result.get(key) for key in DATA) for name, run in found.items()
    }
    kinds = [*dict.fromkeys(data.values())]
    if len(kinds) < 2:
        return {}
    return {name: chr(ord('A') + kinds.index(kind)) for name, kind in data.items()}


def summary(found: dict[str, runs.FinishedRun]) -> dict[str, dict[str, Any]]:
    """{run's name: {key of COLUMNS: fraction, or None where a run has none}}.

    And `data`, its mark, where the runs are not all of the same data.
    """
    marked = marks(found)
    return {
        name: {key: run.result.get(key) for key in COLUMNS}
        | ({'data': marked[name]} if marked else {})
        for name, run in found.items()
    }


def table(found: dict[str, runs.FinishedRun]) -> Table:
    """The summary as a rich table: accuracies in %, detection as fractions."""
    grid = Table(
        title='Accuracy on clean test labels, and how well wrong ones are found'
    )
    grid.add_column('run')
    of = {min(len(run.rows), results.LAST) for run in found.values()}
    headings = COLUMNS | {'last5': f'mean of last {" or ".join(map(str, sorted(of)))}'}
    marked = marks(found)
    for heading in (*headings.values(), *(['data'] if marked else [])):
        grid.add_column(heading, justify='right')
    for name, values in summary(found).items():
        cells = [written(key, values[key]) for key in COLUMNS]
        grid.add_row(name, *cells, *([marked[name]] if marked else []))
    return grid


def written(key: str, value: float | None) -> str:
    """A value as the table shows it."""
    if value is None:
        return '-'
    return f'{100 * value:.1f} %' if key in ACCURACIES else f'{value:.3f}'


def differing(found: dict[str, runs.FinishedRun]) -> Iterator[str]:
    """A line for each data that the runs have, when they have not all the same."""
    marked = marks(found)
    for letter in sorted(set(marked.values())):
        name = next(name for name in marked if marked[name] == letter)
        result = found[name].result
        yield (
            f'data {letter}: set {result["dataset_digest"][:12]},'
            f' {result["train_examples"]:,} training examples, noise list'
            f' {(result["noise_list_sha256"] or "none")[:12]}, corrections'
            f' {(result.get("corrections_sha256") or "none")[:12]}'
        )
    if marked:
        yield 'runs of different data do not compare: compare those of one letter'


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    return doors.run('compare', lambda: compare(arguments))


def compare(arguments: Sequence[str] | None) -> int:
    """Runs a command line; returns the exit code, or raises."""
    parser = doors.Parser(f'{home.name()} compare', description=__doc__)
    parser.add_argument('folders', nargs='+', metavar='RUN', help='folder of a run')
    parser.add_argument('--out', required=True, type=pathlib.Path, metavar='JSON')
    options = parser.parse_args(arguments)
    picture = options.out.with_suffix('.png')
    for path in (options.out, picture):
        whole.check_file(path)
    found = told_apart([runs.read(folder) for folder in options.folders])
    Console().print(table(found))
    for line in differing(found):
        print(line)
    whole.write_text(options.out, json.dumps(summary(found), indent=1) + '\n')
    for line in plots.comparison(found, picture, marks(found)):
        print(line)
    print(f'written: {options.out} and {picture}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
