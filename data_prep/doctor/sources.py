"""A folder -> the pictures in it and the labels they are given, whatever it is."""

import functools
import os
import pathlib
import types
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fer_jax.data import prepared, records, sets, whole

from .. import cifar, fer2013_csv, ferplus


class Item(NamedTuple):
    """A picture that the folder has, or says it has."""

    split: str
    id: str
    label: int  # place in the class names
    source: Any  # as in pixels.examine, or a function that gives it
    box: tuple | None = None
    where: str = ''  # file and row, for a report

    @property
    def name(self) -> str:
        """What it is called on the screen: its file, or where it is in one."""
        if isinstance(self.source, pathlib.Path):
            return str(self.source)
        return self.where or f'{self.split} {self.id}'


class Source(NamedTuple):
    """What a folder is, before any picture is looked at."""

    title: str  # what it was recognised as
    set_name: str  # of sets.SETS
    class_names: tuple
    items: list
    published: dict  # split -> what sets.py calls it
    facts: tuple = ()  # (name, text) each
    damage: tuple = ()  # texts
    size_px: int | None = None  # that every picture must have
    left_out: Mapping = types.MappingProxyType({})  # files that are no pictures: counts


def of_prepared(folder: str | os.PathLike) -> Source:
    """The Source of a prepared folder; damaged records and files are told in it.

    Raises:
      Unusable, OSError: not such a folder, or one without tables.
    """
    data = prepared.load(folder)
    manifest = prepared.manifest(data.folder)
    items, damage = [], []
    for name in prepared.SPLITS:
        split, said = getattr(data, name).salvaged()
        damage += said
        damage += [
            f'{shard}: its sha256 is not that of manifest.json'
            for shard in split.shards
            if whole.file_sum(shard) != manifest['sha256'][shard.name]
        ]
        stored = split.records()
        readable = set(split.readable().tolist())
        for row, (id, label) in enumerate(zip(split.ids.tolist(), split.labels)):
            source = b''
            if row in readable:
                source = functools.partial(image_of, stored, row)
            items.append(Item(name, id, int(label), source))
    recipe = manifest['recipe']
    published = {name: name for name in prepared.SPLITS}
    if data.set_name in ('fer2013', 'ferplus'):
        private = recipe.get('test') == 'PrivateTest'
        published['test'] = 'private_test' if private else 'public_test'
    elif data.set_name == 'affectnet':
        published['test'] = 'validation'
    return Source(
        title='prepared folder',
        set_name=data.set_name,
        class_names=data.class_names,
        items=items,
        published=published,
        facts=(
            ('digest', data.digest),
            ('door', str(recipe.get('door', 'unknown'))),
            *truth(data),
        ),
        damage=tuple(damage),
        size_px=data.image_size_px,
    )


def image_of(source: records.RecordSource, row: int) -> bytes:
    """The encoded image of a record."""
    return records.decode_example(source[row])[1]


def truth(data: prepared.Prepared) -> tuple[tuple[str, str], ...]:
    """A fact about the training labels whose truth is known, if there are any."""
    given, clean = data.train.labels, data.train.clean_labels
    known = clean >= 0
    if not known.any():
        return ()
    wrong = np.sum(known & (given != clean))
    share = wrong / known.sum()
    text = f'{known.sum():,} known, {wrong:,} given labels differ ({share:.1%})'
    return (('clean training labels', text),)


def check_names(source: Source) -> list[str]:
    """What is wrong with the class names of a Source, as texts."""
    try:
        sets.check_classes(source.set_name, source.class_names)
    except ValueError as error:
        return [str(error)]
    return []


def of_fer2013(folder: pathlib.Path) -> Source:
    """The Source of a folder with fer2013.csv; its labels are those of FER2013."""
    path = fer2013_csv.found(folder)
    faces = fer2013_csv.read_faces(path)
    shape = fer2013_csv.SIZE_PX, fer2013_csv.SIZE_PX
    splits = {'Training': 'train', 'PublicTest': 'public_test'}
    items = [
        Item(
            splits.get(usage, 'private_test'),
            f'{fer2013_csv.PREFIXES[usage]}-{row:05}',
            int(label),
            np.frombuffer(pixels, np.uint8).reshape(shape),
            where=f'{path.name} row {row}',
        )
        for row, (pixels, label, usage, _) in enumerate(zip(*faces))
        if label >= 0
    ]
    votes = (folder / ferplus.FILE).is_file()
    return Source(
        title='FER2013, csv',
        set_name='fer2013',
        class_names=fer2013_csv.CLASSES,
        items=sorted(items, key=lambda item: item.split != 'train'),
        published={},
        facts=(('FERPlus votes', f'{ferplus.FILE} is {"" if votes else "not "}there'),),
    )


def of_cifar(folder: pathlib.Path, layout: cifar.Layout) -> Source:
    """The Source of a folder with CIFAR's Python batches.

    Args:
      layout: of data_prep.cifar.
    """
    files = cifar.read_files(cifar.find(folder, layout), layout)
    class_names = sets.SETS[layout.name].class_names
    cifar.check_names(files, layout, class_names)
    items = []
    for split in prepared.SPLITS:
        images = cifar.read_split(files, layout, split, len(class_names))
        items += [
            Item(split, f'{split}-{row:05}', int(label), pixels)
            for row, (pixels, label) in enumerate(zip(images.pixels, images.labels))
        ]
    return Source(f'{layout.name}, Python batches', layout.name, class_names, items, {})
