"""Compares finished runs: a table on the screen, summary.json and a picture.

python launch.py compare runs/baseline runs/resup --out=runs/both.json
python launch.py compare sweeps/first --out=sweeps/first.json --against=baseline

Runs that differ in their seeds alone are one line: their mean +- standard deviation.
A folder of runs, as a sweep leaves it, stands for those that are finished.
"""

import json
import pathlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from fer_jax import doors, home
from fer_jax.analysis import cases, groups, plots
from fer_jax.analysis.groups import Group
from fer_jax.data import whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.numerics import comparison
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
COMPARED = 'last5'  # whose differences are given, with intervals
WIDE = 160  # characters of a table in a file or a pipe, at most


def summary(
    found: Sequence[Group], marked: dict[str, str], against: dict[str, Group]
) -> dict[str, dict[str, Any]]:
    """{group's name: {key of COLUMNS: fraction, mean of its runs; None: it has none}}.

    Of several runs also `runs`, `seeds` and `deviation`, the same keys; `data`, the
    mark, where not all are of the same data; and, beside another group, `difference`.

    Args:
      marked: of groups.marks.
      against: {group's name: the group that it is held against}.
    """
    told = {}
    for group in found:
        spreads = {key: spread_of(group, key) for key in COLUMNS}
        line: dict[str, Any] = {key: one and one.mean for key, one in spreads.items()}
        if len(group.runs) > 1:
            deviations = {key: one and one.deviation for key, one in spreads.items()}
            line |= {
                'runs': len(group.runs),
                'seeds': [seed for seed, _ in group.seeds],
                'deviation': deviations,
            }
        if marked:
            line['data'] = marked[group.name]
        if group.name in against:
            line['difference'] = difference(group, against[group.name])
        told[group.name] = line
    return told


def spread_of(group: Group, key: str) -> comparison.Spread | None:
    """The Spread of a number of a group's runs; None unless all have it."""
    values = group.values(key)
    return comparison.spread(values) if len(values) == len(group.runs) else None


def difference(group: Group, other: Group) -> dict[str, Any]:
    """{'to', 'of', 'mean', 'interval', 'seeds'}: how far a group is ahead of another,
    paired by seed, and the 95 % interval of the mean; None of a single seed."""
    values = groups.differences(group, other, COMPARED)
    interval = comparison.paired_bootstrap(values) if len(values) > 1 else None
    return {
        'to': other.name,
        'of': COMPARED,
        'mean': comparison.spread(values).mean,
        'interval': interval and list(interval),
        'seeds': len(values),
    }


def rivals(found: Sequence[Group], against: str | None) -> dict[str, Group]:
    """{name: the group of the same data that it is held against}, of those that have
    one with a seed in common.

    Args:
      against: its method, or its name; None: the first one, of several seeds.

    Raises:
      Unusable: there is none.
    """
    chosen = [g for g in found if against in (None, g.name, g.name.split(',')[0])]
    if not chosen:
        names = dict.fromkeys(group.name.split(',')[0] for group in found)
        raise Unusable(f'--against={quoted(against)}; there are: {", ".join(names)}')
    data = {group.name: groups.data_of(group) for group in found}
    pairs = {}
    for group in found:
        own = data[group.name]
        other = next((g for g in chosen if groups.compare(data[g.name], own)), None)
        if other is None or other is group:
            continue
        shared = {*other.seeds} & {*group.seeds}
        if shared and (against or len(shared) > 1):
            pairs[group.name] = other
    return pairs


def tables(found: Sequence[Group], told: dict[str, dict[str, Any]]) -> Iterator[Table]:
    """The summary as rich tables: accuracies in %, detection as fractions where it is
    known, and differences where there are some.

    Args:
      told: the summary of `found`.
    """
    marked = sorted(told.items(), key=lambda item: item[1].get('data', ''))
    of = {min(len(run.rows), results.LAST) for group in found for run in group.runs}
    last = {'last5': f'mean of last {" or ".join(map(str, sorted(of)))}'}
    yield numbers('Accuracy on clean test labels', COLUMNS | last, ACCURACIES, marked)
    others = [key for key in COLUMNS if key not in ACCURACIES]
    if any(line[key] is not None for line in told.values() for key in others):
        yield numbers('How well wrong labels are found', COLUMNS, others, marked)
    ahead = [(name, line) for name, line in marked if 'difference' in line]
    if ahead:
        grid = headed('How far ahead, in points of the mean of the last epochs')
        for heading in ('of', 'by', '95 % interval', 'seeds'):
            grid.add_column(heading, justify='right', no_wrap=True)
        for name, line in sectioned(grid, ahead):
            one = line['difference']
            interval = ' to '.join(f'{100 * end:+.2f}' for end in one['interval'] or ())
            grid.add_row(
                name,
                one['to'].split(',')[0],
                f'{100 * one["mean"]:+.2f}',
                interval,
                f'{one["seeds"]}',
            )
        yield grid


def numbers(
    title: str,
    headings: dict[str, str],
    keys: Iterable[str],
    told: Sequence[tuple[str, dict[str, Any]]],
) -> Table:
    """A table of some keys of `summary`, a row a group."""
    grid = headed(title)
    keys = [*keys]
    many = any('runs' in line for _, line in told)
    apart = any('data' in line for _, line in told)
    for heading in (
        *(headings[key] for key in keys),
        *(['seeds'] if many else []),
        *(['data'] if apart else []),
    ):
        grid.add_column(heading, justify='right')
    for name, line in sectioned(grid, told):
        deviations = line.get('deviation', {})
        grid.add_row(
            name,
            *(written(key, line[key], deviations.get(key)) for key in keys),
            *([f'{line.get("runs", 1)}'] if many else []),
            *([line['data']] if apart else []),
        )
    return grid


def headed(title: str) -> Table:
    """A table with the column of runs."""
    grid = Table(title=title)
    grid.add_column('run', overflow='fold')
    return grid


def sectioned(
    grid: Table, told: Sequence[tuple[str, dict[str, Any]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of `told`, with a rule in the table between different data."""
    for number, (name, line) in enumerate(told):
        if number and line.get('data') != told[number - 1][1].get('data'):
            grid.add_section()
        yield name, line


def written(key: str, value: float | None, deviation: float | None = None) -> str:
    """A value as the table shows it."""
    if value is None:
        return '-'
    share, places, unit = (100, 1, ' %') if key in ACCURACIES else (1, 3, '')
    band = '' if deviation is None else f'±{share * deviation:.{places}f}'
    return f'{share * value:.{places}f}{band}{unit}'


def differing(found: Sequence[Group], marked: dict[str, str]) -> Iterator[str]:
    """A line for each data that the runs have, when they have not all the same."""
    firsts: dict[str, Group] = {}
    for group in found:
        if marked:
            firsts.setdefault(marked[group.name], group)
    for letter, group in firsts.items():
        result, known = group.runs[0].result, groups.config(group.runs[0])
        lists = {run.result['noise_list_sha256'] or 'none' for run in group.runs}
        named = min(lists)[:12] if len(lists) == 1 else f'one for each of {len(lists)}'
        yield (
            f'data {letter}: set {result["dataset_digest"][:12]},'
            f' {result["train_examples"]:,} training examples,'
            f' noise {known.get("noise.kind")} {known.get("noise.rate")},'
            f' noise list {named}, corrections'
            f' {(result.get("corrections_sha256") or "none")[:12]}'
        )
    if marked:
        yield 'runs of different data do not compare: compare those of one letter'


def remarks(told: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Lines about what the differences of a summary are, and how much they say."""
    pairs = [
        line['difference']['seeds'] for line in told.values() if 'difference' in line
    ]
    if max(pairs, default=0) > 1:
        yield 'differences are paired by seed, their intervals bootstrapped'
    if 1 < min(pairs, default=0) < comparison.FEW:
        yield (
            f'{min(pairs)} seeds: too few for these intervals to be taken at their'
            ' word; five are better'
        )


def show(found: Sequence[Group], out: pathlib.Path, against: str | None = None) -> None:
    """Prints the table, and writes it to `out` and its picture beside it.

    Raises:
      Unusable: `against` is none of the groups.
    """
    picture = out.with_suffix('.png')
    marked = groups.marks(found)
    told = summary(found, marked, rivals(found, against))
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    for grid in tables(found, told):
        console.print(grid)
    for line in (*differing(found, marked), *remarks(told)):
        print(line)
    whole.write_text(out, json.dumps(told, indent=1) + '\n')
    case = None if marked else cases.read(found[-1].runs[0].folder)
    for line in plots.comparison(found, picture, marked, case):
        print(line)
    print(f'written: {out} and {picture}')


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    return doors.run('compare', lambda: compare(arguments))


def compare(arguments: Sequence[str] | None) -> int:
    """Runs a command line; returns the exit code, or raises."""
    parser = doors.Parser(f'{home.name()} compare', description=__doc__)
    parser.add_argument(
        'folders', nargs='+', metavar='RUN', help='folder of a run, or of a sweep'
    )
    parser.add_argument('--out', required=True, type=pathlib.Path, metavar='JSON')
    parser.add_argument(
        '--against',
        metavar='METHOD',
        help='what the others are held against, paired by seed (default: the first)',
    )
    options = parser.parse_args(arguments)
    for path in (options.out, options.out.with_suffix('.png')):
        whole.check_file(path)
    found, said = groups.of_folders(options.folders)
    for line in said:
        print(line)
    show(found, options.out, options.against)
    return 0


if __name__ == '__main__':
    sys.exit(main())
