"""FERPlus (Barsoum et al. 2016) as its own tools make it: folders of png files.

    python -m data_prep ferplus --source=FERPLUS --out=data/ferplus

    FER2013Train/fer0000000.png ...   FER2013Valid/   FER2013Test/   48 x 48
    label.csv in each: name, (a box,) ten votes; or fer2013new.csv in the source

A row is joined to its file by the name of the image, never by its place: rows without a
face have no name, so the number in a name is not that of the row. The published table
names three images twice, with the same votes: the second row is left out. The private
test (FER2013Test) is the test split unless --test=public. Ids are the names of the
files. With fer2013.csv and fer2013new.csv in the source, this is the door fer2013.
"""

import argparse
import collections
import pathlib
from collections.abc import Iterator, Mapping

import numpy as np

from fer_jax.data import tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

from . import fer2013, fer2013_csv, ferplus, forms, importing, reports
from .squares import Picture

FOLDERS = {
    'Training': 'FER2013Train',
    'PublicTest': 'FER2013Valid',
    'PrivateTest': 'FER2013Test',
}
TABLE = 'label.csv'
MANY = len(ferplus.COLUMNS)
# a box may stand in front of the votes, always all of the 48 pixels
COUNTS = (MANY + 1, MANY + 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument(
        '--source', required=True, help='folder with FER2013Train, or fer2013.csv'
    )
    parser.add_argument(
        '--labels',
        choices=ferplus.RULES,
        default='majority8',
        help='how votes become labels; default: majority8',
    )
    parser.add_argument(
        '--test', choices=fer2013.TESTS, help='default: private if present'
    )
    importing.add_arguments(parser, fer2013_csv.SIZE_PX)


def run(options: argparse.Namespace) -> None:
    """Reads the votes, prints what is there and writes the prepared folder."""
    source = pathlib.Path(options.source)
    if fer2013_csv.find(source):
        same = {'clean': None, 'drop_test_duplicates': False}
        labels = f'ferplus_{options.labels}'
        return fer2013.run(
            argparse.Namespace(**vars(options) | same | {'labels': labels})
        )
    files, rows = read(source)
    usage = fer2013.choose_test(np.array([row[0] for row in rows]), options.test)
    labels, reasons = ferplus.decide(np.array([row[2] for row in rows]), options.labels)
    splits, said, seen = {'train': [], 'test': []}, [], collections.defaultdict(list)
    for split, wanted in (('train', 'Training'), ('test', usage)):
        dropped = collections.Counter()
        for (here, name, votes, where, line), label, reason in zip(
            rows, labels, reasons
        ):
            if here != wanted:
                continue
            lines = seen[(name, *votes)]
            lines.append(line)
            again = len(lines) > 1
            reason = str(reason) or (not name and 'no image') or (again and 'again')
            if reason:
                dropped[reason] += 1
            else:
                path = source / FOLDERS[here] / name
                picture = Picture(name, path, int(label), where=where)
                splits[split].append((picture, lines))
        splits[split] = [
            picture._replace(at=(files[wanted], *lines))
            for picture, lines in splits[split]
        ]
        said.append(
            f'{split}: {wanted}, {len(splits[split]) + dropped.total():,} rows, '
            f'{len(splits[split]):,} kept; dropped {dropped.total():,}'
            + reports.why(dropped)
        )
    class_names = ferplus.RULES[options.labels]
    importing.run(
        options,
        'ferplus',
        importing.Found(
            'ferplus',
            class_names,
            class_names,
            splits,
            tuple(dict.fromkeys(files.values())),
            tuple(said),
            (),
            form=form(files),
        ),
        labels=options.labels,
        test=usage,
    )


def form(files: Mapping[str, pathlib.Path]) -> forms.Votes:
    """The form of the label files."""
    headless = all(path.name == TABLE for path in files.values())
    return forms.Votes(ferplus.COLUMNS, 'unknown', COUNTS if headless else ())


def read(source: pathlib.Path) -> tuple[dict[str, pathlib.Path], list[ferplus.Row]]:
    """{usage: its label file}, and the ferplus.Rows in them.

    Raises:
      Missing: neither fer2013new.csv nor a label.csv.
      Unusable: a row that is none of votes.
    """
    table = source / ferplus.FILE
    if table.is_file():
        return dict.fromkeys(FOLDERS, table), [*table_rows(table)]
    files = {
        usage: source / folder / TABLE
        for usage, folder in FOLDERS.items()
        if (source / folder / TABLE).is_file()
    }
    if 'Training' not in files:
        raise Missing(
            f'{source} has neither {ferplus.FILE} nor FER2013Train/{TABLE}; --source '
            'is the folder with FER2013Train, FER2013Valid and FER2013Test'
        )
    rows = [row for usage, path in files.items() for row in label_rows(path, usage)]
    return files, rows


def label_rows(path: pathlib.Path, usage: str) -> Iterator[ferplus.Row]:
    """Rows of a label.csv, which has no header."""
    for line, (name, *votes) in tables.records(path, COUNTS):
        counts = ferplus.counts(votes[-MANY:], f'{path} line {line}')
        where = f'{path.parent.name}/{TABLE} line {line}'
        yield ferplus.Row(usage, name, counts, where, line)


def table_rows(path: pathlib.Path) -> Iterator[ferplus.Row]:
    """Rows of fer2013new.csv."""
    for row in ferplus.rows(path):
        if row.usage not in FOLDERS:
            raise Unusable(
                f'{path} {row.line}: Usage {quoted(row.usage)}; wanted one of '
                f'{", ".join(FOLDERS)}'
            )
        yield row._replace(line=f'{path.name} {row.line}')
