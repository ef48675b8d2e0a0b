"""What doors share when they read the layout of a source."""

import collections
import contextlib
import csv
import hashlib
import pathlib
import re

from fer_jax.data import sets
from fer_jax.errors import Missing, Unusable


def natural(name):
    """A sort key by which '2' comes before '10'."""
    parts = re.split(r'(\d+)', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]


def classes(names, set_name):
    """The classes of a set, by what a source calls them.

    Args:
      names: {class name or, for a set that has them, code: where it was found first}.
      set_name: 'folder' takes any names, in natural order.

    Returns:
      class_names, and what the source calls each of them.

    Raises:
      Unusable: a name or code that the set lacks, two for one class, a class missing.
    """
    known = sets.SETS[set_name]
    if not known.class_names:
        ordered = tuple(sorted(names, key=natural))
        return ordered, ordered
    called = {}
    for name, where in names.items():
        if name.isdecimal() and known.codes:
            place = label(set_name, name, known.class_names, where)
        else:
            try:
                (place,) = sets.places([name], known.class_names)
            except ValueError as error:
                raise Unusable(f'{where}: {error}') from None
        other = called.setdefault(known.class_names[place], name)
        if other != name:
            raise Unusable(
                f'{where}: {name} and {other} are both {known.class_names[place]} of '
                f'{set_name}; give both one name'
            )
    found = tuple(name for name in known.class_names if name in called)
    sets.check_classes(set_name, found)
    return found, tuple(called[name] for name in found)


def drawn(pictures, options, group=None):
    """A split for a set without one, by a seed, the same on every machine.

    Of each class (or, with `group`, of all) those round(fraction n) go to the test
    whose sha256 with the seed is smallest; so a picture more hardly moves another.

    Args:
      pictures: Pictures, of both splits together.
      options: of `add_split`.
      group: function of a Picture -> a name; what has one name stays together.

    Returns:
      {'train': Pictures, 'test': Pictures}, and a line for the report.
    """
    fraction, seed = options.test_fraction, options.seed
    if not 0 < fraction < 1:
        raise Unusable(f'--test-fraction={fraction:g}; wanted between 0 and 1')
    names = collections.defaultdict(set)
    for row in pictures:
        names[None if group else row.label].add(group(row) if group else row.id)
    test = set()
    for some in names.values():
        order = sorted(
            some, key=lambda name: hashlib.sha256(f'{seed} {name}'.encode()).digest()
        )
        test.update(order[: round(fraction * len(some))])
    splits = {'train': [], 'test': []}
    for row in pictures:
        name = group(row) if group else row.id
        splits['test' if name in test else 'train'].append(row)
    what = 'files' if group else 'each class'
    return splits, f'split: drawn, {fraction:g} of {what} for the test, seed {seed}'


def add_split(parser):
    """Adds the options of a split that is drawn."""
    parser.add_argument(
        '--test-fraction', type=float, default=0.2, help='of a drawn split; 0.2'
    )
    parser.add_argument('--seed', type=int, default=0, help='of a drawn split; 0')


def folder_with(source, name, *inside):
    """The folder that has a file: the source, or one of those `inside` it.

    Raises:
      Missing: none has.
    """
    source = pathlib.Path(source)
    for folder in (source, *(source / part for part in inside)):
        if (folder / name).is_file():
            return folder
    raise Missing(f'no {name} in {source}; --source is the folder with it')


@contextlib.contextmanager
def text(path):
    """Opens a text file, whose csv and encoding errors become a line that names it."""
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            yield file
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unusable(f'{path}: no text in UTF-8 ({error})') from None


def lines(path, columns):
    """('line n', fields) of each line of a text file, split at white space.

    Args:
      columns: names of the fields, for the message; as many are wanted.

    Raises:
      Unusable: a line with more or fewer fields, or text that is not UTF-8.
    """
    count = len(columns.split())
    with text(path) as file:
        for number, line in enumerate(file, 1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) != count:
                raise Unusable(
                    f'{path} line {number}: {line.strip()[:60]!r} has {len(fields)} '
                    f'fields; wanted {count}: {columns}'
                )
            yield f'line {number}', fields


def table(path, columns):
    """('line n', {column: text}) of each row of a csv file.

    Args:
      columns: names that the header must have, in any order, among others.

    Raises:
      Missing: no such file.
      Unusable: another header, a row with more or fewer fields.
    """
    with text(path) as file:
        reader = csv.reader(file)
        header = next(reader, [])
        missing = [name for name in columns if name not in header]
        if missing:
            raise Unusable(
                f'{path}: the header is {",".join(header)[:80]!r}; it lacks '
                f'{", ".join(missing)}'
            )
        for row in reader:
            if len(row) != len(header):
                raise Unusable(
                    f'{path} line {reader.line_num} has {len(row)} fields; wanted '
                    f'{len(header)}, as in the header'
                )
            yield f'line {reader.line_num}', dict(zip(header, row))


def label(set_name, code, class_names, where):
    """Place in `class_names` of the class that a set's label files call `code` (text).

    -1 for an optional class that is not among them.

    Raises:
      Unusable: no code of the set; `where` says where it stands.
    """
    try:
        return sets.place(set_name, int(code), class_names)
    except ValueError as error:
        said = error if code.lstrip('-').isdecimal() else f'{code!r} is no label'
        raise Unusable(f'{where}: {said}') from None


def numbers(texts, where):
    """Texts as floats; ValueError that says where they stand when they are none."""
    try:
        return [float(text) for text in texts]
    except ValueError:
        said = ', '.join(texts[:4])
        raise Unusable(f'{where}: {said[:60]!r}; wanted numbers') from None


def split_recipe(options):
    """The options of a drawn split, for the manifest."""
    return {'test_fraction': options.test_fraction, 'seed': options.seed}
