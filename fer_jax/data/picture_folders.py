"""What in a folder is a picture: one rule for every door, the doctor and predict.

A picture is a file that ends as those of opening.FORMATS do, at any depth, no part of
whose path below the folder is hidden or belongs to a system. What is left out for its
ending is counted by it. Links to folders are not followed: they may lead round in
circles.
"""

import collections
import os
import pathlib
import re
from collections.abc import Mapping
from typing import NamedTuple

ENDINGS = (
    '.jpg', '.jpeg', '.jpe', '.jfif', '.mpo', '.png', '.apng', '.gif', '.bmp', '.webp',
    '.tif', '.tiff', '.ppm', '.pgm', '.pbm', '.pnm',
)  # fmt: skip
FOREIGN = (  # what systems put beside pictures, unless it is hidden by a dot
    '__macosx', 'thumbs.db', 'ehthumbs.db', 'ehthumbs_vista.db', 'desktop.ini',
    'icon\r', 'picasa.ini', '@eadir', '@__thumb', '@recycle', '#recycle', '#snapshot',
    '$recycle.bin', 'system volume information', 'lost+found', '__pycache__',
    'network trash folder', 'temporary items',
)  # fmt: skip
HIDDEN = 'hidden or of a system'


class Below(NamedTuple):
    """What lies below a folder."""

    pictures: list[pathlib.Path]  # , in the order of the names
    left_out: collections.Counter  # what: how many


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is none of the user's data."""
    return name.startswith('.') or name.casefold() in FOREIGN


def is_hidden_below(folder: str | os.PathLike, path: str) -> bool:
    """Whether a file is none of the user's data, by its path below a folder.

    Args:
      folder: what a table calls files from.
      path: what it calls one. Of a path that leads out of the folder its last part
        alone counts, for what it leads through was meant.
    """
    parts = pathlib.PurePath(path.strip().replace('\\', '/')).parts
    if not any(map(is_hidden, parts)):
        return False
    parts = pathlib.PurePath(
        os.path.relpath(os.path.join(folder, *parts), folder)
    ).parts
    counting = parts[-1:] if parts[:1] == (os.pardir,) else parts
    return any(is_hidden(part) for part in counting if part != os.pardir)


def below(folder: str | os.PathLike) -> Below:
    """Below a folder, at any depth.

    Raises:
      OSError: a folder that the system refuses to show.
    """
    pictures: list[pathlib.Path] = []
    left_out: collections.Counter[str] = collections.Counter()
    for here, folders, files in os.walk(os.fspath(folder), onerror=_raised):
        for name in [*folders, *files]:
            if is_hidden(name):
                left_out[HIDDEN] += 1
        folders[:] = [name for name in folders if not is_hidden(name)]
        left_out['links to folders'] += sum(
            os.path.islink(os.path.join(here, name)) for name in folders
        )
        for name in files:
            if is_hidden(name):
                continue
            if is_picture(name):
                pictures.append(pathlib.Path(here, name))
            else:
                left_out[ending(name)] += 1
    return Below(sorted(pictures), +left_out)


def beside(folder: str | os.PathLike) -> tuple[Below, list[pathlib.Path]]:
    """Below a folder, but of the files right in it alone; and its own folders, sorted.

    Raises:
      OSError: a folder that the system refuses to show.
    """
    pictures, folders = [], []
    left_out: collections.Counter[str] = collections.Counter()
    for path in sorted(pathlib.Path(folder).iterdir()):
        if is_hidden(path.name):
            left_out[HIDDEN] += 1
        elif path.is_dir():
            folders.append(path)
        elif is_picture(path.name):
            pictures.append(path)
        else:
            left_out[ending(path.name)] += 1
    return Below(pictures, left_out), folders


def is_picture(name: str | os.PathLike) -> bool:
    """Whether a file of this name ends as a picture does."""
    return pathlib.PurePath(name).suffix.lower() in ENDINGS


def ending(name: str | os.PathLike) -> str:
    """The ending by which a file is counted that is left out."""
    suffix = pathlib.PurePath(name).suffix.lower()
    if not suffix:
        return 'without an ending'
    return suffix if re.fullmatch(r'\.[a-z0-9]{1,8}', suffix) else 'of other endings'


def told(left_out: Mapping[str, int]) -> str:
    """What was left out, as text: '6 .heic, 2 without an ending'."""
    order = sorted(left_out.items(), key=lambda one: -one[1])
    return ', '.join(f'{count:,} {what}' for what, count in order)


def _raised(error):
    raise error
