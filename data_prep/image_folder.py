"""A folder of images, a folder for each class; any classes, any sizes.

    python -m data_prep image_folder --source=PICTURES --out=data/own

    SOURCE/<class>/**/*.jpg                    the split is drawn (--test-fraction)
    SOURCE/train/<class>/... and test/...      as given; also training, train_set ...,
                                               and val, valid ... for want of test
    SOURCE/*/<class>/...                       with --level=2, the split is drawn

Labels follow the natural order of the folders' names: 1, 2, 10. With --set the folders
bear the class names or the codes of a known set, and labels are in its order. A folder
unknown, none, NA ... has no label: its pictures are left out and counted.
"""

import argparse
import collections
import pathlib
from collections.abc import Sequence

from fer_jax.data import natural, picture_folders, sets, tables
from fer_jax.errors import Unusable

from . import forms, importing, layouts, splits
from .squares import Picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help='the folder')
    parser.add_argument(
        '--set',
        choices=sets.SETS,
        default='folder',
        help='a known set whose class names or codes the folders bear',
    )
    splits.add_level(parser)
    layouts.add_split(parser)
    importing.add_arguments(parser, 224)


def run(options: argparse.Namespace) -> None:
    """Finds the pictures, prints what is there and writes the prepared folder."""
    source = pathlib.Path(options.source)
    found = read(source, options.set, options.level)
    recipe = {'set': options.set}
    if 'all' in found.splits:
        drawn, line = layouts.drawn(found.splits['all'], options)
        found = found._replace(
            splits=drawn, said=(*found.said, line), published=importing.DRAWN
        )
        recipe |= layouts.split_recipe(options)
    if options.level:
        recipe['level'] = options.level
    importing.run(options, 'image_folder', found, **recipe)


def read(
    source: pathlib.Path,
    set_name: str,
    level: int | None = None,
    tests: Sequence[str] = splits.TESTS,
) -> importing.Found:
    """What is Found in a source; the split is 'all' where it has none.

    Ids are paths within the source. For `level` and `tests` see splits.of.

    Raises:
      Missing, Unusable: a source that is not laid out so.
    """
    layout = splits.of(source, set_name, level, tests)
    left_out, unlabelled = collections.Counter(), collections.Counter()
    given = {}
    for split, folders in layout.folders.items():
        given[split] = collections.defaultdict(list)
        for folder in folders:
            for name, some in by_class(folder, left_out).items():
                if tables.missing(name):
                    unlabelled[name] += len(some)
                else:
                    at = folder / name
                    given[split][name] += [(path, at) for path in some]
    where = {}
    for split, by_name in given.items():
        for name in by_name:
            where.setdefault(name, layout.folders[split][0] / name)
    classes = layouts.classes(where, set_name)
    order = sorted(classes.places.items(), key=lambda one: one[1])
    pictures = {
        split: [
            Picture(path.relative_to(source).as_posix(), path, place, at=at)
            for name, place in order
            for path, at in by_name.get(name, [])
        ]
        for split, by_name in given.items()
    }
    if source not in layout.folders.get('all', ()):
        left_out += picture_folders.beside(source)[0].left_out
    return importing.Found(
        set_name,
        classes.names,
        classes.called,
        pictures,
        said=(*layout.said, *layouts.without_label(unlabelled, 'pictures')),
        doubts=classes.doubts,
        left_out=left_out,
        form=forms.Folders(classes.words),
    )


def by_class(
    folder: pathlib.Path, left_out: collections.Counter
) -> dict[str, list[pathlib.Path]]:
    """{name of a class folder: its pictures, in natural order}.

    Args:
      left_out: Counter of what is no picture; gains what there is of it.

    Raises:
      Unusable: no class folder, one without a picture, or pictures beside them.
    """
    files, classes = picture_folders.beside(folder)
    splits.refuse_yolo(folder, classes)
    if not classes or files.pictures:
        what = f'{len(files.pictures)} pictures' if files.pictures else 'no folder'
        raise Unusable(
            f'{folder} holds {what}; wanted a folder for each class, pictures in them'
        )
    left_out += files.left_out
    pictures = {}
    for class_folder in classes:
        inside = picture_folders.below(class_folder)
        if not inside.pictures:
            held = picture_folders.told(inside.left_out)
            raise Unusable(
                f'{class_folder}: no picture in this class; '
                + (f'it holds {held}' if held else 'put some there, or remove it')
            )
        left_out += inside.left_out
        pictures[class_folder.name] = sorted(
            inside.pictures, key=lambda path: natural.key(path.as_posix())
        )
    return pictures
