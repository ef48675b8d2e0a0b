"""Facial expressions learned from wrong labels: trains, judges labels, recognises.

    python -m data_prep synthetic --out=data/synthetic --train=2000 --test=1000
    python launch.py --config=configs/resup.py:dataset=synthetic,noise=0.3 \\
        --workdir=runs/first --config.data.dir=data/synthetic
    python launch.py audit --workdir=runs/first
    python launch.py predict --workdir=runs/first face.jpg

Commands
  train      (when none is given) --config=FILE --workdir=FOLDER: trains, or goes on
             where the folder's run stopped; --profile=FROM:TO traces these steps
  selftest   --config=FILE --workdir=NEW_FOLDER [--breaks=6]: breaks short runs of the
             config at random moments and compares them with an unbroken one
  evaluate   --workdir=FOLDER [--data=FOLDER]: every number about a run on a test split
  predict    [--workdir=FOLDER] PICTURE... [--align]: class probabilities of pictures,
             or of the faces on them; without a folder by the recogniser that ships
  export     --workdir=FOLDER --out=FOLDER: the network alone, for other programs
  bench      --workdir=FOLDER: latency and images/s of JAX, StableHLO and onnxruntime
  audit      --workdir=FOLDER [--kfold=K]: which labels are wrong, and how sure that is;
             --data=FOLDER --out=FOLDER: the same without training
  review     as audit: a page served to this machine, where a person decides, and the
             order learns from it
  sweep      --config=FILE --over=WORDS --workdir=FOLDER: all combinations of values of
             fields, as runs of one folder
  export-labels  --data=FOLDER --review=FOLDER --as=source --out=FOLDER: the labels as
             they were decided, in the form that the set came in, or for other programs
  import-labels  --data=FOLDER --as=label_studio --source=FILE --out=CSV: what people
             labelled in another program, as decisions
  compare    RUN RUN ... --out=JSON: finished runs side by side
  reproduce  TABLE --data=FOLDER: a paper's table, run again, beside its numbers; --list
  relabels   RUN RUN ... --out=PNG: what became of labels that a method changed
  prepare    DOOR ... --out=FOLDER: a data set's own files as a folder to train on, and
             all else that is done to data
  configs    what --config may name: methods, data sets and their presets
The first two need a config. COMMAND --help says more of each, --config=FILE --help
shows the fields of a config. A command may stand anywhere in the line.

Exit codes: 0 done, or stopped by SIGTERM and saved; 1 done, but inputs could not be
read or show no face, or an export or a run of the self-test differs; 2 the command, its
config, its data or its folder are unusable, in one line that says what was wanted; 3
the loss or a gradient became NaN or infinite; 4 a file could not be written or read, as
on a full disk; 5 another host died; 70 a fault of this program, with a traceback; 130
stopped by Ctrl-C, and saved unless it was pressed twice; 141 nobody reads the output.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from fer_jax import doors, home
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.training import heap, stopping

TRAINS = ('train', 'selftest')  # these need a config
USES = {  # command -> package of fer_jax that has its module
    'evaluate': 'deploy',
    'predict': 'deploy',
    'export': 'deploy',
    'bench': 'deploy',
    'audit': 'analysis',
    'review': 'review',
    'export-labels': 'cli',
    'import-labels': 'cli',
}
DOORS = {  # command -> module with a door of its own
    'compare': 'analysis.compare',
    'relabels': 'analysis.relabels',
    'sweep': 'sweeps.sweep',
    'reproduce': 'reproduce.command',
    'prepare': 'data_prep.__main__',
}
COMMANDS = (*TRAINS, *USES, *DOORS, 'configs')
WHOLE = ('audit', 'review')  # not in steps: they hold features of all faces at once


def console() -> NoReturn:
    """The command `fer-jax`."""
    end(main(sys.argv))


def end(code: int) -> NoReturn:
    """Ends the process with an exit code."""
    if code or stopping.left_behind():
        # No teardown: XLA's threads may still be at work, other hosts may wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(0)


def main(argv: Sequence[str]) -> int:
    """Runs a command line, the name of the program first; returns the exit code."""
    return doors.run(home.name(), lambda: obey(argv[1:]))


def obey(words: Sequence[str]) -> int:
    """Runs the words of a command line; returns the exit code, or raises."""
    command, rest = doors.command(words, COMMANDS)
    if command not in WHOLE:
        heap.keep()
    if command in DOORS:
        return importlib.import_module(f'fer_jax.{DOORS[command]}').main(rest)
    if command in USES:
        return use(command, rest)
    if command == 'configs':
        return configs(rest)
    if any(word in doors.HELP for word in words):
        return help_for(command, rest)
    from fer_jax.cli import training  # jax is heavy, and the others may do without
    from fer_jax.training import command_line

    given = command_line.read(words, COMMANDS)
    if given.config is None or not given.workdir:
        raise Unusable(
            f'give --config=FILE and --workdir=FOLDER, for example: {home.launch()}'
            ' --config=configs/resup.py:dataset=synthetic --workdir=runs/first'
            ' --config.data.dir=data/synthetic'
        )
    if given.command == 'selftest':
        return training.self_test(given, words)
    return training.train(given)


def module_of(command: str) -> str:
    """The module of one of USES."""
    return f'fer_jax.{USES[command]}.{command.replace("-", "_")}'


def use(command: str, words: Sequence[str]) -> int:
    """Runs a command that uses a run; returns the exit code."""
    module = importlib.import_module(module_of(command))
    parser = doors.Parser(f'{home.name()} {command}', description=module.__doc__)
    module.add_arguments(parser)
    options = parser.parse_args(words)
    # would be the folder that the command is given in
    if getattr(options, 'workdir', None) == '':
        raise Unusable('--workdir is empty; give the folder of a run')
    try:
        return module.run(options)
    except FloatingPointError as error:  # of a fold's training
        return doors.failed(home.name(), error, 3)


def configs(words: Sequence[str]) -> int:
    """Says what --config may name; returns the exit code."""
    from fer_jax.cli import help

    if words and not set(words) <= set(doors.HELP):
        raise Unusable(
            f'configs {quoted(words[0])}: it takes no more; {home.launch()}'
            ' --config=NAME --help shows the fields of one'
        )
    print(help.configs())
    return 0


def help_for(command: str, words: Sequence[str]) -> int:
    """Says how to train, or which fields a config has; returns the exit code.

    Args:
      command: train, selftest, or '' where none is given.
    """
    from fer_jax.cli import help
    from fer_jax.training import command_line, handbook

    rest = [word for word in words if word not in doors.HELP]
    given = command_line.read(rest, COMMANDS)
    if given.config is not None:
        print(handbook.of_config(given.config))
    elif command:
        print(help.training(command, COMMANDS))
    else:
        print(help.overview(str(__doc__)))
    return 0
