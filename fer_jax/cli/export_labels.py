"""Writes the labels of a set, as they were decided, for other programs.

    python launch.py export-labels --data=data/mine --review=audits/mine --as=source \\
        --out=mine_cleaned
    python launch.py export-labels --workdir=runs/first --as=csv --out=first_csv

--as=source writes what the set was made of, with other labels and the old files beside
them (NAME.old); the pictures are linked. The other forms hold the pictures of the
prepared set, with what was decided, suggested and how probable it is:
    csv, folder             labels.csv and images; a folder for each class
    label_studio, fiftyone  tasks with predictions; a FiftyOneImageClassificationDataset
    hugging_face, parquet   an image folder with JSON lines; pictures in parquet
Decisions are those of decisions.csv in the folder of the review or run, or of
--decisions; without any the labels are the given ones.
"""

import argparse
import collections
import pathlib
from typing import Any, NamedTuple

import numpy as np

from fer_jax import exchange, home
from fer_jax.analysis import after, cases, judgements
from fer_jax.data import corrections, prepared, records, whole
from fer_jax.data.corrections import Decision
from fer_jax.data.quoting import printable
from fer_jax.data_prep import origin, restoring
from fer_jax.errors import Missing, Unusable
from fer_jax.exchange import Item, Labelled

SOURCE = 'source'
AMBIGUOUS = ('one', 'drop', 'both')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--data', help="prepared folder; default: the run's own")
    parser.add_argument('--review', help='folder of a review or an audit of --data')
    parser.add_argument('--workdir', help='or of a finished run')
    parser.add_argument('--decisions', help="csv; default: the folder's decisions.csv")
    parser.add_argument(
        '--as',
        dest='form',
        required=True,
        choices=(SOURCE, *exchange.FORMS),
        help='the form, one of those above',
    )
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--ambiguous',
        choices=AMBIGUOUS,
        help='of two classes that fit: one (the given label where it is one of them,'
        ' else the first), drop, or both, which FERPlus votes hold, and which is what'
        ' they get; default: one',
    )
    parser.add_argument('--source', help='of --as=source: where the source lies now')
    parser.add_argument(
        '--pictures',
        choices=('link', 'copy'),
        default='link',
        help='of --as=source: link (default) or copy what is as it was',
    )


class Judged(NamedTuple):
    """The training labels of a set, and what is thought of them; all [N]."""

    data: prepared.Prepared
    given: np.ndarray  # int32
    suggested: np.ndarray  # int32, -1 unknown
    right: np.ndarray  # float64, NaN unknown
    decisions: dict[str, Decision]  # by id


def run(options: argparse.Namespace) -> int:
    """Writes the folder that the options name; returns 0.

    Raises:
      Missing, Unusable: no such set, review or run; decisions about another set; there
        is something at --out already; a form that cannot hold what is to be written.
    """
    out = pathlib.Path(options.out)
    whole.check_folder(out.absolute().parent)
    if out.exists():
        raise Unusable(f'{printable(out)} exists already; name another folder')
    here = judged(options)
    if options.form == SOURCE:
        return write_source(here, out, options)
    if options.source:
        raise Unusable('--source is of --as=source; leave it away')
    labelled = labels_of(here, ambiguous(options, two=False))
    with whole.folder(out) as partial:
        exchange.module(options.form).write(labelled, partial)
    kept = sum(1 for _ in labelled.kept())
    lost = len(labelled.items) - kept
    print(f'written: {printable(out)}, {kept:,} labels; {lost:,} dropped')
    return 0


def ambiguous(options: argparse.Namespace, two: bool) -> str:
    """What becomes of two classes, of AMBIGUOUS, in a form that holds `two` or not."""
    if options.ambiguous == 'both' and not two:
        raise Unusable(
            f'--ambiguous=both: this form of {options.form} holds one class for each'
            ' picture; give one or drop'
        )
    return options.ambiguous or ('both' if two else 'one')


def judged(options: argparse.Namespace) -> Judged:
    """What the options name."""
    if not options.data and not options.workdir:
        raise Unusable(
            'give --data=FOLDER of a prepared set, or --workdir=FOLDER of a run'
        )
    if options.workdir and options.review:
        raise Unusable('--review and --workdir both tell what was decided; give one')
    here = of_run(options) if options.workdir else of_set(options)
    folder, path = options.workdir or options.review, options.decisions
    if path is None and folder and (pathlib.Path(folder) / corrections.FILE).is_file():
        path = pathlib.Path(folder) / corrections.FILE
    if path is None:
        return here
    found = corrections.read(path, here.data.train.ids, here.data.class_names)
    return here._replace(decisions=here.decisions | {one.id: one for one in found})


def of_set(options: argparse.Namespace) -> Judged:
    """A prepared set, as the audit in --review judges it, where there is one."""
    data = prepared.load(options.data)
    found = None
    if options.review:
        if not pathlib.Path(options.review).is_dir():
            raise Missing(f'{options.review}: no such folder; --review is that of one')
        found = judgements.read(pathlib.Path(options.review), data)
    return arranged(data, data.train.labels, found)


def of_run(options: argparse.Namespace) -> Judged:
    """A finished run: its given labels, and what its own corrections dropped."""
    case = cases.read(options.workdir, options.data)
    if isinstance(case.data, str):
        raise Unusable(case.data)
    data = case.data
    given = data.train.labels.copy()
    given[data.train.rows(case.ids)] = case.given
    here = arranged(data, given, case)
    if case.run.result['noise_list_sha256']:
        print(f'{options.workdir}: its given labels have added noise (noise.csv)')
    found = after.of_run(case)
    if isinstance(found, str):
        raise Unusable(found)
    dropped = {one.id: one for one in found or () if one.decision == 'drop'}
    return here._replace(decisions=dropped)


def arranged(data: prepared.Prepared, given: np.ndarray, found: Any) -> Judged:
    """Judged labels, by what has ids, suggested and right of some, or None."""
    suggested = np.full(len(given), -1, np.int32)
    right = np.full(len(given), np.nan)
    if found is not None:
        rows = data.train.rows(found.ids)
        suggested[rows], right[rows] = found.suggested, found.right
    return Judged(data, given, suggested, right, {})


def left(decision: Decision | None, given: int, two: str) -> tuple[int, ...]:
    """The classes that a label is left with, by one of AMBIGUOUS; () is dropped."""
    classes = decision.left(given) if decision else (given,)
    if len(classes) < 2 or two == 'both':
        return classes
    if two == 'drop':
        return ()
    return (given,) if given in classes else classes[:1]


def labels_of(here: Judged, two: str) -> Labelled:
    """All pictures of a set with the labels that are left of both splits."""
    data = here.data
    items = []
    for name, given, suggested, right in zip(
        data.train.ids.tolist(),
        here.given.tolist(),
        here.suggested.tolist(),
        here.right.tolist(),
    ):
        said = here.decisions.get(name)
        label = (*left(said, given, two), -1)[0]
        items.append(Item('train', name, given, label, said, suggested, right))
    for name, label in zip(data.test.ids.tolist(), data.test.labels.tolist()):
        items.append(Item('test', name, label, label))
    sources = data.train.records(), data.test.records()
    count = len(data.train.ids)

    def image(number):
        tested = number >= count
        return records.decode_example(sources[tested][number - tested * count])[1]

    return Labelled(data.folder.absolute().name, data.class_names, items, image)


def write_source(here: Judged, out: pathlib.Path, options: argparse.Namespace) -> int:
    """Writes the form of the set's source; returns 0."""
    data = here.data
    source = origin.of(data.folder, options.source)
    two = ambiguous(options, source.form.two)
    labels = {}
    for name, given, own in zip(
        data.train.ids.tolist(), here.given.tolist(), data.train.labels.tolist()
    ):
        classes = left(here.decisions.get(name), given, two)
        if classes != (own,):
            labels[name] = classes
    found = restoring.write(data, labels, out, source, options.pictures == 'copy')
    counts = collections.Counter(map(len, labels.values()))
    gap = f' ({found.gap} in their place)' if found.gap and counts[0] else ''
    said = f'{counts[1]:,} labels changed, {counts[0]:,} dropped{gap}'
    said += f', {counts[2]:,} between two classes' * (counts[2] > 0)
    print(f'written: {printable(out)}, {said}')
    print(f'again: {home.prepare()} {printable(found.command)}')
    if found.empty:
        empty = ', '.join(found.empty)
        print(f'no training label of {empty} is left; no set can be made of that')
    return 0
