"""Which kind of folder it is, and what its own door finds in it."""

import argparse
import contextlib
import pathlib
from typing import Any, NamedTuple

from fer_jax.data import picture_folders, sets
from fer_jax.errors import Missing, Unusable

from .. import (
    affectnet,
    cifar10,
    cifar100,
    expw,
    fer2013,
    fer2013_csv,
    ferplus_folders,
    image_folder,
    importing,
    raf_db,
)
from . import sources


class Layout(NamedTuple):
    """How a data set lies in a folder."""

    title: str
    door: Any
    signs: tuple  # files or folders, one of which is there
    options: tuple = ()  # for the door


LAYOUTS = (
    Layout(
        'RAF-DB, aligned', raf_db, ('Image/aligned', 'basic/Image/aligned'),
    ),
    Layout(
        'RAF-DB, originals', raf_db, ('Image/original', 'basic/Image/original'),
        ('--images=original',),
    ),
    Layout(
        'AffectNet, npy files', affectnet,
        ('train_set/images', 'train_set/annotations'), ('--classes=8',),
    ),
    Layout(
        'AffectNet, csv of 2017', affectnet,
        ('training.csv', 'Manually_Annotated_file_lists/training.csv'),
        ('--classes=8',),
    ),
    Layout('ExpW', expw, ('label.lst', 'label/label.lst')),
    Layout('FERPlus, png files', ferplus_folders, ('FER2013Train',)),
    Layout(
        'FER2013, folders (by their names)', fer2013,
        ('train/disgust', 'train/Disgust'),
    ),
)  # fmt: skip
FOLDER = Layout('folder of images', image_folder, ())


def recognised(folder: pathlib.Path, level: int | None = None) -> sources.Source:
    """The sources.Source of a folder, by the first kind that it is.

    A source that its door refuses, or a prepared folder that no command takes, has no
    items, and the reason as damage.

    Args:
      level: of the classes in a folder of images, see splits.of.

    Raises:
      Missing: no such folder.
      Unusable: of no known kind.
    """
    if not folder.is_dir():
        raise Missing(f'{folder}: no such folder')
    if (folder / 'manifest.json').is_file():
        try:
            return sources.of_prepared(folder)
        except Unusable as error:
            return sources.Source(
                'prepared folder', 'folder', (), [], {}, damage=(str(error),)
            )
    if fer2013_csv.find(folder):
        return sources.of_fer2013(folder)
    for layout in (cifar10.LAYOUT, cifar100.LAYOUT):
        with contextlib.suppress(FileNotFoundError):
            return sources.of_cifar(folder, layout)
    for layout in LAYOUTS:
        if any((folder / sign).exists() for sign in layout.signs):
            return through(layout, folder)
    below = picture_folders.below(folder)
    if not below.pictures:
        held = picture_folders.told(below.left_out)
        raise Unusable(
            f'{folder}: no prepared folder, no published layout of a data set and no'
            ' folder of images; name the folder that holds them'
            + (f' (here: {held})' if held else '')
        )
    options = (f'--level={level}',) if level else ()
    return through(FOLDER._replace(options=options), folder)


def through(layout: Layout, folder: pathlib.Path) -> sources.Source:
    """The Source that the door of a layout finds."""
    parser = argparse.ArgumentParser()
    layout.door.add_arguments(parser)
    options = parser.parse_args([f'--source={folder}', '--out=none', *layout.options])
    if 'test_fraction' in options:
        options.test_fraction = 0.0  # a split that is drawn is none of the source's
    looked = []
    options.then = lambda *found, **recipe: looked.append(look(*found, **recipe))
    try:
        layout.door.run(options)
    except (ValueError, OSError) as error:
        return sources.Source(layout.title, 'folder', (), [], {}, damage=(str(error),))
    return looked[0]._replace(title=layout.title)


def look(
    options: argparse.Namespace, door: str, found: importing.Found, **recipe: Any
) -> sources.Source:
    """Instead of importing.prepare: the Source of what a door found."""
    splits = found.splits
    if 'test_fraction' in recipe:  # a split of ours, drawn
        splits = {'all': [row for rows in splits.values() for row in rows]}
    items = [
        sources.Item(split, row.id, row.label, row.path, row.box, row.where)
        for split, rows in splits.items()
        for row in rows
    ]
    said = (*found.said, *found.doubts)
    used = {item.label for item in items}
    optional = sets.SETS[found.set_name].optional
    names = list(found.class_names)
    while names and names[-1] in optional and len(names) - 1 not in used:
        names.pop()  # a release without it
    return sources.Source(
        title='',
        set_name=found.set_name,
        class_names=tuple(names),
        items=items,
        published=dict(found.published),
        facts=(('its door says', '; '.join(said)),) if said else (),
        left_out=found.left_out,
    )
