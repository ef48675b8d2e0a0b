"""The commands that train: `train` and `selftest`, with all that can go wrong."""

import pathlib
import sys
from collections.abc import Sequence

from fer_jax import doors, home
from fer_jax.data import whole
from fer_jax.errors import Unusable
from fer_jax.training import command_line, stopping


def failed(error: object, code: int) -> int:
    """Says what went wrong, in one line; returns the exit code."""
    return doors.failed(home.name(), error, code)


def train(given: command_line.Given) -> int:
    """Trains, or goes on, with other hosts if need be; returns the exit code."""
    import jax

    from fer_jax.training import hosts

    hosts.join(given.config.distributed)
    if not jax.distributed.is_initialized():
        return train_here(given)
    hosts.when_cut_off(lambda: failed(hosts.gone('JAX says more above'), 5))
    try:
        return train_here(given)
    except jax.errors.JaxRuntimeError as error:
        return failed(hosts.gone(str(error).splitlines()[0]), 5)


def train_here(given: command_line.Given) -> int:
    """Trains as all hosts do; returns the exit code."""
    from fer_jax.training import fields, hosts, loop, results, setup

    config, workdir = given.config, given.workdir
    try:
        run = hosts.together(
            lambda: setup.prepare(config, workdir, accept_changes=given.accept_changes),
            setup.digest,
        )
    except Unusable:
        raise
    except OSError as error:
        return failed(*unstarted(error))
    say = print if hosts.first() else str
    for line in (*given.remarks, *fields.remarks(config)):
        say(f'{workdir}: {line}')
    if loop.finished(run):
        say(f'{workdir} is finished; its numbers are in {workdir}/result.json')
        return write_page(workdir)
    try:
        with hosts.asked_to_stop() as stop, stopping.on_ctrl_c() as pressed:
            found = loop.train(run, stop, profile=given.profile)
    except Unusable:
        raise
    except FloatingPointError as error:
        return failed(error, 3)
    except OSError as error:
        return failed(interrupted(error), 4)
    if found is None:
        say(f'{workdir}: stopped and saved; the same command goes on')
        if pressed() and not stopping.left_behind():
            sys.exit(doors.STOPPED)  # all hosts leave together, as after code 0
        return doors.STOPPED if pressed() else 0
    say(
        f'{workdir}: test accuracy {found["last5"]:.2%},'
        f' {results.mean_of(config.epochs)}; all numbers in {workdir}/result.json'
    )
    return write_page(workdir)


def write_page(workdir: str) -> int:
    """Writes the page of a finished run that has none; returns the exit code."""
    from fer_jax.analysis import audit
    from fer_jax.training import files, hosts

    if not hosts.first() or files.audited(workdir):
        return 0
    try:
        print(audit.in_passing(workdir))
    except OSError as error:
        return failed(interrupted(error), 4)
    return 0


def unstarted(error: OSError) -> tuple[str, int]:
    """(text, exit code) of an OSError before anything was trained."""
    if error.errno in whole.FULL:
        return f'{error}; make room, and the same command goes on', 4
    return f'{error}; name another --workdir, or make this one writable', 2


def interrupted(error: OSError) -> str:
    """What an OSError says while a run is trained or ends."""
    wanted = 'make room' if error.errno in whole.FULL else 'put that right'
    return (
        f'{error}; finished checkpoints are whole: {wanted}, and the same command'
        ' goes on'
    )


def self_test(given: command_line.Given, words: Sequence[str]) -> int:
    """Trains the config of `words`, shortened, many times; returns the exit code."""
    from fer_jax.training import selftest

    rest = [word for word in words if word != 'selftest']
    kept = command_line.without(rest, 'workdir')

    def command(folder):
        changed = [*selftest.shortened(given.config), f'--workdir={folder}']
        return [sys.executable, *home.program(), *kept, *changed]

    return int(not selftest.run(command, pathlib.Path(given.workdir), given.breaks))
