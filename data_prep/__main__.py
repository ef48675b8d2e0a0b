"""A source's own files -> a prepared folder.

    python -m data_prep fer2013 --source=DIR --out=DIR --labels=ferplus_majority7
    python -m data_prep image_folder --source=DIR --out=DIR
    python -m data_prep synthetic --out=DIR --train=2000 --test=1000
    python -m data_prep doctor DIR --out=report
    python -m data_prep sheet DIR --out=sheet.png
    python -m data_prep noise draw --data=DIR --out=LIST --rate=0.3
    python -m data_prep features --data=DIR --out=DIR
    python -m data_prep weights FILE --backbone=resnet18 --out=DIR

Wrong input is one line and exit code 2, a fault of this program a traceback and 70.
"""

import importlib
import pathlib
import sys
import types
from collections.abc import Sequence

from fer_jax import doors, home
from fer_jax.data import whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

NAME = home.prepare().removeprefix('python -m ')  # as messages begin
DOORS = {  # door -> its module
    'affectnet': 'affectnet',
    'cifar10': 'cifar10',
    'cifar100': 'cifar100',
    'csv': 'csv_file',
    'doctor': 'doctor',
    'expw': 'expw',
    'features': 'features',
    'fer2013': 'fer2013',
    'ferplus': 'ferplus_folders',
    'from_tfds': 'from_tfds',
    'image_folder': 'image_folder',
    'noise': 'noise',
    'raf_db': 'raf_db',
    'sheet': 'sheet',
    'synthetic': 'synthetic',
    'weights': 'weights',
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the door that the arguments name; returns the exit code."""
    door, words = doors.command(sys.argv[1:] if arguments is None else arguments, DOORS)
    return doors.run(f'{NAME} {door}'.rstrip(), lambda: enter(door, words))


def enter(door: str, words: Sequence[str]) -> int:
    """Runs a door; returns its exit code, or raises.

    Raises:
      Unusable: there is no such door, or its options or its source cannot be used.
    """
    if not door:
        return lacking(words)
    # Here, for the processes of `processes.spread` load this file, and need no door.
    module = importlib.import_module(f'.{DOORS[door]}', __package__)
    parser = doors.Parser(f'{NAME} {door}', description=module.__doc__)
    module.add_arguments(parser)
    options = parser.parse_args(words)
    if getattr(options, 'out', None):  # before the work
        whole.check_folder(pathlib.Path(options.out).absolute().parent)
    return module.run(options)


def lacking(words: Sequence[str]) -> int:
    """Lists the doors for --help; returns the exit code.

    Raises:
      Unusable: no help is asked for, and no door is named.
    """
    names = ', '.join(DOORS)
    if set(words) & set(doors.HELP):
        print(doors.as_called(__doc__))
        for name, module in DOORS.items():
            said = summary(importlib.import_module(f'.{module}', __package__))
            print(f'  {name:14}{said}')
        return 0
    if not words:
        raise Unusable(f'give a door, one of {names}')
    near = doors.nearest(words[0], DOORS)
    meant = f'did you mean {near}?' if near else f'there are: {names}'
    raise Unusable(f'unknown door {quoted(words[0])}; {meant}')


def summary(module: types.ModuleType) -> str:
    """The first line of what a door says of itself."""
    return str(module.__doc__).splitlines()[0]


if __name__ == '__main__':
    sys.exit(main())
