"""A csv file of pictures: a row each, its path and its label, in columns you name.

    python -m data_prep csv --source=faces.csv --path=file --label=emotion --out=...
    python -m data_prep csv --source=train.csv --test-source=test.csv --out=...

Labels are class names in their natural order, or with --set the names or codes of a
known set in its order. Rows whose label is empty, NA, nan, unknown or the like are left
out and counted. Paths are relative to --root, which is the csv's own folder. The split
is that of two files, or what --split's column says (train or test; val for want of
test), else drawn.
"""

import argparse
import collections
import difflib
import os
import pathlib
from collections.abc import Mapping, Sequence

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

from . import forms, importing, layouts, presence
from .importing import Place
from .squares import Picture

COLUMNS = ('path', 'label', 'clean', 'split', 'id')
TESTS = ('test', 'val', 'valid', 'validation')  # the first that is there
LIKELY = {  # what others call the columns
    'path': 'path file filename file_name filepath file_path image image_path img '
    'img_path image_name pic picture name',
    'label': 'label labels emotion expression class class_name category target y',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help='the csv file, with a header')
    parser.add_argument(
        '--test-source', type=Place, help='another one, of the test split'
    )
    parser.add_argument(
        '--root', type=Place, help="folder of the paths; default: the csv's own"
    )
    for name, what in (
        ('path', 'of the path; default: path'),
        ('label', 'of the given label; default: label'),
    ):
        parser.add_argument(f'--{name}', default=name, metavar='COLUMN', help=what)
    for name, what in (
        ('clean', 'of the true label, empty where unknown'),
        ('split', 'of train or test; default: a split is drawn'),
        ('id', 'of an id; default: the path'),
    ):
        parser.add_argument(f'--{name}', metavar='COLUMN', help=what)
    parser.add_argument(
        '--box', metavar='LEFT,TOP,RIGHT,BOTTOM', help='four columns, in pixels'
    )
    parser.add_argument(
        '--set', choices=sets.SETS, default='folder', help='a known set of classes'
    )
    layouts.add_split(parser)
    importing.add_arguments(parser, 224)


def run(options: argparse.Namespace) -> None:
    """Reads the csv, prints what is in it and writes the prepared folder."""
    box = options.box.split(',') if options.box else []
    if len(box) not in (0, 4):
        raise Unusable(f'--box={options.box}; wanted four columns')
    if options.test_source and options.split:
        raise Unusable('--test-source and --split both tell the split; give one')
    columns = {key: getattr(options, key) for key in COLUMNS if getattr(options, key)}
    files = [pathlib.Path(options.source)]
    if options.test_source:
        files.append(pathlib.Path(options.test_source))
    read, left_out = {}, collections.Counter()
    for path in files:
        rows = labelled(path, columns, box)
        read[path], hidden = layouts.shown_below(
            rows, options.root or path.parent, lambda row: row[columns['path']]
        )
        left_out += hidden
    classes = layouts.classes(names(read, columns), options.set)
    listed = presence.listings()
    pictures, unlabelled = collections.defaultdict(list), collections.Counter()
    for path, rows in read.items():
        for row in rows:
            if tables.missing(row[columns['label']]):
                unlabelled[row[columns['label']] or 'empty'] += 1
                continue
            made = picture(path, row, columns, box, classes, options.root, listed)
            split = row[columns['split']].lower() if 'split' in columns else 'all'
            pictures['test' if path is not files[0] else split].append(made)
    splits, said = chosen(options, pictures)
    said += layouts.without_label(unlabelled, 'rows')
    drawn = not (options.split or options.test_source)
    importing.run(
        options,
        'csv',
        importing.Found(
            options.set,
            classes.names,
            classes.called,
            splits,
            tuple(files),
            said,
            importing.DRAWN if drawn else importing.AS_GIVEN,
            classes.doubts,
            left_out,
            forms.Column(columns['label'], [words[0] for words in classes.words]),
        ),
        columns=columns | ({'box': box} if box else {}),
        set=options.set,
        **(layouts.split_recipe(options) if drawn else {}),
    )


def labelled(
    path: pathlib.Path, columns: Mapping[str, str], box: Sequence[str]
) -> list[tables.Row]:
    """The tables.Rows of a csv file.

    Raises:
      Missing: no such file.
      Unusable: no such table; of a wrong header, with the options to give.
    """
    try:
        return [*tables.rows(path, (*columns.values(), *box))]
    except tables.MissingColumns as error:
        options = ' '.join(
            f'--{key}={likely(key, columns[key], error.header)}'
            for key in columns
            if columns[key] in error.missing
        )
        advice = options or '--box=LEFT,TOP,RIGHT,BOTTOM'
        raise Unusable(f'{error}; say which columns are meant: {advice}') from None
    except Missing as error:
        raise Missing(f'{error}; --source is the csv') from None


def likely(key: str, wanted: str, header: Sequence[str]) -> str:
    """The column of a header that is probably meant, else COLUMN."""
    plain = {name.casefold(): name for name in header}
    words = [word for word in LIKELY.get(key, '').split() if word in plain]
    near = words or difflib.get_close_matches(wanted.casefold(), plain, 1)
    name = plain[near[0]] if near else 'COLUMN'
    return name if name.isidentifier() else quoted(name)


def names(
    read: Mapping[pathlib.Path, Sequence[tables.Row]], columns: Mapping[str, str]
) -> dict[str, str]:
    """{what a label is called: where it stands first}, of given and true labels.

    Args:
      read: {path: its rows}.
    """
    words = {}
    for path, rows in read.items():
        for row in rows:
            for key in ('label', 'clean'):
                word = row[columns[key]] if key in columns else ''
                if not tables.missing(word):
                    words.setdefault(word, f'{path} {row.line}')
    return words


def picture(
    path: pathlib.Path,
    row: tables.Row,
    columns: Mapping[str, str],
    box: Sequence[str],
    classes: layouts.Classes,
    root: str | os.PathLike | None,
    listed: presence.Listings,
) -> Picture:
    """The Picture of a row that has a label; `listed` are `presence.listings()`."""
    where = f'{path} {row.line}'
    given = row.exact(columns['path'])
    name = layouts.located(root or path.parent, given, where, listed)
    true = row[columns['clean']] if 'clean' in columns else ''
    return Picture(
        row[columns['id']] if 'id' in columns else name,
        pathlib.Path(root or path.parent) / name,
        classes.places[row[columns['label']]],
        -1 if tables.missing(true) else classes.places[true],
        box=tuple(tables.numbers([row[k] for k in box], where)) or None,
        where=f'{path.name} {row.line}',
        at=(path, row.number),
    )


def chosen(
    options: argparse.Namespace, pictures: Mapping[str, list[Picture]]
) -> tuple[dict[str, list[Picture]], tuple[str, ...]]:
    """{'train': Pictures, 'test': Pictures} and lines for the report."""
    if options.test_source:
        return {'train': pictures['all'], 'test': pictures['test']}, ()
    if not options.split:
        splits, line = layouts.drawn(pictures['all'], options)
        return splits, (line,)
    if [*pictures] == ['train']:
        return {**pictures, 'test': []}, ()
    tests = [name for name in TESTS if name in pictures]
    if 'train' not in pictures or not tests:
        words = ', '.join(quoted(word) for word in sorted(pictures)[:5])
        raise Unusable(
            f'{options.source}: {options.split} is {words or "nowhere set"}; '
            'wanted train and test; leave --split out, and a split is drawn'
        )
    others = {
        n: len(rows) for n, rows in pictures.items() if n not in ('train', tests[0])
    }
    said = tuple(
        f'{quoted(name)[1:-1]}: {count:,} rows left out'
        for name, count in others.items()
    )
    return {'train': pictures['train'], 'test': pictures[tests[0]]}, said
