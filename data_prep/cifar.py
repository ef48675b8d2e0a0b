"""CIFAR's Python batches (Krizhevsky 2009), and CIFAR-N's human labels for them.

The source is the archive as published, cifar-10-python.tar.gz or
cifar-100-python.tar.gz, or the folder that is in it, or the folder around that.
Batches are pickles, read as data: nothing in them can run. Ids count the images
of a split in the order of the batches, train-00012: the order of torchvision and of
CIFAR-N (Wei et al. 2022), not that of TensorFlow Datasets.

With --human-labels the given training labels are those people gave, and the official
ones are the clean labels, of both splits; without, every clean label is -1. Clean
labels in the file must be the official ones in every row.
"""

import argparse
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import rich.console
import rich.progress
import rich.table
from PIL import Image

from fer_jax.data import (
    noise_exchange,
    noise_formats,
    pickles,
    prepared,
    sets,
    whole,
    writing,
)
from fer_jax.errors import Missing, Unusable

from . import archives, png

SIZE_PX = 32


class Layout(NamedTuple):
    """How one of the two sets is packed."""

    name: str
    folder: str
    batches: dict  # split -> file names
    labels: str  # key of the labels in a batch
    meta: str
    names: str  # key of the class names in the meta file


class Images(NamedTuple):
    """One split in the order of its batches."""

    pixels: np.ndarray  # [N, 32, 32, 3] uint8
    labels: np.ndarray  # [N] int32, the given ones
    clean_labels: np.ndarray  # [N] int32, -1 unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--source', required=True, help='the tar.gz, or its folder')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--human-labels', help="a .pt or .npy of CIFAR-N's")
    parser.add_argument('--human-set', help='which labels of it, such as worse_label')
    parser.add_argument('--force', action='store_true', help='replace the folder')
    pickles.add_arguments(parser)


def run(options: argparse.Namespace, layout: Layout) -> None:
    """Reads the source, prints what is in it and writes the prepared folder."""
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    paths = find(pathlib.Path(options.source), layout)
    files = read_files(paths, layout, pickles.largest_of(options))
    class_names = sets.SETS[layout.name].class_names
    check_names(files, layout, class_names)
    splits = {
        split: read_split(files, layout, split, len(class_names))
        for split in prepared.SPLITS
    }
    sources = {path.name: whole.file_sum(path) for path in paths}
    if options.human_set and not options.human_labels:
        raise Unusable('--human-set chooses labels of the file --human-labels')
    if options.human_labels:
        splits = with_human_labels(splits, options, len(class_names))
        name = pathlib.Path(options.human_labels).name
        sources[name] = whole.file_sum(options.human_labels)
        report_human(console, splits['train'], options)
    console.print(class_table(class_names, splits, sets.SETS[layout.name].counts))
    writing.write(
        options.out,
        set_name=layout.name,
        class_names=class_names,
        image_size_px=SIZE_PX,
        recipe={
            'door': layout.name,
            'human_set': options.human_set,
            'sources': sources,
        },
        splits={split: examples(images, split) for split, images in splits.items()},
        force=options.force,
    )
    console.print(f'written: {options.out}')


def find(source: pathlib.Path, layout: Layout) -> list[pathlib.Path]:
    """Paths of the source: the archive alone, or the meta file and all batches.

    Raises:
      Missing: no such source, or a file is not in it.
    """
    if source.is_file():
        return [source]
    folder = source / layout.folder if (source / layout.folder).is_dir() else source
    paths = [folder / name for name in file_names(layout)]
    for path in paths:
        if not path.is_file():
            raise Missing(
                f'no {path.name} in {folder}: --source is {layout.folder}, the folder '
                'around it, or the tar.gz'
            )
    return paths


def file_names(layout: Layout) -> list[str]:
    """The names of the meta file and of all batches."""
    return [layout.meta, *(name for many in layout.batches.values() for name in many)]


def read_files(
    paths: Sequence[pathlib.Path], layout: Layout, most: int = pickles.LARGEST
) -> dict[str, Any]:
    """{name: content} of the meta file and the batches, unpickled as data.

    Args:
      most: bytes of an archive when it is unpacked, and of what each file holds.

    Raises:
      Unusable: a damaged archive or batch, one that is too large, or a batch that is
        not in the archive.
    """
    if len(paths) > 1:
        return {path.name: pickles.read(path, most) for path in paths}
    contents = archives.unpacked(paths[0], file_names(layout), most)
    return {
        name: pickles.load(content, f'{paths[0]}: {name}', most)
        for name, content in contents.items()
    }


def check_names(
    files: Mapping[str, Any], layout: Layout, class_names: Sequence[str]
) -> None:
    """Raises Unusable when the meta file lists other classes than the set's."""
    listed = files[layout.meta]
    listed = listed.get(layout.names) if isinstance(listed, dict) else listed
    if list(listed or ()) != list(class_names):
        raise Unusable(
            f'{layout.meta}: its {layout.names} are {str(listed)[:60]}, wanted '
            f'{", ".join(class_names[:3])} ... of {layout.name}'
        )


def read_split(
    files: Mapping[str, Any], layout: Layout, split: str, num_classes: int
) -> Images:
    """The Images of a split.

    Raises:
      Unusable: a batch without images or labels, or with labels out of range.
    """
    pixels, labels = [], []
    for name in layout.batches[split]:
        batch = files[name] if isinstance(files[name], dict) else {}
        data, given = (
            np.asarray(batch.get(key, ())) for key in ('data', layout.labels)
        )
        if data.dtype != np.uint8 or data.shape != (len(given), 3 * SIZE_PX**2):
            raise Unusable(
                f'{name}: data of {data.dtype} {data.shape} and {len(given):,} '
                f'{layout.labels}, wanted uint8 [n, 3072] and n labels'
            )
        check_labels(f'{name}: {layout.labels}', given, num_classes)
        pixels.append(data)
        labels.append(given)
    planes = np.concatenate(pixels).reshape(-1, 3, SIZE_PX, SIZE_PX)
    labels = np.concatenate(labels).astype(np.int32)
    return Images(planes.transpose(0, 2, 3, 1), labels, np.full_like(labels, -1))


def check_labels(what: str, labels: np.ndarray, num_classes: int) -> None:
    """Raises Unusable unless every label is a whole number in [0, num_classes)."""
    if not len(labels):
        raise Unusable(f'{what} are none')
    number = np.issubdtype(labels.dtype, np.integer)
    wrong = (
        (labels < 0) | (labels >= num_classes) if number else np.ones(len(labels), bool)
    )
    if wrong.any():
        row = int(np.argmax(wrong))
        raise Unusable(
            f'{what}: row {row} has {labels[row]}, wanted 0 to {num_classes - 1}'
        )


def with_human_labels(
    splits: Mapping[str, Images], options: argparse.Namespace, num_classes: int
) -> dict[str, Images]:
    """The splits with people's labels as given ones and the official ones as clean."""
    path = pathlib.Path(options.human_labels)
    if not path.is_file():
        raise Missing(f'{path}: no such file; give a .pt or .npy of CIFAR-N')
    rows = noise_formats.read_cifarn(
        path, options.human_set, pickles.largest_of(options)
    )
    official = splits['train'].labels
    given = np.array(rows.labels)
    if len(given) != len(official):
        raise Unusable(
            f'{path} has {len(given):,} labels and the batches {len(official):,} images'
        )
    check_labels(str(path), given, num_classes)
    noise_exchange.check_order(path, given, rows.clean, official)
    return {
        'train': splits['train']._replace(labels=given, clean_labels=official),
        'test': splits['test']._replace(clean_labels=splits['test'].labels),
    }


def report_human(
    console: rich.console.Console, train: Images, options: argparse.Namespace
) -> None:
    """Prints how often people disagree with the official label."""
    wrong = np.sum(train.labels != train.clean_labels)
    console.print(
        f'{options.human_labels}: {options.human_set or "its labels"} differ from the '
        f'official ones for {wrong:,} of {len(train.labels):,} images, '
        f'{wrong / len(train.labels):.2%}'
    )


def class_table(
    class_names: Sequence[str],
    splits: Mapping[str, Images],
    published: Mapping[str, int],
) -> rich.table.Table:
    """Counts per class beside the published totals, as a table to print."""
    table = rich.table.Table('class', *splits, box=None)
    counts = [
        np.bincount(images.labels, minlength=len(class_names))
        for images in splits.values()
    ]
    for label, name in enumerate(class_names):
        table.add_row(f'{label} {name}', *(f'{column[label]:,}' for column in counts))
    table.add_row('all', *(f'{column.sum():,}' for column in counts))
    table.add_row('published', *(f'{published[split]:,}' for split in splits))
    return table


def examples(images: Images, split: str) -> Iterator[writing.Example]:
    """The Examples of a split, encoded as they are asked for, with a progress bar."""
    for row, (pixels, given, clean) in enumerate(
        rich.progress.track(list(zip(*images)), description=f'{split:5}')
    ):
        data = png.encode(Image.fromarray(pixels))
        yield writing.Example(f'{split}-{row:05}', data, int(given), int(clean))
