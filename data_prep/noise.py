"""Noise lists of a prepared set: draw, show, compare, import, export.

    python -m data_prep noise draw --data=DIR --out=LIST --rate=0.3
    python -m data_prep noise show LIST --data=DIR
    python -m data_prep noise compare LIST LIST --data=DIR
    python -m data_prep noise import resup FILE --data=DIR --out=LIST
    python -m data_prep noise export scn LIST --data=DIR --out=FILE

LIST is a folder with noise.csv and noise.json, such as that of a run; a run uses one
with --config.noise.list=LIST. What is drawn is what a run with the same settings draws.
"""

import argparse
import pathlib
from collections.abc import Iterator

import numpy as np
import rich.console

from fer_jax.data import (
    noise_exchange,
    noise_formats,
    noise_list,
    pickles,
    prepared,
    whole,
)
from fer_jax.data.noise_list import NoiseList
from fer_jax.data.prepared import Prepared
from fer_jax.errors import Unusable
from fer_jax.numerics import noise

WIDEST = 12  # classes up to which the matrix is printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's actions and their options to an argparse parser."""
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    made = {
        name: actions.add_parser(name, help=said, description=said)
        for name, said in (
            ('draw', 'Draws the list that a run with the same settings draws.'),
            ('show', 'Checks a list; prints its rate, matrix and sha256.'),
            ('compare', 'Prints the rates of two lists and what they share.'),
            ('import', "Makes a list of an author's file."),
            ('export', "Writes a list in an author's format."),
        )
    }
    draw = made['draw']
    draw.add_argument(
        '--kind',
        choices=noise.KINDS,
        default='symmetric',
        help='where wrong labels lead to; default: symmetric',
    )
    draw.add_argument('--rate', type=float, help='fraction of wrong labels, in [0, 1)')
    draw.add_argument('--seed', type=int, default=0, help='which labels; default: 0')
    draw.add_argument('--exact', action='store_true', help='exact counts per class')
    draw.add_argument('--inclusive', action='store_true', help='own class drawn too')
    draw.add_argument('--matrix', help='kind matrix: file of C rows of C probabilities')
    made['show'].add_argument('list', help='folder with noise.csv and noise.json')
    made['compare'].add_argument('list', help='folder with noise.csv and noise.json')
    made['compare'].add_argument('other', help='another one, for the same data')
    for name in ('import', 'export'):
        made[name].add_argument(
            'format', choices=noise_formats.FORMATS, help='whose lists are such'
        )
        made[name].add_argument('--table', help='which labels of a cifarn file')
    made['import'].add_argument('file', help='the list to read')
    made['import'].add_argument(
        '--test-rows',
        choices=('refuse', 'drop'),
        default='refuse',
        help='rows of a list that are of test faces; default: refuse such a list',
    )
    pickles.add_arguments(made['import'])
    made['export'].add_argument('list', help='folder with noise.csv and noise.json')
    for name, action in made.items():
        action.add_argument('--data', required=True, help='the prepared folder')
        if name in ('draw', 'import', 'export'):
            action.add_argument('--out', required=True, help='what to write')
            action.add_argument('--force', action='store_true', help='replace it')


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for, and prints what it found before it writes."""
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    data = prepared.load(options.data)
    ACTIONS[options.action](console, options, data)


def draw(
    console: rich.console.Console, options: argparse.Namespace, data: Prepared
) -> None:
    """Draws the list that a run with these settings draws."""
    free = _free_folder(options)
    matrix = noise_list.read_matrix(options.matrix) if options.matrix else None
    drawn = noise_list.draw(
        data,
        kind=options.kind,
        rate=options.rate,
        seed=options.seed,
        exact=options.exact,
        inclusive=options.inclusive,
        matrix=matrix,
    )
    report(console, drawn, data)
    noise_list.save(drawn, data.train.ids, free)
    console.print(f'written: {free}; use it with --config.noise.list={free}')


def show(
    console: rich.console.Console, options: argparse.Namespace, data: Prepared
) -> None:
    """Prints rate, matrix and sha256 of a list."""
    report(console, noise_list.load(options.list, data), data)


def compare(
    console: rich.console.Console, options: argparse.Namespace, data: Prepared
) -> None:
    """Prints what two lists of one set have in common."""
    one, other = (noise_list.load(f, data) for f in (options.list, options.other))
    true = noise_list.true_labels(data.train)
    wrong = [found.labels != true for found in (one, other)]
    same = one.labels == other.labels
    both = wrong[0] & wrong[1]
    rates = [np.mean(hit) for hit in wrong]
    console.print(f'{"rate":>16}: {rates[0]:.2%} and {rates[1]:.2%}')
    console.print(f'{"agreement":>16}: {np.mean(same):.2%} of {len(true):,} labels')
    console.print(
        f'{"wrong in both":>16}: {np.mean(both):.2%}, by chance {np.prod(rates):.2%}; '
        f'with the same label {np.mean(both & same):.2%}'
    )
    equal = 'the same list' if one.sha256 == other.sha256 else 'different lists'
    console.print(f'{"sha256":>16}: {one.sha256[:12]} and {other.sha256[:12]}, {equal}')


def import_(
    console: rich.console.Console, options: argparse.Namespace, data: Prepared
) -> None:
    """Reads an author's file and writes it as a list."""
    free = _free_folder(options)
    imported = noise_exchange.read(
        options.format,
        options.file,
        data,
        table=options.table,
        drop_test_rows=options.test_rows == 'drop',
        most=pickles.largest_of(options),
    )
    report(console, imported, data)
    noise_list.save(imported, data.train.ids, free)
    console.print(f'written: {free}; use it with --config.noise.list={free}')


def export(
    console: rich.console.Console, options: argparse.Namespace, data: Prepared
) -> None:
    """Writes a list in an author's format."""
    given = noise_list.load(options.list, data)
    out = pathlib.Path(options.out)
    if out.exists() and not options.force:
        raise Unusable(f'{out} exists already; name another file or pass --force')
    report(console, given, data)
    noise_exchange.write(options.format, out, given, data, table=options.table)
    console.print(f'written: {out} ({options.format}), sha256 {whole.file_sum(out)}')


def report(console: rich.console.Console, given: NoiseList, data: Prepared) -> None:
    """Prints where a list comes from, its sha256, rate and transition matrix."""
    protocol, count = dict(given.protocol), len(given.labels)
    tests, test_wrong = (
        protocol.pop(f'test_rows_{what}', 0) for what in ('dropped', 'wrong')
    )
    for name in ('dataset', 'matrix'):
        protocol.pop(name, None)
    said = [f'{k} {v}' for k, v in protocol.items() if v is not None and v is not False]
    console.print(f'protocol: {", ".join(said)}')
    if tests:
        console.print(
            f'test rows: {tests:,} dropped, {test_wrong:,} of them with a wrong label'
        )
    console.print(f'sha256 of noise.csv: {given.sha256}')
    rate = given.wrong / count
    console.print(f'wrong: {given.wrong:,} of {count:,} labels, {rate:.2%}')
    console.print('p(given | true) in %, columns numbered as the rows:')
    for line in matrix_lines(given, data):
        console.print(line)


def matrix_lines(given: NoiseList, data: Prepared) -> Iterator[str]:
    """Lines with count, rate and p(given | true) of each class of a list."""
    true = noise_list.true_labels(data.train)
    counts = np.bincount(true, minlength=len(data.class_names))
    wide = max(map(len, data.class_names))
    shown = range(len(counts)) if len(counts) <= WIDEST else ()
    head = ''.join(f'{place:6}' for place in shown)
    yield f'    {"true class":{wide}} examples  wrong{head}'
    for place, (name, row) in enumerate(zip(data.class_names, 100 * given.transition)):
        wrong = f'{100 - row[place]:.1f}' if counts[place] else '-'
        shares = ''.join(f'{row[other]:6.1f}' for other in shown)
        yield f'{place:3} {name:{wide}} {counts[place]:8,} {wrong:>6}{shares}'


def _free_folder(options):
    """The folder to write a list into.

    Raises:
      Unusable: there is a list already, and --force is not given.
    """
    table = pathlib.Path(options.out) / 'noise.csv'  # goes last: with it, all is there
    if table.exists() and not options.force:
        raise Unusable(f'{table} exists already; name another or pass --force')
    return table.parent


ACTIONS = {
    'draw': draw,
    'show': show,
    'compare': compare,
    'import': import_,
    'export': export,
}
