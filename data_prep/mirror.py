"""A folder like another one, with some files written anew, moved or left out.

All that is as it was is linked, or copied; beside a file that is written anew the old
one lies as NAME.old.
"""

import os
import pathlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fer_jax.data import picture_folders


class Changes(NamedTuple):
    """What is other in the mirror; paths are those of the folder that it is like."""

    written: Mapping[pathlib.Path, Iterator[bytes]]  # contents in pieces
    moved: Mapping[pathlib.Path, pathlib.Path | None]  # None: left out
    loose: bool = False  # no folder is linked as a whole


def fill(
    source: pathlib.Path,
    target: pathlib.Path,
    changes: Changes,
    parts: Iterable[str] | None = None,
    copy: bool = False,
) -> None:
    """Fills the folder `target` with what is in `source`, but for the changes.

    Args:
      parts: names in the source that are wanted; None: all that are not hidden.
      copy: whether to copy what else is linked.
    """
    touched = {
        folder for path in (*changes.written, *changes.moved) for folder in path.parents
    }
    wanted = None if parts is None else {*parts}
    _fill(source, target, changes, touched, copy, wanted, ())
    for path, new in changes.moved.items():
        if new is not None:
            place = _free(target / new.relative_to(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            _take(path, place, copy)


def _fill(source, target, changes, touched, copy, wanted, above):
    target.mkdir(exist_ok=True)
    above = (*above, os.path.realpath(source))
    for path in sorted(source.iterdir()):
        place = target / path.name
        if wanted is not None and path.name not in wanted:
            continue
        if picture_folders.is_hidden(path.name) or path in changes.moved:
            continue
        if path in changes.written:
            with open(place, 'wb') as file:
                file.writelines(changes.written[path])
            shutil.copyfile(path, _free(place.with_name(f'{path.name}.old')))
        elif path.is_dir() and (path in touched or changes.loose or copy):
            if os.path.realpath(path) not in above:  # a link that leads round
                _fill(path, place, changes, touched, copy, None, above)
        elif not os.path.lexists(place):  # which an old file may have taken
            _take(path, place, copy)


def _take(path, place, copy):
    if copy and path.is_file():
        shutil.copy2(path, place)
    else:
        place.symlink_to(os.path.realpath(path))


def _free(place):
    """A path, or one like it, where nothing is."""
    number, found = 1, place
    while os.path.lexists(found):
        number += 1
        found = place.with_name(f'{place.stem}-{number}{place.suffix}')
    return found
