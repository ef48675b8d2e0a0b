"""A csv file of pictures: a row each, its path and its label, in columns you name.

    python -m data_prep csv --source=faces.csv --path=file --label=emotion --out=...

Labels are class names in their natural order, or with --set the names or codes of a
known set in its order. Paths are relative to --root, which is the csv's own folder. The
split is what --split's column says (train or test; val for want of test), else drawn.
"""

import collections
import pathlib

from data_prep import importing, layouts
from data_prep.squares import Picture
from fer_jax.data import sets
from fer_jax.errors import Missing, Unusable

COLUMNS = ('path', 'label', 'clean', 'split', 'id')
TESTS = ('test', 'val', 'valid', 'validation')  # the first that is there


def add_arguments(parser):
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help='the csv file, with a header')
    parser.add_argument('--root', help="folder of the paths; default: the csv's own")
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


def run(options):
    """Reads the csv, prints what is in it and writes the prepared folder."""
    path = pathlib.Path(options.source)
    if not path.is_file():
        raise Missing(f'{path}: no such file; --source is the csv')
    box = options.box.split(',') if options.box else []
    if len(box) not in (0, 4):
        raise Unusable(f'--box={options.box}; wanted four columns')
    columns = {key: getattr(options, key) for key in COLUMNS if getattr(options, key)}
    rows = [*layouts.table(path, (*columns.values(), *box))]
    class_names, called = layouts.classes(names(path, rows, columns), options.set)
    places = {name: place for place, name in enumerate(called)} | {'': -1}
    root = pathlib.Path(options.root or path.parent)
    found = collections.defaultdict(list)
    for line, row in rows:
        picture = Picture(
            row[columns.get('id', columns['path'])],
            root / row[columns['path']],
            places[row[columns['label']].strip()],
            places[row[columns['clean']].strip()] if 'clean' in columns else -1,
            box=tuple(layouts.numbers([row[k] for k in box], f'{path} {line}')) or None,
            where=f'{path.name} {line}',
        )
        split = row[columns['split']].strip().lower() if 'split' in columns else 'all'
        found[split].append(picture)
    splits, said = chosen(path, found, options, 'split' in columns)
    importing.run(
        options,
        'csv',
        importing.Found(
            options.set,
            class_names,
            called,
            splits,
            (path,),
            said,
            importing.AS_GIVEN if 'split' in columns else importing.DRAWN,
        ),
        columns=columns | ({'box': box} if box else {}),
        set=options.set,
        **({} if 'split' in columns else layouts.split_recipe(options)),
    )


def names(path, rows, columns):
    """{what a label is called: where it stands first}, of given and true labels.

    Raises:
      Unusable: a given label is empty.
    """
    found = {}
    for line, row in rows:
        given = row[columns['label']].strip()
        if not given:
            raise Unusable(
                f'{path} {line}: {columns["label"]} is empty; wanted a class'
            )
        found.setdefault(given, f'{path} {line}')
        true = row[columns['clean']].strip() if 'clean' in columns else ''
        if true:
            found.setdefault(true, f'{path} {line}')
    return found


def chosen(path, found, options, given):
    """{'train': Pictures, 'test': Pictures} and lines for the report."""
    if not given:
        splits, line = layouts.drawn(found['all'], options)
        return splits, (line,)
    tests = [name for name in TESTS if name in found]
    if 'train' not in found or not tests:
        raise Unusable(
            f'{path}: {options.split} is {", ".join(sorted(found)) or "nowhere set"}; '
            'wanted train and test'
        )
    others = {n: len(rows) for n, rows in found.items() if n not in ('train', tests[0])}
    said = tuple(f'{name}: {count:,} rows left out' for name, count in others.items())
    return {'train': found['train'], 'test': found[tests[0]]}, said
