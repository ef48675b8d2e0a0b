"""A paper's table, run again, beside what the paper prints.

    python launch.py reproduce --list
    python launch.py reproduce resup_table1 --data=data --workdir=tables/resup1
    python launch.py reproduce resup_table1 --data=data --as=fer2013 --start=face
    python launch.py reproduce proximity_table3 --data=data --on=features --seeds=5

--data is a folder with a prepared set for each column, called after it: data/raf_db,
data/ferplus ... Columns whose set is not there are listed as not run, with what would
prepare it. --as runs all columns on one set, and the report says so at its head.

The runs are ordinary ones, in the folder runs of the workdir. A stopped command goes on
where it was; the report (report.html, report.md and report.csv) says what is there so
far, and --report writes it without running anything.
"""

import argparse
import pathlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from fer_jax import doors, home
from fer_jax.configs import default
from fer_jax.data import whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.reproduce import cells, report, table, writing
from fer_jax.sweeps import plan, sweep

RUNS = 'runs'  # of the workdir: the folders of its runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    return doors.run('reproduce', lambda: reproduce(words))


def reproduce(words: Sequence[str]) -> int:
    """Runs a command line; returns the exit code, or raises."""
    parser = doors.Parser(f'{home.name()} reproduce', description=__doc__)
    add_arguments(parser)
    own, fields = sweep.parted(words)
    options = parser.parse_args(own)
    if options.list:
        table.listed()
        return 0
    if not options.table:
        raise Unusable('give a table; --list lists them')
    if not options.data:
        raise Unusable('give --data=FOLDER, which holds the prepared sets')
    asked = table.read(options.table)
    wanted = wanted_of(options, fields)
    found = cells.of(asked, wanted)
    runs = cells.runs(found)
    workdir = pathlib.Path(options.workdir or default_folder(options))
    folder = workdir / RUNS
    plan.check_folders(runs, folder)
    whole.check_folder(workdir)
    failed: dict[str, str] = {}
    code = 0
    if not options.report:
        done, _, code = sweep.train(runs, folder, options.jobs)
        failed = done.failed
    command = f'{home.launch()} reproduce {shlex.join(words)}'
    made = report.of(
        asked, found, folder, command=command, head=head(wanted), failed=failed
    )
    for path in writing.write(made, workdir):
        print(f'written: {path}')
    return code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    path: Any = {'type': pathlib.Path, 'metavar': 'FOLDER'}
    add = parser.add_argument
    add('table', nargs='?', metavar='TABLE', help='name of a table, or a file of one')
    add('--list', action='store_true', help='the tables that there are')
    add('--data', help='the prepared sets, each called after its column', **path)
    add('--as', dest='instead', metavar='SET', help='a set that all columns are run on')
    add('--workdir', help='default: reproduced/TABLE', metavar='FOLDER')
    add('--seeds', type=int, default=3, metavar='N', help='runs of a cell; default: 3')
    add('--jobs', type=int, default=1, metavar='N', help='processes, as of sweep')
    add('--on', choices=default.SOURCES[1:], help='heads on what a network says')
    add('--start', choices=default.STARTS[1:], help='from the face network')
    add('--features', help='those of the sets; default: beside them', **path)
    add('--report', action='store_true', help='run nothing, write the report')


def wanted_of(options: argparse.Namespace, fields: Sequence[str]) -> cells.Wanted:
    """What the options ask for.

    Raises:
      Unusable: options that do not go together.
    """
    if options.seeds < 1:
        raise Unusable(f'--seeds={options.seeds}: wanted 1 or more')
    if options.features and not options.on:
        raise Unusable('--features are for --on=features; give both')
    given = {'on': options.on, 'start': options.start}
    argument = tuple(f'{name}={value}' for name, value in given.items() if value)
    default.parse(','.join(argument))  # refuses what does not go together
    return cells.Wanted(
        data=options.data,
        instead=options.instead or '',
        argument=argument,
        features=options.features,
        fields=given_to_all(fields),
        seeds=options.seeds,
    )


def given_to_all(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(path, text) of words --config.PATH=TEXT.

    Raises:
      Unusable: one without a value, or twice; a seed, of which each run has its own.
    """
    found: dict[str, str] = {}
    for word in words:
        path, equals, text = word.partition('=')
        path = path.lstrip('-').removeprefix('config.')
        if not equals or path in found:
            raise Unusable(
                f'{quoted(word)}: give fields of all runs as --config.FIELD=VALUE, each'
                ' once'
            )
        if path in cells.SEEDS:
            raise Unusable(
                f'{quoted(word)}: the runs of a cell have the seeds 0, 1 ...; --seeds=N'
                ' says how many'
            )
        found[path] = text
    return tuple(found.items())


def head(wanted: cells.Wanted) -> list[str]:
    """What of the runs is not as the paper has it, for the head of the report."""
    said = []
    if wanted.instead:
        said.append(
            f'All columns were run on {wanted.instead} instead of the sets that they'
            " name: differences from the paper's numbers say nothing about it."
        )
    if 'on=features' in wanted.argument:
        said.append(
            'All methods are heads on what a frozen face network says, and not the'
            " paper's networks on images."
        )
    if 'start=face' in wanted.argument:
        said.append("All networks are a face network, trained on, and not the paper's.")
    if not wanted.argument:
        said.append(
            'The papers start from weights of MS-Celeb-1M; these networks start from'
            ' random ones, unless --config.start says otherwise.'
        )
    if wanted.fields:
        given = ', '.join(f'{path}={value}' for path, value in wanted.fields)
        said.append(f'All runs have {given}.')
    return said


def default_folder(options: argparse.Namespace) -> str:
    """Where a table is run if nobody says where."""
    name = pathlib.Path(options.table).stem
    kind = (options.instead, options.on, options.start)
    return str(pathlib.Path('reproduced', '-'.join(filter(None, (name, *kind)))))


if __name__ == '__main__':
    sys.exit(main())
