"""Writing a prepared data set (prepared.py), whole or not at all."""

import contextlib
import io
import json
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_jax.data import prepared, records, whole


class Example(NamedTuple):
    """One image on its way into a prepared set."""

    id: str
    image: bytes  # an encoded JPEG or PNG of image_size_px x image_size_px
    label: int  # the given label
    clean_label: int = -1  # the true label, -1 when unknown


def write(
    folder,
    *,
    set_name,
    class_names,
    image_size_px,
    recipe,
    splits,
    shard_examples=8192,
    force=False,
    progress=None,
):
    """Writes a prepared set, whole or not at all, and returns it as `load` does.

    Args:
      folder: where to; all is written beside it first and renamed at the end.
      set_name: a name of `sets.SETS`.
      class_names: names in the order of the labels.
      image_size_px: height and width of every image.
      recipe: what a reader needs to make the same set again; goes to the manifest.
      splits: {'train': examples, 'test': examples}, iterables of `Example`.
      shard_examples: records in a file.
      force: replace a prepared set that is already there.
      progress: called with the number of examples written so far.

    Raises:
      ValueError: the folder exists, or an example has a used id, a label out of
        range or an image of another size.
    """
    folder = pathlib.Path(folder).absolute()
    _check_free(folder, force)
    with whole.folder(folder, replace=force) as partial:
        tables, manifest = {}, {
            'format': prepared.FORMAT, 'set': set_name,
            'class_names': list(class_names), 'image_size_px': image_size_px,
            'recipe': recipe, 'counts': {}, 'shards': {}, 'sha256': {},
        }  # fmt: skip
        written = 0
        for split in prepared.SPLITS:
            writer = _SplitWriter(partial, split, shard_examples)
            with contextlib.closing(writer):
                for example in splits[split]:
                    _check_example(example, len(class_names), image_size_px)
                    writer.add(example)
                    written += 1
                    if progress is not None:
                        progress(written)
            shards = writer.finish()
            tables |= writer.tables()
            labels = tables[f'{split}_labels']
            counts = np.bincount(labels, minlength=len(class_names)).tolist()
            manifest['counts'][split] = dict(zip(class_names, counts))
            manifest['shards'][split] = [shard.name for shard in shards]
            for shard in shards:
                records.index_records(shard)  # reads back what was written
                manifest['sha256'][shard.name] = prepared.file_sum(shard)
        np.savez_compressed(partial / 'labels.npz', **tables)
        manifest['sha256']['labels.npz'] = prepared.file_sum(partial / 'labels.npz')
        (partial / 'manifest.json').write_text(json.dumps(manifest, indent=1), 'utf-8')
    return prepared.load(folder)


class _SplitWriter:
    """Examples of one split -> shards, and the tables that go with them."""

    def __init__(self, folder, split, shard_examples):
        self._folder, self._split, self._size = folder, split, shard_examples
        self._ids, self._labels, self._clean = {}, [], []  # ids: ordered and unique
        self._shards, self._writer = [], None

    def add(self, example):
        if example.id in self._ids:
            raise ValueError(
                f'{self._split} has two examples with the id {example.id!r}; '
                'ids must be unique'
            )
        if len(self._ids) % self._size == 0:
            self.close()
            self._shards.append(self._folder / f'{self._split}-{len(self._shards)}')
            self._writer = records.RecordWriter(self._shards[-1])
        self._writer.write(
            records.encode_example(example.id, example.image, example.label)
        )
        self._ids[example.id] = None
        self._labels.append(example.label)
        self._clean.append(example.clean_label)

    def close(self):
        if self._writer is not None:
            self._writer.close()

    def finish(self):
        """Gives the shards the names that say how many there are."""
        if not self._ids:
            raise ValueError(f'the {self._split} split has no example')
        count = len(self._shards)
        return [
            shard.rename(
                self._folder / f'{self._split}-{i:05d}-of-{count:05d}.tfrecord'
            )
            for i, shard in enumerate(self._shards)
        ]

    def tables(self):
        return {
            f'{self._split}_ids': np.array(list(self._ids)),
            f'{self._split}_labels': np.array(self._labels, np.int32),
            f'{self._split}_clean_labels': np.array(self._clean, np.int32),
        }


def _check_free(folder, force):
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / 'manifest.json').is_file():
        raise ValueError(
            f'{folder} exists and is not a prepared data set; name another folder'
        )
    if not force:
        raise ValueError(
            f'{folder} exists already; name another folder or pass --force'
        )


def _check_example(example, num_classes, image_size_px):
    if not 0 <= example.label < num_classes:
        raise ValueError(
            f'{example.id}: label {example.label}, wanted 0 to {num_classes - 1}'
        )
    if not -1 <= example.clean_label < num_classes:
        raise ValueError(
            f'{example.id}: clean label {example.clean_label}, wanted 0 to '
            f'{num_classes - 1}, or -1 for unknown'
        )
    with Image.open(io.BytesIO(example.image)) as image:  # the header alone
        if image.size != (image_size_px, image_size_px):
            raise ValueError(
                f'{example.id}: image of {image.width}x{image.height}, '
                f'wanted {image_size_px}x{image_size_px}; resize it first'
            )
