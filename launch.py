"""The door to everything: python launch.py [COMMAND] --config=FILE --workdir=FOLDER.

Commands
  train      (when none is given) trains, or goes on where the folder's run stopped

Exit codes: 0 done, or stopped by SIGTERM and saved; 2 the command, its config, its data
or its folder are unusable, in one line that says what was wanted; 3 the loss or a
gradient became NaN or infinite; 4 a file could not be written or read, as on a full
disk; 5 another host died; 130 stopped by Ctrl-C.
"""

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
ACCEPT_CHANGES = flags.DEFINE_bool(
    'accept_changes', False, 'Go on although the config differs from the stored one.'
)
WORKDIR = flags.DEFINE_string('workdir', None, 'Folder of the run; continued if there.')
COMMANDS = ('train',)
STOPPED = 130  # what a shell expects after Ctrl-C


class UnusableCommand(ValueError):
    """The command line cannot be understood."""


def parse(argv):
    """(command, config, workdir) of a command line.

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
    command = rest[0] if rest else 'train'
    if command not in COMMANDS or len(rest) > 1:
        raise UnusableCommand(
            f'unknown command {" ".join(rest)!r}; there are: {", ".join(COMMANDS)}'
        )
    if CONFIG.value is None or WORKDIR.value is None:
        raise UnusableCommand(
            'give --config=FILE and --workdir=FOLDER, for example: python launch.py'
            ' --config=configs/resup.py:dataset=synthetic --workdir=runs/first'
            ' --config.data.dir=data/synthetic'
        )
    return command, CONFIG.value, WORKDIR.value


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


def train(config, workdir, accept_changes):
    """Trains, or goes on; returns the exit code."""
    import jax

    from fer_jax.data import whole
    from fer_jax.training import hosts, loop, setup, stopping

    try:
        hosts.join(config.distributed)
        run = hosts.together(
            lambda: setup.prepare(config, workdir, accept_changes=accept_changes),
            setup.digest,
        )
    except (ValueError, FileNotFoundError) as error:
        return failed(error, 2)
    say = print if hosts.first() else str
    if loop.finished(run):
        say(f'{workdir} is finished; its numbers are in {workdir}/result.json')
        return 0
    try:
        with hosts.asked_to_stop() as stop:
            found = loop.train(run, stop)
    except (stopping.AlreadyRunning, whole.Damaged, hosts.Apart) as error:
        return failed(error, 2)
    except FloatingPointError as error:
        return failed(error, 3)
    except OSError as error:
        return failed(
            f'{error}; finished checkpoints are whole: make room, and the same command'
            ' goes on',
            4,
        )
    except jax.errors.JaxRuntimeError as error:
        if jax.process_count() == 1:
            raise
        said = str(error).splitlines()[0]
        return failed(
            f'another host is gone or out of reach ({said}); finished checkpoints are'
            ' whole: the same command on all hosts goes on',
            5,
        )
    except KeyboardInterrupt:
        print(f'{workdir}: stopped; the same command goes on', file=sys.stderr)
        return STOPPED
    if found is None:
        say(f'{workdir}: stopped and saved; the same command goes on')
        return 0
    say(
        f'{workdir}: test accuracy {found["last5"]:.2%}, mean of the last 5 epochs;'
        f' all numbers in {workdir}/result.json'
    )
    return 0


def failed(error, code):
    """Says what went wrong, in one line; returns the exit code."""
    print(f'launch.py: {error}', file=sys.stderr)
    return code


def main(argv):
    """Runs a command line; returns the exit code."""
    sys.unraisablehook = redeliver
    try:
        _, config, workdir = parse(argv)
    except UnusableCommand as error:
        return failed(error, 2)
    heap.keep()
    return train(config, workdir, ACCEPT_CHANGES.value)


if __name__ == '__main__':
    code = main(sys.argv)
    if code:
        # No teardown: a step may still run in XLA's threads, other hosts may wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
