"""Whether the files are there that a door names, and can be read, before any work.

A table and a disk may spell one name in two ways: é as one character (NFC) in a csv,
as e and an accent (NFD) on a disk that a Mac wrote. They look the same and are taken
for the same.
"""

import collections
import functools
import os
import pathlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from fer_jax.data import opening, prepared
from fer_jax.data.quoting import is_utf8, printable
from fer_jax.errors import Missing, Unusable

from .squares import NO_TEXT, Picture

if TYPE_CHECKING:  # which imports this module
    from .importing import Found

NAMED = 3  # of many wrong things, so many are named
MISSING = 'missing'
# folder -> {name in composed characters: the names in it that are it}
Listings = Callable[[pathlib.Path], Mapping[str, Sequence[str]]]


def spelled(found: 'Found') -> 'Found':
    """Found with the paths of its Pictures in the spelling that the disk has."""
    names = listings()
    return found._replace(
        splits={
            split: [
                row._replace(path=on_disk(row.path, names))
                if isinstance(row.path, pathlib.Path) and not os.path.exists(row.path)
                else row
                for row in rows
            ]
            for split, rows in found.splits.items()
        }
    )


def listings() -> Listings:
    """What `on_disk` needs to know of folders: each is listed once, when it is met."""
    return functools.cache(_names)


def on_disk(path: pathlib.Path, names: Listings) -> pathlib.Path:
    """The one path that is there and is this one but for its spelling, else itself.

    Args:
      path: a pathlib.Path.
      names: `listings()`, one for many paths.
    """
    there = pathlib.Path(path.anchor)
    for name in path.parts[bool(path.anchor) :]:
        place = there / name
        if not os.path.lexists(place):
            same = names(there).get(_plain(name), ())
            if len(same) != 1:  # here, for a path may have a million parts more
                return path
            place = there / same[0]
        there = place
    return there


def _names(folder):
    """{name in composed characters: the names of a folder that are it}."""
    names = collections.defaultdict(list)
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            names[_plain(name)].append(name)
    return names


def _plain(name):
    return unicodedata.normalize('NFC', name)


def look(found: 'Found', on_corrupt: str) -> dict[str, list[str]]:
    """{split: what decides each example, as text}.

    Raises:
      Missing, Unusable: with 'stop', at files that are not there, are no regular ones,
        or have a name that no table can hold; says how many and names some.
    """
    stamps, troubles = {}, collections.defaultdict(list)
    for split in prepared.SPLITS:
        stamps[split] = []
        for picture in found.splits[split]:
            trouble, seen = status(picture)
            if trouble:
                troubles[trouble].append(picture)
            marks = picture.landmarks
            marks = None if marks is None else [list(map(float, p)) for p in marks]
            stamps[split].append(
                ascii(
                    f'{picture.id} {picture.path} {picture.label} '
                    f'{picture.clean_label} {picture.box} {marks} {seen}'
                )
            )
    if troubles and on_corrupt == 'stop':
        refuse(troubles)
    return stamps


def status(picture: Picture) -> tuple[str, str]:
    """(trouble or '', size and time of change as text) of a Picture's file."""
    if not is_utf8(picture.id):
        return NO_TEXT, NO_TEXT
    try:
        status = os.stat(picture.path)
    except (FileNotFoundError, NotADirectoryError):
        return MISSING, MISSING
    except OSError as error:  # too long a name, a circle of links, no permission
        said = error.strerror or 'it cannot be read'
        return said, said
    kind = opening.kind_of(status.st_mode)
    trouble = f'not a file but a {kind}' if kind else ''
    return trouble, f'{status.st_size} {status.st_mtime_ns}'


def refuse(troubles: Mapping[str, Sequence[Picture]]) -> NoReturn:
    """Raises an error about troubles, {trouble: Pictures}."""
    many = sum(map(len, troubles.values()))
    said = '; '.join(
        f'{len(rows):,} pictures are missing: {several(map(place, rows))}'
        if trouble == MISSING
        else f'{len(rows):,} cannot be read ({trouble}): {several(map(place, rows))}'
        for trouble, rows in troubles.items()
    )
    advice = []
    if MISSING in troubles:
        advice.append('is --source the right folder?')
    if NO_TEXT in troubles:
        advice.append('rename what has other bytes, as convmv does;')
    error = Missing if troubles.keys() == {MISSING} else Unusable
    what = 'them' if many > 1 else 'it'
    raise error(f'{said}; {" ".join((*advice, "--on-corrupt=skip leaves"))} {what} out')


def place(picture: Picture) -> str:
    """Where a Picture is, for a message: its file, and the row that names it."""
    path = printable(picture.path)
    return f'{path} ({picture.where})' if picture.where else path


def several(names: Iterable[str]) -> str:
    """The first few of many names, as text."""
    names = list(names)
    return ', '.join(names[:NAMED]) + (', ...' if len(names) > NAMED else '')
