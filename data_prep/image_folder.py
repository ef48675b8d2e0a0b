"""A folder of images, a folder for each class; any classes, any sizes.

    SOURCE/<class>/**/*.jpg                    the split is drawn (--test-fraction)
    SOURCE/train/<class>/... and test/...      as given; val or valid for want of test

Labels follow the natural order of the folders' names: 1, 2, 10. With --set the folders
bear the class names or the codes of a known set, and labels are in its order.
"""

import pathlib

from PIL import Image

from data_prep import importing, layouts
from data_prep.squares import Picture
from fer_jax.data import sets
from fer_jax.errors import Missing, Unusable

TESTS = ('test', 'val', 'valid', 'validation')  # the first that is there


def add_arguments(parser):
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help='the folder')
    parser.add_argument(
        '--set',
        choices=sets.SETS,
        default='folder',
        help='a known set whose class names or codes the folders bear',
    )
    layouts.add_split(parser)
    importing.add_arguments(parser, 224)


def run(options):
    """Finds the pictures, prints what is there and writes the prepared folder."""
    source = pathlib.Path(options.source)
    classes, splits, said = read(source, options.set)
    recipe, published = {'set': options.set}, importing.AS_GIVEN
    if 'all' in splits:
        splits, line = layouts.drawn(splits['all'], options)
        said, published = [line], importing.DRAWN
        recipe |= layouts.split_recipe(options)
    importing.run(
        options,
        'image_folder',
        importing.Found(
            options.set,
            classes.names,
            classes.called,
            splits,
            said=said,
            published=published,
            doubts=classes.doubts,
        ),
        **recipe,
    )


def read(source, set_name):
    """The layouts.Classes, {split: Pictures} and lines for the report.

    The split is 'all' where the source has none. Ids are paths within the source.

    Raises:
      Unusable: a source that is not laid out so.
    """
    folders, said = split_folders(source)
    given = {split: by_class(folder) for split, folder in folders.items()}
    classes = layouts.classes(
        {name: folders[split] / name for split in given for name in given[split]},
        set_name,
    )
    splits = {
        split: [
            Picture(path.relative_to(source).as_posix(), path, place)
            for name, place in sorted(classes.places.items(), key=lambda one: one[1])
            for path in found.get(name, [])
        ]
        for split, found in given.items()
    }
    return classes, splits, said


def split_folders(source):
    """{'train': folder, 'test': folder} or {'all': source}, and lines for the report.

    Raises:
      Missing: no such folder, or one with a train and no test.
    """
    if not source.is_dir():
        raise Missing(f'{source}: no such folder; --source names it')
    found = {path.name.lower(): path for path in source.iterdir() if path.is_dir()}
    if 'train' not in found:
        return {'all': source}, []
    tests = [name for name in TESTS if name in found]
    if not tests:
        raise Missing(
            f'{source} has a folder train and none of {", ".join(TESTS)}; '
            'add one, or name the folder train itself for a drawn split'
        )
    folders = {'train': found['train'], 'test': found[tests[0]]}
    others = sorted(found.keys() - {'train', tests[0]})
    said = [f'{split}: {folder}' for split, folder in folders.items()]
    return folders, said + [f'left out: {found[name]}' for name in others]


def by_class(folder):
    """{name of a class folder: its pictures, in natural order}.

    Raises:
      Unusable: no class folder, one without a picture, or pictures beside them.
    """
    known = Image.registered_extensions()  # loads Pillow's formats
    classes = sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith('.')
    )
    beside = [path for path in folder.iterdir() if path.suffix.lower() in known]
    if not classes or beside:
        what = f'{len(beside)} pictures' if beside else 'no folder'
        raise Unusable(
            f'{folder} holds {what}; wanted a folder for each class, pictures in them'
        )
    found = {}
    for place in classes:
        found[place.name] = sorted(
            (
                path
                for path in place.rglob('*')
                if path.suffix.lower() in known and not path.name.startswith('.')
            ),
            key=lambda path: layouts.natural(path.as_posix()),
        )
        if not found[place.name]:
            raise Unusable(
                f'{place}: no picture in this class; put some there, or remove it'
            )
    return found
