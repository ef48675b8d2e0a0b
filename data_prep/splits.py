"""Which folders of a source are splits, and which level bears the classes."""

import argparse
import collections
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fer_jax.data import natural, picture_folders, sets
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Missing, Unusable

from . import layouts

TRAIN = ('train', 'training')
# The first that is there. FER2013's two are in its csv's order of preference.
TESTS = (
    'test', 'testing', 'privatetest', 'val', 'valid', 'validation', 'publictest',
    'dev', 'eval', 'evaluation',
)  # fmt: skip
LEVELS = (1, 2)


class Layout(NamedTuple):
    """How a source of class folders is laid out."""

    folders: dict  # {'train': [folder], 'test': [folder]}, or {'all': folders}
    said: list  # lines for the report


def add_level(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says which level of folders bears the classes."""
    parser.add_argument(
        '--level',
        type=int,
        choices=LEVELS,
        help='of folders that bears the class names, where two might',
    )


def role(name: str) -> str:
    """What a folder's name says of its split: one of TRAIN or TESTS, or ''.

    Case, marks and a word 'set' or 'data' behind it do not count: Train_Set is train.
    """
    plain = re.sub(r'[\W_]', '', name.casefold())
    plain = re.sub(r'(?<=.)(set|data)$', '', plain)
    return plain if plain in (*TRAIN, *TESTS) else ''


def of(
    source: pathlib.Path,
    set_name: str,
    level: int | None = None,
    tests: Sequence[str] = TESTS,
) -> Layout:
    """The Layout of a source.

    Folders that bear the names of splits and hold folders are splits. Others that hold
    no picture of their own, and folders of the same names, might be either.

    Args:
      set_name: of sets.SETS; the names of its classes settle which level they are on.
      level: one of LEVELS, which of the two bears the classes; None: what is certain.
      tests: names of TESTS, the one that is taken first.

    Raises:
      Missing: no such folder, or one with a train and no test.
      Unusable: two folders for the training split, or either level might be the one.
    """
    if not source.is_dir():
        raise Missing(f'{source}: no such folder; --source names it')
    folders = picture_folders.beside(source)[1]
    refuse_yolo(source, folders)
    trains = training(source)
    if level != 1 and trains:
        return _split(source, folders, trains, tests)
    if level == 2:
        return Layout({'all': folders}, [f'classes: the folders in {source}/*'])
    if level is None:
        _check_level(source, folders, set_name)
    return Layout({'all': [source]}, [])


def training(source: pathlib.Path) -> list[pathlib.Path]:
    """The folders of a source that are its training split by their names."""
    folders = _by_role(picture_folders.beside(source)[1])
    return [path for name in TRAIN for path in folders.get(name, [])]


def _by_role(folders):
    """{role: those of some folders that have it and hold folders}."""
    folders_of = {}
    for path in folders:
        if role(path.name) and picture_folders.beside(path)[1]:
            folders_of.setdefault(role(path.name), []).append(path)
    return folders_of


def _split(source, folders, trains, tests):
    """The Layout of a source with training folders."""
    folders_of = _by_role(folders)
    chosen = [name for name in tests if name in folders_of]
    if not chosen:
        raise Missing(
            f'{source} has a folder {trains[0].name} and none of '
            f'{", ".join(TESTS)}; add one, or name the folder {trains[0].name} itself '
            'for a drawn split'
        )
    for paths in (trains, folders_of[chosen[0]]):
        if len(paths) > 1:
            raise Unusable(
                f'{source} has {" and ".join(path.name for path in paths)}, which are '
                'one split by their names; put their pictures into one folder'
            )
    picked = {'train': trains, 'test': folders_of[chosen[0]]}
    taken = [trains[0], folders_of[chosen[0]][0]]
    said = [f'{split}: {printable(paths[0])}' for split, paths in picked.items()]
    return Layout(
        picked,
        said + [f'left out: {printable(p)}' for p in folders if p not in taken],
    )


def _check_level(source, folders, set_name):
    """Refuses a source whose classes might be on either level of folders: none holds
    a picture of its own, and most have folders of the same names."""
    inner = collections.Counter()
    for path in folders:
        files, inside = picture_folders.beside(path)
        if files.pictures or not inside:
            return
        inner.update({one.name.casefold() for one in inside})
    both = [name for name, n in inner.items() if n > max(1, len(folders) / 2)]
    if not both:
        return
    if sets.SETS[set_name].class_names and _are_classes(folders, set_name):
        return
    both.sort(key=natural.key)
    raise Unusable(
        f'{source}: {_shown([path.name for path in folders])} hold no picture but '
        f'folders of the same names, {_shown(both)}; which are the classes? --level=1 '
        'says the former, --level=2 the latter; splits are to be called train and test'
    )


def _are_classes(folders, set_name):
    try:
        layouts.classes({path.name: path for path in folders}, set_name)
    except Unusable:
        return False
    return True


def _shown(names):
    """The first few of many names."""
    return ', '.join(quoted(n) for n in names[:4]) + (' ...' if len(names) > 4 else '')


def refuse_yolo(folder: pathlib.Path, folders: Iterable[pathlib.Path]) -> None:
    """Raises Unusable for YOLO's layout: images beside labels, which are text files."""
    names = {path.name.casefold(): path for path in folders}
    if not {'images', 'labels'} <= names.keys():
        return
    if picture_folders.below(names['labels']).pictures:
        return
    raise Unusable(
        f"{folder} holds images beside labels: YOLO's layout, a text file of labels "
        'for each picture, which no door reads; write a csv of path,label and take the '
        'door csv, or make a folder for each class'
    )
