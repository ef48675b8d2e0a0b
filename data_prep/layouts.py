"""What doors share when they read the layout of a source."""

import argparse
import collections
import hashlib
import os
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from fer_jax.data import natural, picture_folders, sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

from . import presence, reports
from .squares import Picture

WIDEST = 100  # characters of a class name
LONGEST = 1000  # characters of a path in a table
NAMED = 3  # of many doubts, so many are named
JOINERS = '\u200c\u200d\xa0\u3000'  # do not print, and are parts of words
CODE = re.compile(r'-?[0-9]+(\.0*)?')  # some programs write 3 as 3.0


class Classes(NamedTuple):
    """The classes of a source."""

    names: tuple  # in the order of the labels
    places: dict  # {what the source calls a class: its place in `names`}
    doubts: tuple = ()  # lines: what may be wrong with them

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The names that the source has for each class, in their order."""
        words = [[] for _ in self.names]
        for word, label in self.places.items():
            words[label].append(word)
        return tuple(map(tuple, words))

    @property
    def called(self) -> tuple[str, ...]:
        """What the source calls each class, in their order."""
        return tuple(map(', '.join, self.words))


def classes(names: Mapping[str, str | os.PathLike], set_name: str) -> Classes:
    """The Classes of a set, by what a source calls them.

    Words that sets.ALIASES makes one class are one class of a known set; of 'folder',
    which takes any names in natural order, they are classes of their own, and a doubt.

    Args:
      names: {class name or, for a set that has them, code: where it was found first}.

    Raises:
      Unusable: a name or code that the set lacks, one that cannot be shown, a class
        missing.
    """
    known = sets.SETS[set_name]
    for name, where in names.items():
        if len(name) > WIDEST or not shown(name):
            raise Unusable(
                f'{where}: {quoted(name)} is no name of a class; wanted at most '
                f'{WIDEST} characters, all of which print'
            )
    ordered = tuple(sorted(names, key=natural.key))
    if not known.class_names:
        places = {name: place for place, name in enumerate(ordered)}
        return Classes(ordered, places, alike(ordered))
    numbers = {name: number(set_name, name, names[name]) for name in ordered}
    numbers = {name: place for name, place in numbers.items() if place >= 0}
    used = sorted(set(numbers.values()))
    class_names = tuple(known.class_names[place] for place in used)
    sets.check_classes(set_name, class_names)
    return Classes(class_names, {n: used.index(k) for n, k in numbers.items()})


def shown(name: str) -> bool:
    """Whether all characters of a name print."""
    return all(character.isprintable() or character in JOINERS for character in name)


def without_label(counts: collections.Counter, what: str) -> tuple[str, ...]:
    """A line on what has a word for no label, as (line,); () where there is none.

    Args:
      counts: how many, by the word.
      what: is left out: rows, pictures.
    """
    if not counts:
        return ()
    return (f'no label: {counts.total():,} {what} left out{reports.why(counts)}',)


def number(set_name: str, name: str, where: str | os.PathLike) -> int:
    """Place in a known set of a class name or code; Unusable says where it stands."""
    known = sets.SETS[set_name]
    if known.codes and CODE.fullmatch(name):
        return label(set_name, name, known.class_names, where)
    try:
        return sets.places([name], known.class_names)[0]
    except ValueError as error:
        raise Unusable(f'{where}: {error}') from None


def alike(names: Iterable[str]) -> tuple[str, ...]:
    """A line for each group of names that are one but for case or form of word."""
    groups = collections.defaultdict(list)
    for name in names:
        groups[sets.canonical(name)].append(name)
    doubled = [group for group in groups.values() if len(group) > 1]
    said = [
        f'{", ".join(group[:-1])} and {group[-1]} are classes of their own; if they are'
        ' one, give them one name, or name the set with --set'
        for group in doubled[:NAMED]
    ]
    if len(doubled) > NAMED:
        said.append(f'{len(doubled) - NAMED:,} more groups like these')
    return tuple(said)


def drawn(
    pictures: Sequence[Picture],
    options: argparse.Namespace,
    group: Callable | None = None,
) -> tuple[dict[str, list[Picture]], str]:
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
    if not 0 <= fraction < 1:
        raise Unusable(
            f'--test-fraction={fraction:g}; wanted a share below 1, or 0 for no test'
        )
    if not fraction:
        return {'train': [*pictures], 'test': []}, 'split: none'
    names = collections.defaultdict(set)
    for row in pictures:
        names[None if group else row.label].add(group(row) if group else row.id)
    test = set()
    for some in names.values():
        order = sorted(some, key=lambda name: _draw(seed, name))
        test.update(order[: round(fraction * len(some))])
    if not test:
        raise Unusable(
            f'--test-fraction={fraction:g} leaves none of {len(pictures):,} pictures'
            ' for the test; give a larger share, or 0'
        )
    splits = {'train': [], 'test': []}
    for row in pictures:
        name = group(row) if group else row.id
        splits['test' if name in test else 'train'].append(row)
    what = 'files' if group else 'each class'
    return splits, f'split: drawn, {fraction:g} of {what} for the test, seed {seed}'


def _draw(seed, name):
    """sha256 of a seed and a name, whose bytes may be no UTF-8."""
    return hashlib.sha256(f'{seed} {name}'.encode(errors='surrogateescape')).digest()


def add_split(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a split that is drawn."""
    parser.add_argument(
        '--test-fraction',
        type=float,
        default=0.2,
        help='of a drawn split; 0.2. 0: none, to audit all labels, not to train',
    )
    parser.add_argument('--seed', type=int, default=0, help='of a drawn split; 0')


def folder_with(source: str | os.PathLike, name: str, *inside: str) -> pathlib.Path:
    """The folder that has a file: the source, or one of those `inside` it.

    Raises:
      Missing: none has.
    """
    source = pathlib.Path(source)
    for folder in (source, *(source / part for part in inside)):
        if (folder / name).is_file():
            return folder
    raise Missing(f'no {name} in {source}; --source is the folder with it')


def shown_below(
    rows: Iterable, folder: str | os.PathLike, path: Callable
) -> tuple[list, collections.Counter]:
    """The rows of a table whose pictures are not hidden, and Found.left_out of others.

    Args:
      rows: of any kind.
      folder: what the table calls pictures from.
      path: row -> what it calls its picture.
    """
    listed = [*rows]
    shown = [
        row for row in listed if not picture_folders.is_hidden_below(folder, path(row))
    ]
    hidden = len(listed) - len(shown)
    return shown, +collections.Counter({picture_folders.HIDDEN: hidden})


def located(
    root: str | os.PathLike, text: str, where: str, names: presence.Listings
) -> str:
    """What a row calls a file below `root`, with the separators that the disk has.

    A table may have blanks around its paths, and Windows' backslashes in them. What is
    there as it stands is that; what is nowhere stays as it stands, without the blanks.

    Args:
      root: the folder.
      text: what the row says.
      where: the row, for a message.
      names: `presence.listings()`, one for many rows.

    Raises:
      Unusable: two readings are files; `where` says where it stands.
    """
    bare = text.strip()
    if not bare:
        raise Unusable(f'{where}: the path is empty; wanted that of a picture')
    if len(text) > LONGEST:
        raise Unusable(
            f'{where}: the path {quoted(text)} has {len(text):,} characters; wanted at '
            f'most {LONGEST:,}'
        )
    readings = dict.fromkeys((text, bare, bare.replace('\\', '/')))
    if len(readings) == 1:
        return bare
    paths = {name: pathlib.Path(root, name) for name in readings}
    there = [name for name, path in paths.items() if os.path.isfile(path)] or [
        name
        for name, path in paths.items()
        if os.path.isfile(presence.on_disk(path, names))
    ]
    if len(there) > 1:
        raise Unusable(
            f'{where}: {quoted(text)} may be {" or ".join(map(quoted, there))}, which '
            'are both there; remove or rename one'
        )
    return there[0] if there else bare


def label(
    set_name: str, code: str, class_names: Sequence[str], where: str | os.PathLike
) -> int:
    """Place in `class_names` of the class that a set's label files call `code` (text).

    -1 for an optional class that is not among them.

    Raises:
      Unusable: no code of the set; `where` says where it stands.
    """
    number = tables.integer(code, where)
    try:
        return sets.place(set_name, number, class_names)
    except ValueError as error:
        raise Unusable(f'{where}: {error}') from None


def split_recipe(options: argparse.Namespace) -> dict[str, float]:
    """The options of a drawn split, for the manifest."""
    return {'test_fraction': options.test_fraction, 'seed': options.seed}
