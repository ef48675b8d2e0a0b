"""FER2013 (Goodfellow et al. 2013), with the labels of its authors or of FERPlus.

    python -m data_prep fer2013 --source=DOWNLOADS --out=data/fer2013
    python -m data_prep fer2013 --source=DOWNLOADS --out=data/ferplus \
        --labels=ferplus_majority7

Source: `fer2013.csv` (emotion,pixels,Usage) or `icml_face_data.csv` and, for FERPlus
labels, `fer2013new.csv` beside it; or, without them, folders train and test of images
(fer2013_folder.py).

The training split is Usage=Training. The test split is PrivateTest, as is
customary, or PublicTest where a copy has no other or `--test=public` asks for it;
rows of the one that is not chosen are left out. Ids are the first word of the Usage
and the row of the csv, counted from 0: train-00012, private-32310.

`--labels` names the given labels, `--clean` a second source that is taken for the
truth. With both, the training split keeps every face that has a given label, with
clean label -1 where the truth is unknown (else the votes would filter the training
set), and the test split holds the faces with a known truth, *labelled with it*: we
test on clean labels only. Without `--clean` every clean label is -1.

A test face is a duplicate when a Training row of the csv, whether kept or not, has
the same pixels: so the test split does not depend on the choice of training labels.
"""

import argparse
import collections
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import rich.console

from fer_jax.errors import Missing, Unusable

from . import fer2013_csv, fer2013_folder, ferplus, forms, importing, reports
from .fer2013_csv import CLASSES, PREFIXES, SIZE_PX, Face, read_faces
from .squares import Picture

TESTS = {'public': 'PublicTest', 'private': 'PrivateTest'}
LABELS = ('fer2013', *(f'ferplus_{rule}' for rule in ferplus.RULES))


class Rows(NamedTuple):
    """The rows of the csv that make one split, and their labels."""

    numbers: np.ndarray  # [n] int, counted from 0
    labels: np.ndarray  # [n] int32
    clean_labels: np.ndarray  # [n] int32, -1 unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument(
        '--source',
        required=True,
        help='fer2013.csv or icml_face_data.csv, its folder, or that of train and test',
    )
    parser.add_argument(
        '--labels', choices=LABELS, default='fer2013', help="default: its authors'"
    )
    parser.add_argument('--clean', choices=LABELS, help='labels taken for the truth')
    parser.add_argument('--test', choices=TESTS, help='default: private if present')
    parser.add_argument(
        '--drop-test-duplicates',
        action='store_true',
        help='leave out training faces that are test faces, too',
    )
    importing.add_arguments(parser, SIZE_PX)


def run(options: argparse.Namespace) -> None:
    """Reads the source, prints what is in it and writes the prepared folder."""
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    source = pathlib.Path(options.source)
    if fer2013_folder.is_here(source):
        return fer2013_folder.run(options)
    names = {options.labels, options.clean} - {None, 'fer2013'}
    path = fer2013_csv.found(source)
    table = path.with_name(ferplus.FILE)
    if names and not table.is_file():
        raise Missing(f'no {ferplus.FILE} in {table.parent}: put it beside {path.name}')
    faces = read_faces(path)
    rows = ferplus.aligned(table, faces.usage) if names else []
    votes = np.array([row.votes for row in rows], np.int32)
    test_usage = choose_test(faces.usage, options.test)
    report_source(console, path, faces.usage, test_usage)
    class_names, train, test = split(console, options, faces, votes, test_usage)
    places = [(path, line) for line in faces.lines]
    form: forms.Form = forms.Column('emotion', range(7), gap='an empty emotion')
    if options.labels != 'fer2013':
        places = [(table, row.number) for row in rows]
        form = forms.Votes(ferplus.COLUMNS, 'unknown')
    splits = {
        'train': pictures(faces, train, path, places),
        'test': pictures(faces, test, path, places),
    }
    published = ('train', 'train'), ('test', f'{PREFIXES[test_usage]}_test')
    importing.run(
        options,
        'fer2013',
        importing.Found(
            options.labels.split('_')[0],
            class_names,
            class_names,
            splits,
            (path, table) if names else (path,),
            published=published if options.labels == 'fer2013' else (),
            form=form,
        ),
        labels=options.labels,
        clean=options.clean,
        test=test_usage,
        drop_test_duplicates=options.drop_test_duplicates,
    )


def split(
    console: rich.console.Console,
    options: argparse.Namespace,
    faces: fer2013_csv.Faces,
    votes: np.ndarray,
    test_usage: str,
) -> tuple[tuple[str, ...], Rows, Rows]:
    """Class names, training Rows and test Rows; prints what is dropped and why."""
    class_names, given, why = label(options.labels, faces.labels, votes)
    clean, tested, why_not = np.full_like(given, -1), given, why
    if options.clean:
        clean_names, clean, why_not = label(options.clean, faces.labels, votes)
        clean, why_not = rename(clean, why_not, clean_names, class_names)
        tested = clean
    training, testing = faces.usage == 'Training', faces.usage == test_usage
    train = choose(training, given, clean, why)
    test = choose(testing, tested, clean, why_not)
    report(console, 'train', training, train, why)
    if options.clean:
        report_truth(console, train)
    report(console, 'test', testing, test, why_not)
    known = {faces.pixels[number] for number in np.flatnonzero(training)}
    copies = np.array([faces.pixels[n] in known for n in test.numbers], bool)
    report_duplicates(console, faces.pixels, copies, train)
    if options.drop_test_duplicates:
        test = Rows(*(column[~copies] for column in test))
        console.print(f'test: the duplicates are dropped, {len(test.numbers):,} stay')
    return class_names, train, test


def choose_test(usage: np.ndarray, wish: str | None = None) -> str:
    """The Usage that becomes the test split; `wish` is a key of TESTS or None."""
    present = [name for name in ('private', 'public') if TESTS[name] in usage]
    if wish is None and present:
        return TESTS[present[0]]
    if wish not in present:
        raise Unusable(
            f'no {TESTS[wish] if wish else "test"} rows in the csv, only '
            f'{", ".join(sorted(set(usage)))}: take a copy of the csv that has them'
        )
    return TESTS[wish]


def label(
    name: str, labels: np.ndarray, votes: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Class names, labels [N] (-1: none) and reasons [N] for the source `name`."""
    if name == 'fer2013':
        return CLASSES, labels, np.where(labels < 0, 'no label', '')
    rule = name.removeprefix('ferplus_')
    return ferplus.RULES[rule], *ferplus.decide(votes, rule)


def rename(
    labels: np.ndarray, reasons: np.ndarray, names: Sequence[str], wanted: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Labels moved from the order `names` to the order `wanted`, -1 where it has none.

    Returns:
      labels [N] int32; reasons [N] with the name of a class that `wanted` lacks.
    """
    places = [wanted.index(name) if name in wanted else -1 for name in names]
    moved = np.array([*places, -1], np.int32)[labels]  # [-1] keeps -1
    absent = (labels >= 0) & (moved < 0)
    return moved, np.where(absent, np.array([*names, ''])[labels], reasons)


def choose(
    among: np.ndarray, labels: np.ndarray, clean_labels: np.ndarray, reasons: np.ndarray
) -> Rows:
    """Rows of a split (mask `among` [N]) that have no reason against them."""
    numbers = np.flatnonzero(among & (reasons == ''))
    return Rows(numbers, labels[numbers], clean_labels[numbers])


def conflicts(pixels: Sequence[bytes], rows: Rows) -> tuple[int, int]:
    """Groups of pixel-identical rows, and how many of them carry different labels."""
    labels = collections.defaultdict(list)
    for number, given in zip(rows.numbers, rows.labels):
        labels[pixels[number]].append(given)
    groups = [group for group in labels.values() if len(group) > 1]
    return len(groups), sum(len(set(group)) > 1 for group in groups)


def report_source(
    console: rich.console.Console,
    path: pathlib.Path,
    usage: np.ndarray,
    test_usage: str,
) -> None:
    """Prints how many rows of each Usage there are and which are the test split."""
    counts = {name: np.sum(usage == name) for name in PREFIXES}
    said = ', '.join(f'{name} {count:,}' for name, count in counts.items())
    console.print(f'{path}: {len(usage):,} faces ({said})')
    left = sum(counts[name] for name in TESTS.values() if name != test_usage)
    console.print(f'test: {test_usage}; {left:,} rows of the other one are left out')


def report(
    console: rich.console.Console,
    name: str,
    among: np.ndarray,
    rows: Rows,
    reasons: np.ndarray,
) -> None:
    """Prints how many rows of a split (mask `among`) stay, and why others do not."""
    dropped = collections.Counter(reasons[among & (reasons != '')].tolist())
    console.print(
        f'{name}: {among.sum():,} rows, {len(rows.numbers):,} kept; '
        f'dropped {dropped.total():,}{reports.why(dropped)}'
    )


def report_truth(console: rich.console.Console, train: Rows) -> None:
    """Prints how many training rows have a known truth, and how often it differs."""
    known = train.clean_labels >= 0
    wrong = np.sum(known & (train.labels != train.clean_labels))
    console.print(
        f'train: {known.sum():,} clean labels known, {(~known).sum():,} unknown; '
        f'{wrong:,} given labels differ ({wrong / max(1, known.sum()):.1%}); '
        'the test split is labelled with the clean labels'
    )


def report_duplicates(
    console: rich.console.Console,
    pixels: Sequence[bytes],
    copies: np.ndarray,
    train: Rows,
) -> None:
    """Prints how many faces are pixel-identical: test to training, and inside train."""
    groups, conflicting = conflicts(pixels, train)
    console.print(
        f'duplicates: {copies.sum():,} test faces are pixel-identical to a training '
        f'face; {groups:,} groups of identical faces inside train, {conflicting:,} of '
        'them with different labels'
    )


def pictures(
    faces: fer2013_csv.Faces,
    rows: Rows,
    path: pathlib.Path,
    places: Sequence[tuple[pathlib.Path, int]],
) -> list[Picture]:
    """The Pictures of a split; `places` [N] is where the labels of all faces stand."""
    return [
        Picture(
            f'{PREFIXES[faces.usage[number]]}-{number:05}',
            Face(path, int(number), faces.pixels[number]),
            int(given),
            int(clean),
            at=places[number],
        )
        for number, given, clean in zip(*rows)
    ]
