"""Trains all combinations of values of some fields, as runs of one folder.

python launch.py sweep --config=configs/resup.py:dataset=fer2013,on=features \\
    --over="algorithm=resup,jocor,scn noise.rate=0.1,0.2,0.3 seed=0..4" \\
    --workdir=sweeps/first --config.data.dir=data/fer2013

--over has words NAME=VALUE,VALUE: algorithm names configs, seed is that of the noise as
well (unless noise.seed is given, or a list), and any other name is a field. Fields that
all runs have stand beside it, as --config.FIELD=VALUE. Stopped or killed at any moment,
the same command goes on; what is finished is not done again. A run that fails does not
stop the others: it is named at the end, and the exit code is 1.
"""

import pathlib
import sys
from collections.abc import Sequence

from fer_jax import doors, home
from fer_jax.analysis import compare, groups
from fer_jax.data import whole
from fer_jax.errors import Unusable
from fer_jax.sweeps import estimate, jobs, plan, runner
from fer_jax.training import command_line, hosts, stopping

TABLE = 'table.json'  # of a sweep's folder: what `compare` says of its runs


def main(words: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    return doors.run('sweep', lambda: sweep(sys.argv[1:] if words is None else words))


def sweep(words: Sequence[str]) -> int:
    """Runs a command line; returns the exit code, or raises."""
    if jobs.is_job(words):
        return jobs.job(words)
    own, given = parted(words)
    parser = doors.Parser(f'{home.name()} sweep', description=__doc__)
    parser.add_argument(
        '--config',
        required=True,
        metavar='NAME[:ARGUMENT]',
        help='what the runs have in common: a method, as resup, or a config file',
    )
    parser.add_argument(
        '--over',
        required=True,
        metavar='WORDS',
        help='what differs, as "algorithm=resup,jocor noise.rate=0.1,0.2 seed=0..4"',
    )
    parser.add_argument(
        '--workdir',
        required=True,
        metavar='FOLDER',
        help='of the sweep: a new one, or that of a sweep to go on with',
    )
    parser.add_argument(
        '--jobs',
        type=int,
        default=1,
        metavar='N',
        help='processes, each with devices of its own: one of several accelerators, or'
        ' its part of the cores (default: 1, with all)',
    )
    options = parser.parse_args(own)
    if not options.workdir:  # would be the folder that the command is given in
        raise Unusable('--workdir is empty; give the folder of a sweep')
    if options.jobs < 1:
        raise Unusable(f'--jobs={options.jobs}; wanted 1 process or more')
    workdir = pathlib.Path(options.workdir)
    runs = plan.product(options.config, options.over, fields_of(options.config, given))
    whole.check_folder(workdir)
    plan.check_folders(runs, workdir)
    return carry_out(runs, workdir, options.jobs)


def carry_out(
    runs: Sequence[plan.Planned], workdir: pathlib.Path, processes: int = 1
) -> int:
    """Trains the runs of a sweep and compares them; returns the exit code."""
    found, stopped, code = train(runs, workdir, processes)
    if found.finished and not stopped:
        folders = [workdir / name for name in found.finished]
        compare.show(groups.of_folders(folders)[0], workdir / TABLE)
    return code


def train(
    runs: Sequence[plan.Planned], workdir: pathlib.Path, processes: int
) -> tuple[runner.Outcome, bool, int]:
    """Says what there is to do, does it, and says what became of it.

    Returns:
      The Outcome, whether it was asked to stop, and the exit code.
    """
    for line in estimate.sentences(runs, workdir):
        print(line, flush=True)
    runner.ready(runs)
    with hosts.asked_to_stop() as stop, stopping.on_ctrl_c() as pressed:
        if processes == 1:
            found = runner.carry_out(runs, workdir, stop)
        else:
            found = jobs.carry_out(runs, workdir, stop, processes)
        stopped = stop()
    return found, stopped, told(found, workdir, stopped=stopped, pressed=pressed())


def parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(words of the sweep itself, those of fields that all its runs have)."""
    own: list[str] = []
    given: list[str] = []
    into = own
    for word in words:
        if word.startswith('-'):
            into = given if command_line.FIELD.match(word) else own
        into.append(word)
        if '=' in word or into is own:
            into = own
    return own, given


def fields_of(config: str, given: Sequence[str]) -> list[tuple[str, str]]:
    """(path, text) of the words --config.PATH=TEXT.

    Raises:
      Unusable: no such config, field or value.
    """
    words = [f'--config={config}', *given]
    loaded = command_line.read(words).config
    _, changes, _ = command_line.sort(words, loaded)
    return [(path, text) for path, texts in changes.items() for text in texts]


def told(
    found: runner.Outcome, workdir: pathlib.Path, *, stopped: bool, pressed: bool
) -> int:
    """Says what became of a sweep; returns the exit code.

    Args:
      stopped: whether it was asked to stop.
      pressed: by Ctrl-C.
    """
    runs = {*found.finished, *found.failed, *found.left}
    print(f'{workdir}: {len(found.finished)} of {len(runs)} runs are finished')
    if stopped and found.left:
        print('stopped and saved; the same command goes on')
        return doors.STOPPED if pressed else 0
    for name, why in found.failed.items():
        print(f'failed: {name}: {why}')
    for name in found.left:
        print(f'not done: {name}: another process is at it, or was ended')
    return int(bool(found.failed or found.left))
