"""python -m data_prep <door> ...   a source's own files -> a prepared folder.

    python -m data_prep fer2013 --source=DIR --out=DIR --labels=ferplus_majority7
    python -m data_prep synthetic --out=DIR --train=2000 --test=1000
    python -m data_prep sheet DIR --out=sheet.png
    python -m data_prep weights FILE --backbone=resnet18 --out=DIR

Wrong input is one line and exit code 2.
"""

import argparse
import sys

from data_prep import fer2013, sheet, synthetic, weights

DOORS = {
    'fer2013': fer2013,
    'sheet': sheet,
    'synthetic': synthetic,
    'weights': weights,
}


def main(arguments=None):
    """Runs the door that the arguments name; returns the exit code."""
    parser = argparse.ArgumentParser('data_prep', allow_abbrev=False)
    doors = parser.add_subparsers(dest='door', required=True, metavar='DOOR')
    for name, door in DOORS.items():
        summary = door.__doc__.splitlines()[0]
        door.add_arguments(
            doors.add_parser(
                name, help=summary, description=summary, allow_abbrev=False
            )
        )
    options = parser.parse_args(arguments)
    try:
        DOORS[options.door].run(options)
    except (ValueError, OSError) as error:
        print(f'data_prep {options.door}: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
