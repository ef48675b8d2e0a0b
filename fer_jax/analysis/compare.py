"""Compares finished runs: a table on the screen, summary.json and a picture.

python -m fer_jax.analysis.compare RUN RUN ... --out=summary.json
"""

import argparse
import json
import pathlib
import sys

from rich.console import Console
from rich.table import Table

from fer_jax.analysis import plots, runs
from fer_jax.data import whole
from fer_jax.errors import Unusable

# Key of result.json, heading, and whether it is a share of the test set.
COLUMNS = {
    'last': 'last epoch',
    'last5': 'mean of last 5',
    'best_on_test': 'best (chosen on test!)',
    'auroc': 'AUROC',
    'average_precision': 'average precision',
    'precision_at_true_count': 'precision at true count',
}
ACCURACIES = ('last', 'last5', 'best_on_test')


def summary(found):
    """{run's name: {key of COLUMNS: fraction, or None where a run has none}}."""
    return {run.name: {key: run.result.get(key) for key in COLUMNS} for run in found}


def table(found):
    """The summary as a rich table: accuracies in %, detection as fractions."""
    grid = Table(
        title='Accuracy on clean test labels, and how well wrong ones are found'
    )
    grid.add_column('run')
    for heading in COLUMNS.values():
        grid.add_column(heading, justify='right')
    for name, values in summary(found).items():
        grid.add_row(name, *(written(key, values[key]) for key in COLUMNS))
    return grid


def written(key, value):
    """A value as the table shows it."""
    if value is None:
        return '-'
    return f'{100 * value:.1f} %' if key in ACCURACIES else f'{value:.3f}'


def main(arguments=None):
    """Runs a command line; returns the exit code."""
    parser = argparse.ArgumentParser('compare', description=__doc__)
    parser.add_argument('folders', nargs='+', metavar='RUN', help='folder of a run')
    parser.add_argument('--out', required=True, type=pathlib.Path, metavar='JSON')
    options = parser.parse_args(arguments)
    picture = options.out.with_suffix('.png')
    try:
        for path in (options.out, picture):
            whole.check_file(path)
        found = [runs.read(folder) for folder in options.folders]
    except (OSError, Unusable) as error:
        print(f'compare: {error}', file=sys.stderr)
        return 2
    Console().print(table(found))
    whole.write_text(options.out, json.dumps(summary(found), indent=1) + '\n')
    plots.comparison(found, picture)
    print(f'written: {options.out} and {picture}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
