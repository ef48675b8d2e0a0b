"""Writing a prepared data set (prepared.py), whole or not at all."""

import collections
import contextlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from fer_jax.data import (
    croissant,
    documents,
    opening,
    prepared,
    sets,
    shards,
    tables,
    whole,
)
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable

Example = shards.Example
Restartable = shards.Restartable


def write(
    folder: str | os.PathLike,
    *,
    set_name: str,
    class_names: Sequence[str],
    image_size_px: int,
    recipe: Mapping,
    splits: Mapping[str, Iterable[Example] | Restartable],
    shard_examples: int = 8192,
    force: bool = False,
    progress: Callable | None = None,
    source: Mapping | None = None,
    listing: Sequence[str] = ('notes.csv', 'reason'),
) -> prepared.Prepared:
    """Writes a prepared set, whole or not at all, and returns it as `load` does.

    Args:
      folder: where to; all is written beside it first and renamed at the end.
      set_name: a name of `sets.SETS`.
      class_names: names in the order of the labels.
      image_size_px: height and width of every image.
      recipe: what a reader needs to make the same set again; goes to the manifest.
      splits: {'train': examples, 'test': examples}, iterables of `Example`. When they
        are `Restartable`, a write that stops leaves its finished shards beside the
        folder, and the next one of the same recipe goes on behind those that are
        sound and whose keys are the same.
      shard_examples: records in a file.
      force: replace a prepared set that is already there.
      progress: called with the number of examples taken so far.
      source: what finds the source again, as prepared.SOURCE; goes to the manifest.
      listing: the file that lists the examples that have a note, and the names of its
        columns behind split, id and kept: those of a note's texts. The manifest
        counts the notes by the first text, up to a colon.

    Raises:
      Unusable: the folder exists, class names or image size are none, or an example has
        a used id, a label out of range or an image of another size.
    """
    folder = pathlib.Path(folder).absolute()
    _check_free(folder, force)
    for name, value, kind in (
        ('class names', list(class_names), sets.CLASS_NAMES),
        ('image size', image_size_px, sets.IMAGE_SIZE_PX),
    ):
        documents.check(value, kind, f'{folder}: {name}', 'give others')
    manifest = {
        'format': prepared.FORMAT, 'set': set_name,
        'class_names': list(class_names), 'image_size_px': image_size_px,
        'recipe': recipe, 'counts': {}, 'shards': {}, 'sha256': {},
    }  # fmt: skip
    keep = ''
    if all(isinstance(examples, shards.Restartable) for examples in splits.values()):
        keep = shards.digest([json.dumps(manifest), str(shard_examples)])[:12]
    with whole.folder(folder, replace=force, keep=keep) as partial:
        writers, taken = [], 0
        for split in prepared.SPLITS:
            writers.append(shards.SplitWriter(partial, split, shard_examples))
            with contextlib.closing(writers[-1]) as writer:
                for example in writer.missing(splits[split]):
                    _check_example(example, len(class_names), image_size_px)
                    writer.add(example)
                    if progress is not None:
                        progress(taken + len(writer.rows))
                writer.finish()
            taken += len(writer.rows)
        if source is not None:
            manifest['source'] = source  # where it lay makes no other set
        _finish(partial, writers, manifest, listing)
    return prepared.load(folder)


def _finish(partial, writers, manifest, listing):
    """Final names, tables, notes and manifest of the splits, which are complete."""
    columns, notes = {}, []
    for writer in writers:
        sums = writer.rename()
        columns |= writer.tables()
        labels = columns[f'{writer.split}_labels']
        names = manifest['class_names']
        counts = np.bincount(labels, minlength=len(names)).tolist()
        manifest['counts'][writer.split] = dict(zip(names, counts))
        manifest['shards'][writer.split] = list(sums)
        manifest['sha256'] |= sums
        notes += writer.notes()
    np.savez_compressed(partial / 'labels.npz', **columns)
    manifest['sha256']['labels.npz'] = whole.file_sum(partial / 'labels.npz')
    if notes:
        kinds = collections.Counter(
            (split, kept, reason.split(':')[0]) for split, _, kept, reason, *_ in notes
        )
        manifest['notes'] = [[*kind, count] for kind, count in sorted(kinds.items())]
        name, *noted = listing
        header = ['split', 'id', 'kept', *noted]
        rows = ([*row, *[''] * (len(header) - len(row))] for row in notes)
        (partial / name).write_bytes(tables.text(header, rows).encode())
    for name, content in (
        (croissant.FILE, croissant.of_prepared(manifest, partial)),
        ('manifest.json', manifest),
    ):
        (partial / name).write_text(json.dumps(content, indent=1), 'utf-8')


def _check_free(folder, force):
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / 'manifest.json').is_file():
        raise Unusable(
            f'{folder} exists and is not a prepared data set; name another folder'
        )
    if not force:
        raise Unusable(f'{folder} exists already; name another folder or pass --force')


def _check_example(example, num_classes, image_size_px):
    if '\0' in example.id:  # arrays of texts lose it
        raise Unusable(f'{quoted(example.id)} is no id, for it has a NUL; rename it')
    if example.image is None:
        return
    if not 0 <= example.label < num_classes:
        raise Unusable(
            f'{example.id}: label {example.label}, wanted 0 to {num_classes - 1}'
        )
    if not -1 <= example.clean_label < num_classes:
        raise Unusable(
            f'{example.id}: clean label {example.clean_label}, wanted 0 to '
            f'{num_classes - 1}, or -1 for unknown'
        )
    try:
        with opening.opened(example.image) as image:  # the header alone
            width, height = image.size
            bits = opening.bits_of(image, example.image)
    except Unusable as error:
        raise Unusable(f'{printable(example.id)}: {error}') from None
    if bits == 16:
        raise Unusable(
            f'{printable(example.id)}: an image with 16 bits a colour; save it with 8'
        )
    if (width, height) != (image_size_px, image_size_px):
        raise Unusable(
            f'{example.id}: image of {width}x{height}, '
            f'wanted {image_size_px}x{image_size_px}; resize it first'
        )
