"""python -m data_prep <door> ...   a source's own files -> a prepared folder.

    python -m data_prep fer2013 --source=DIR --out=DIR --labels=ferplus_majority7
    python -m data_prep image_folder --source=DIR --out=DIR
    python -m data_prep synthetic --out=DIR --train=2000 --test=1000
    python -m data_prep doctor DIR --out=report
    python -m data_prep sheet DIR --out=sheet.png
    python -m data_prep noise draw --data=DIR --out=LIST --rate=0.3
    python -m data_prep weights FILE --backbone=resnet18 --out=DIR

Wrong input is one line and exit code 2.
"""

import argparse
import importlib
import pathlib
import sys

from fer_jax.data import whole

DOORS = {  # door -> its module
    'affectnet': 'affectnet',
    'cifar10': 'cifar10',
    'cifar100': 'cifar100',
    'csv': 'csv_file',
    'doctor': 'doctor',
    'expw': 'expw',
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


def main(arguments=None):
    """Runs the door that the arguments name; returns the exit code."""
    parser = argparse.ArgumentParser('data_prep', allow_abbrev=False)
    doors = parser.add_subparsers(dest='door', required=True, metavar='DOOR')
    # Here, for the processes of `processes.spread` load this file, and need no door.
    modules = {
        name: importlib.import_module(f'data_prep.{module}')
        for name, module in DOORS.items()
    }
    for name, door in modules.items():
        summary = door.__doc__.splitlines()[0]
        door.add_arguments(
            doors.add_parser(
                name, help=summary, description=summary, allow_abbrev=False
            )
        )
    options = parser.parse_args(arguments)
    try:
        if getattr(options, 'out', None):  # before the work
            whole.check_folder(pathlib.Path(options.out).absolute().parent)
        return modules[options.door].run(options) or 0
    except (ValueError, OSError) as error:
        print(f'data_prep {options.door}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f'data_prep {options.door}: stopped', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
