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
  audit      --workdir=FOLDER [--kfold=K]: which labels are wrong, and how sure that is
The others need no config; each has --help, docs/use.md and, for audit, docs/audit.md.

Exit codes: 0 done, or stopped by SIGTERM and saved; 1 done, but inputs could not be
read or show no face, or an export or a run of the self-test differs; 2 the command, its
config, its data or its folder are unusable, in one line that says what was wanted; 3
the loss or a gradient became NaN or infinite; 4 a file could not be written or read, as
on a full disk; 5 another host died; 130 stopped by Ctrl-C,
and saved unless it was pressed twice.
"""

import argparse
import importlib
import os
import pathlib
import sys

from absl import flags
from ml_collections import config_flags

from fer_jax.data import whole
from fer_jax.training import heap, stopping

CONFIG = config_flags.DEFINE_config_file(
    'config',
    None,
    'Config file, for example configs/resup.py:dataset=fer2013,noise=0.3',
)
ACCEPT_CHANGES = flags.DEFINE_bool(
    'accept_changes', False, 'Go on although the config differs from the stored one.'
)
BREAKS = flags.DEFINE_integer('breaks', 6, 'Runs that the self-test breaks.')
WORKDIR = flags.DEFINE_string('workdir', None, 'Folder of the run; continued if there.')
TRAINS = ('train', 'selftest')  # these need a config
USES = {  # command -> package of fer_jax that has its module
    'evaluate': 'deploy',
    'predict': 'deploy',
    'export': 'deploy',
    'bench': 'deploy',
    'audit': 'analysis',
}
COMMANDS = (*TRAINS, *USES)
STOPPED = 130  # what a shell expects after Ctrl-C


class UnusableCommand(ValueError):
    """The command line cannot be understood."""


def parse(argv):
    """(command, config, workdir) of a command line that trains.

    Raises:
      UnusableCommand: one line that says what was found and what was wanted.
    """
    try:
        rest = flags.FLAGS(argv)[1:]
        if CONFIG.value is not None:
            CONFIG.value.algorithm.name  # noqa: B018 (raises when the file did not load)
    except Exception as error:  # a config file is a program: it can raise anything
        said = error.args[0] if isinstance(error, KeyError) else error
        raise UnusableCommand(wanted(str(said))) from None
    if len(rest) > 1 or not set(rest) <= set(TRAINS):
        raise UnusableCommand(
            f'unknown command {" ".join(rest)!r}; there are: {", ".join(COMMANDS)}'
        )
    if CONFIG.value is None or WORKDIR.value is None:
        raise UnusableCommand(
            'give --config=FILE and --workdir=FOLDER, for example: python launch.py'
            ' --config=configs/resup.py:dataset=synthetic --workdir=runs/first'
            ' --config.data.dir=data/synthetic'
        )
    return (*rest, 'train')[0], CONFIG.value, WORKDIR.value


def wanted(text):
    """What went wrong with the flags, in one line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if 'Traceback' in text:  # the config file raised: its last line says what
        return lines[-1].partition(': ')[2]
    text = ' '.join(lines)
    if 'No such file or directory: ' in text:
        path = text.rpartition('No such file or directory: ')[2]
        return f'no config file {path}; give one of configs/, as configs/resup.py'
    for said, meant in (
        ('invalid literal for int()', 'wanted a whole number'),
        ('could not convert string to float', 'wanted a number'),
    ):
        if said in text:
            return f'{text.partition(said)[0]}{meant}'
    return text


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, as everything here does."""

    def error(self, message):
        raise UnusableCommand(f'{message}; {self.prog} --help lists the options')


def use(command, arguments):
    """Runs a command that uses a run; returns the exit code.

    Raises:
      UnusableCommand: one line that says what was wanted.
    """
    heap.keep()
    module = importlib.import_module(f'fer_jax.{USES[command]}.{command}')
    summary = module.__doc__.splitlines()[0]
    parser = Parser(f'launch.py {command}', description=summary, allow_abbrev=False)
    module.add_arguments(parser)
    try:
        return module.run(parser.parse_args(arguments))
    except FloatingPointError as error:  # of a fold's training
        return failed(error, 3)
    except OSError as error:
        return failed(error, 4 if error.errno in whole.FULL else 2)
    except ValueError as error:
        raise UnusableCommand(error) from None


def train(config, workdir):
    """Trains, or goes on, with other hosts if need be; returns the exit code."""
    import jax

    from fer_jax.training import hosts

    try:
        hosts.join(config.distributed)
    except ValueError as error:
        return failed(error, 2)
    if not jax.distributed.is_initialized():
        return train_here(config, workdir)
    hosts.when_cut_off(lambda: failed(hosts.gone('JAX says more above'), 5))
    try:
        return train_here(config, workdir)
    except jax.errors.JaxRuntimeError as error:
        return failed(hosts.gone(str(error).splitlines()[0]), 5)


def train_here(config, workdir):
    """Trains as all hosts do; returns the exit code."""
    from fer_jax.training import hosts, loop, setup

    try:
        run = hosts.together(
            lambda: setup.prepare(config, workdir, accept_changes=ACCEPT_CHANGES.value),
            setup.digest,
        )
    except OSError as error:
        return failed(*unstarted(error))
    except ValueError as error:
        return failed(error, 2)
    say = print if hosts.first() else str
    if loop.finished(run):
        say(f'{workdir} is finished; its numbers are in {workdir}/result.json')
        return write_page(workdir)
    try:
        with hosts.asked_to_stop() as stop, stopping.on_ctrl_c() as pressed:
            found = loop.train(run, stop)
    except (stopping.AlreadyRunning, whole.Damaged, hosts.Apart) as error:
        return failed(error, 2)
    except FloatingPointError as error:
        return failed(error, 3)
    except OSError as error:
        return failed(interrupted(error), 4)
    if found is None:
        say(f'{workdir}: stopped and saved; the same command goes on')
        if pressed() and not stopping.left_behind():
            sys.exit(STOPPED)  # all hosts leave together, as after code 0
        return STOPPED if pressed() else 0
    say(
        f'{workdir}: test accuracy {found["last5"]:.2%}, mean of the last 5 epochs;'
        f' all numbers in {workdir}/result.json'
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
    if error.errno is None:  # one of ours, which says what to do
        return error, 2
    return f'{error}; name another --workdir, or make this one writable', 2


def interrupted(error):
    """What an OSError says while a run is trained or ends."""
    wanted = 'make room' if error.errno in whole.FULL else 'put that right'
    return (
        f'{error}; finished checkpoints are whole: {wanted}, and the same command'
        ' goes on'
    )


def self_test(config, workdir, argv):
    """Trains the config of `argv`, shortened, many times; returns the exit code."""
    from fer_jax.training import selftest

    given = [word for word in argv[1:] if word != 'selftest']

    def command(folder):
        changed = [*selftest.shortened(config), f'--workdir={folder}']
        return [sys.executable, __file__, *given, *changed]

    try:
        return int(not selftest.run(command, pathlib.Path(workdir), BREAKS.value))
    except ValueError as error:
        return failed(error, 2)


def failed(error, code):
    """Says what went wrong, in one line; returns the exit code."""
    print(f'launch.py: {error}', file=sys.stderr)
    return code


def main(argv):
    """Runs a command line; returns the exit code."""
    try:
        if argv[1:] and argv[1] in USES:
            return use(argv[1], argv[2:])
        command, config, workdir = parse(argv)
        heap.keep()
        if command == 'selftest':
            return self_test(config, workdir, argv)
        return train(config, workdir)
    except UnusableCommand as error:
        return failed(error, 2)
    except KeyboardInterrupt:
        said = f'{WORKDIR.value}: stopped; the same command goes on'
        print(said if WORKDIR.value else 'stopped', file=sys.stderr)
        return STOPPED


if __name__ == '__main__':
    code = main(sys.argv)
    if code or stopping.left_behind():
        # No teardown: XLA's threads may still be at work, other hosts may wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
