"""FER2013 as Kaggle has it in images: train/<class>/*.jpg and test/<class>/*.jpg.

The folders bear the class names (angry, disgust, fear, ...) or the codes 0 to 6. There,
test holds both of the csv's, told by the file names: PrivateTest_10131363.jpg. Or the
csv was unpacked into Training, PublicTest and PrivateTest. As with the csv the private
ones are the test split, where there are any and --test does not ask for the public
ones; where no name tells, all of test is. Ids are paths.
"""

import argparse
import pathlib
from collections.abc import Sequence

from fer_jax.errors import Unusable

from . import fer2013_csv, image_folder, importing, splits
from .squares import Picture

TESTS = {'private': 'PrivateTest', 'public': 'PublicTest'}  # the first that is there


def is_here(source: pathlib.Path) -> bool:
    """Whether a source has this layout, and not the csv."""
    return not fer2013_csv.find(source) and bool(splits.training(source))


def run(options: argparse.Namespace) -> None:
    """Finds the images, prints what is there and writes the prepared folder."""
    if options.labels != 'fer2013' or options.clean or options.drop_test_duplicates:
        raise Unusable(
            f'{options.source} has folders of images, whose names are no rows of '
            'fer2013new.csv: --labels, --clean and --drop-test-duplicates need '
            'fer2013.csv (door ferplus reads the folders that FERPlus makes)'
        )
    tests = splits.TESTS
    if options.test:
        tests = (TESTS[options.test].lower(), *tests)
    found = image_folder.read(pathlib.Path(options.source), 'fer2013', tests=tests)
    usage, rows, line = chosen(found.splits['test'], options.test)
    importing.run(
        options,
        'fer2013',
        found._replace(
            splits=found.splits | {'test': rows},
            said=(*found.said, line),
            published=(('train', 'train'), ('test', usage)),
        ),
        labels='fer2013',
        test=usage,
    )


def chosen(
    pictures: Sequence[Picture], wish: str | None
) -> tuple[str, Sequence[Picture], str]:
    """Which test this is, its Pictures and a line for the report.

    Args:
      wish: a key of TESTS, or None.

    Raises:
      Unusable: a test is asked for that no name of a file or of its split tells of.
    """
    by_test = {
        test: [row for row in pictures if told(row, name)]
        for test, name in TESTS.items()
    }
    present = [test for test, rows in by_test.items() if rows]
    if wish is None and not present:
        return 'test', pictures, 'test: all; no file name tells which one it was'
    test = wish or present[0]
    if not by_test[test]:
        raise Unusable(
            f'no file in test has a name {TESTS[test]}_..., so --test={test} cannot be '
            'told; leave it away and all are the test split'
        )
    left = len(pictures) - len(by_test[test])
    line = f'test: {TESTS[test]}; {left:,} images of the other one are left out'
    return f'{test}_test', by_test[test], line


def told(picture: Picture, name: str) -> bool:
    """Whether a Picture is of a test, by the name of its file or of its split."""
    split = splits.role(picture.id.split('/')[0])
    return picture.path.name.startswith(name) or split == name.lower()
