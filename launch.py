"""The door to everything: python launch.py [COMMAND] ...

Commands
  train      (when none is given) --config=FILE --workdir=FOLDER: trains, or goes on
             where the folder's run stopped
  evaluate   --workdir=FOLDER [--data=FOLDER]: every number about a run on a test split
  predict    --workdir=FOLDER PICTURE...: class probabilities of pictures
  export     --workdir=FOLDER --out=FOLDER: the network alone, for other programs
  bench      --workdir=FOLDER: latency and images/s of JAX, StableHLO and onnxruntime
The last ones need no config; each has --help, and docs/use.md.

Exit codes: 0 done; 1 done, but some inputs could not be read; 2 the command, its config
or its data are unusable, in one line that says what was wanted; 3 the loss became NaN
or infinite; 4 an export differs from its run; 130 stopped by Ctrl-C.
"""

import argparse
import importlib
import os
import signal
import sys
import threading

from absl import flags
from ml_collections import config_flags

from fer_jax.training import heap

CONFIG = config_flags.DEFINE_config_file(
    'config',
    None,
    'Config file, for example configs/resup.py:dataset=fer2013,noise=0.3',
)
WORKDIR = flags.DEFINE_string('workdir', None, 'Folder of the run; continued if there.')
USES = ('evaluate', 'predict', 'export', 'bench')  # modules of fer_jax.deploy
COMMANDS = ('train', *USES)
STOPPED = 130  # what a shell expects after Ctrl-C


class UnusableCommand(ValueError):
    """The command line cannot be understood."""


def parse(argv):
    """(config, workdir) of a command line that trains.

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
    if rest not in ([], ['train']):
        raise UnusableCommand(
            f'unknown command {" ".join(rest)!r}; there are: {", ".join(COMMANDS)}'
        )
    if CONFIG.value is None or WORKDIR.value is None:
        raise UnusableCommand(
            'give --config=FILE and --workdir=FOLDER, for example: python launch.py'
            ' --config=configs/resup.py:dataset=synthetic --workdir=runs/first'
            ' --config.data.dir=data/synthetic'
        )
    return CONFIG.value, WORKDIR.value


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


def redeliver(unraisable):
    """sys.unraisablehook: a Ctrl-C that fell into a finaliser comes once more.

    Python reports what is raised in finalisers and garbage collection callbacks (JAX
    has one) and drops it; a stop must not get lost there.
    """
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        main_thread = threading.main_thread().ident
        again = signal.pthread_kill, (main_thread, signal.SIGINT)
        threading.Timer(0.05, *again).start()  # in this hook it would be lost again
    else:
        sys.__unraisablehook__(unraisable)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, as everything here does."""

    def error(self, message):
        raise UnusableCommand(f'{message}; {self.prog} --help lists the options')


def use(command, arguments):
    """Runs a command that uses a run; returns the exit code.

    Raises:
      ValueError, FileNotFoundError: one line that says what was wanted.
    """
    heap.keep()
    module = importlib.import_module(f'fer_jax.deploy.{command}')
    summary = module.__doc__.splitlines()[0]
    parser = Parser(f'launch.py {command}', description=summary, allow_abbrev=False)
    module.add_arguments(parser)
    return module.run(parser.parse_args(arguments))


def main(argv):
    """Runs a command line; returns the exit code."""
    sys.unraisablehook = redeliver
    if argv[1:] and argv[1] in USES:
        try:
            return use(argv[1], argv[2:])
        except (ValueError, OSError) as error:
            print(f'launch.py {argv[1]}: {error}', file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return STOPPED
    try:
        config, workdir = parse(argv)
        heap.keep()
        from fer_jax.training import loop, setup  # jax is heavy; errors above are quick

        run = setup.prepare(config, workdir)
    except (ValueError, FileNotFoundError) as error:
        print(f'launch.py: {error}', file=sys.stderr)
        return 2
    if loop.finished(run):
        print(f'{workdir} is finished; its numbers are in {workdir}/result.json')
        return 0
    try:
        found = loop.train(run)
    except FloatingPointError as error:
        print(f'launch.py: {error}', file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(f'{workdir}: stopped; the same command goes on', file=sys.stderr)
        return STOPPED
    print(
        f'{workdir}: test accuracy {found["last5"]:.2%}, mean of the last 5 epochs;'
        f' all numbers in {workdir}/result.json'
    )
    return 0


if __name__ == '__main__':
    code = main(sys.argv)
    if code == STOPPED:
        os._exit(code)  # a step may still run in XLA's threads: no teardown under it
    sys.exit(code)
