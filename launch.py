"""The door to everything: python launch.py [COMMAND] ...

Commands
  train      (when none is given) --config=FILE --workdir=FOLDER: trains, or goes on
             where the folder's run stopped
  selftest   --config=FILE --workdir=NEW_FOLDER [--breaks=6]: breaks short runs of the
             config at random moments and compares them with an unbroken one
  evaluate   --workdir=FOLDER [--data=FOLDER]: every number about a run on a test split
  predict    --workdir=FOLDER PICTURE... [--align]: class probabilities of pictures, or
             of the faces on them
  export     --workdir=FOLDER --out=FOLDER: the network alone, for other programs
  bench      --workdir=FOLDER: latency and images/s of JAX, StableHLO and onnxruntime
  audit      --workdir=FOLDER [--kfold=K]: which labels are wrong, and how sure that is;
             --data=FOLDER --out=FOLDER: the same without training
The others need no config; each has --help, docs/use.md and, for audit, docs/audit.md.
--config=FILE --help shows the fields of a config, docs/fields.md all there are.

Exit codes: 0 done, or stopped by SIGTERM and saved; 1 done, but inputs could not be
read or show no face, or an export or a run of the self-test differs; 2 the command, its
config, its data or its folder are unusable, in one line that says what was wanted; 3
the loss or a gradient became NaN or infinite; 4 a file could not be written or read, as
on a full disk; 5 another host died; 70 a fault of this program, with a traceback; 130
stopped by Ctrl-C, and saved unless it was pressed twice; 141 nobody reads the output.
"""

import functools
import importlib
import os
import pathlib
import sys

from fer_jax import doors
from fer_jax.data import whole
from fer_jax.errors import Unusable
from fer_jax.training import heap, stopping

TRAINS = ('train', 'selftest')  # these need a config
USES = {  # command -> package of fer_jax that has its module
    'evaluate': 'deploy',
    'predict': 'deploy',
    'export': 'deploy',
    'bench': 'deploy',
    'audit': 'analysis',
}
COMMANDS = (*TRAINS, *USES)
failed = functools.partial(doors.failed, 'launch.py')


def use(command, words):
    """Runs a command that uses a run; returns the exit code."""
    module = importlib.import_module(f'fer_jax.{USES[command]}.{command}')
    parser = doors.Parser(
        f'launch.py {command}', description=module.__doc__.splitlines()[0]
    )
    module.add_arguments(parser)
    options = parser.parse_args(words)
    if options.workdir == '':  # would be the folder that the command is given in
        raise Unusable('--workdir is empty; give the folder of a run')
    try:
        return module.run(options)
    except FloatingPointError as error:  # of a fold's training
        return failed(error, 3)


def train(given):
    """Trains, or goes on, with other hosts if need be; returns the exit code.

    Args:
      given: command_line.Given.
    """
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


def train_here(given):
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
            found = loop.train(run, stop)
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


def write_page(workdir):
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


def unstarted(error):
    """(text, exit code) of an OSError before anything was trained."""
    if error.errno in whole.FULL:
        return f'{error}; make room, and the same command goes on', 4
    return f'{error}; name another --workdir, or make this one writable', 2


def interrupted(error):
    """What an OSError says while a run is trained or ends."""
    wanted = 'make room' if error.errno in whole.FULL else 'put that right'
    return (
        f'{error}; finished checkpoints are whole: {wanted}, and the same command'
        ' goes on'
    )


def self_test(given, words):
    """Trains the config of `words`, shortened, many times; returns the exit code."""
    from fer_jax.training import selftest

    kept = [word for word in words if word != 'selftest']

    def command(folder):
        changed = [*selftest.shortened(given.config), f'--workdir={folder}']
        return [sys.executable, __file__, *kept, *changed]

    return int(not selftest.run(command, pathlib.Path(given.workdir), given.breaks))


def help_for(words):
    """Says how to train, or which fields a config has; returns the exit code."""
    from fer_jax.training import command_line, handbook

    rest = [word for word in words if word not in doors.HELP]
    given = command_line.read(rest, COMMANDS)
    if given.config is None:
        print(handbook.overview(__doc__))
    else:
        print(handbook.of_config(given.config))
    return 0


def main(argv):
    """Runs a command line; returns the exit code."""
    return doors.run('launch.py', lambda: obey(argv[1:]))


def obey(words):
    """Runs the words of a command line; returns the exit code, or raises."""
    heap.keep()
    command, words = doors.command(words, USES)
    if command:
        return use(command, words)
    if any(word in doors.HELP for word in words):
        return help_for(words)
    from fer_jax.training import command_line  # jax is heavy, and USES may do without

    given = command_line.read(words, COMMANDS)
    if given.config is None or not given.workdir:
        raise Unusable(
            'give --config=FILE and --workdir=FOLDER, for example: python launch.py'
            ' --config=configs/resup.py:dataset=synthetic --workdir=runs/first'
            ' --config.data.dir=data/synthetic'
        )
    if given.command == 'selftest':
        return self_test(given, words)
    return train(given)


if __name__ == '__main__':
    code = main(sys.argv)
    if code or stopping.left_behind():
        # No teardown: XLA's threads may still be at work, other hosts may wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
