"""A prepared data set: a folder of record files, label tables and a manifest.

    train-00000-of-00004.tfrecord ...    test-00000-of-00001.tfrecord ...
    labels.npz      <split>_ids, <split>_labels, <split>_clean_labels
    manifest.json   set, class names in order, counts, image size, recipe, sha256

Rows of the tables follow the records of the shards. Labels are read from the tables
alone, so relabelling and noise never touch a record.
"""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import shutil
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_jax.data import records

FORMAT = 1
SPLITS = ('train', 'test')


class Example(NamedTuple):
    """One image on its way into a prepared set."""

    id: str
    image: bytes  # an encoded JPEG or PNG of image_size_px x image_size_px
    label: int  # the given label
    clean_label: int = -1  # the true label, -1 when unknown


class Split(NamedTuple):
    """One split of a prepared set; row i of each table is record i of the shards."""

    shards: tuple  # paths
    ids: np.ndarray  # [N] str
    labels: np.ndarray  # [N] int32, given
    clean_labels: np.ndarray  # [N] int32, -1 when unknown
    image_size_px: int
    table: np.ndarray | None = None  # of a salvaged split, see records.salvage

    def records(self):
        """Its records as a sequence of serialised examples.

        Raises:
          Damaged: a damaged record, unless the split was salvaged.
          ValueError: more or fewer records than rows.
        """
        source = records.RecordSource(self.shards, self.table)
        if len(source) != len(self.ids):
            raise ValueError(
                f'{self.shards[0]} and its like hold {len(source)} records,'
                f' labels.npz {len(self.ids)} rows; prepare the set again'
            )
        return source

    def salvaged(self):
        """(the split without its damaged records, a line about each damage)."""
        table, damage = records.salvage(self.shards, self.ids)
        return self._replace(table=table), damage

    def readable(self):
        """[n] rows whose record can be read, rising; all unless salvaged."""
        if self.table is None:
            return np.arange(len(self.ids))
        return np.flatnonzero(self.table[:, 0] >= 0)


class Prepared(NamedTuple):
    """A prepared set as it lies in `folder`; `digest` names its exact content."""

    folder: pathlib.Path
    set_name: str
    class_names: tuple
    image_size_px: int
    train: Split
    test: Split
    digest: str  # sha256 over the files' sums and the label tables


def load(folder):
    """The prepared set in `folder`. Reads manifest and tables, no image.

    Raises:
      FileNotFoundError: the folder, its manifest or a listed file is missing.
      ValueError: the files disagree with the manifest.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f'{folder}: no such data folder; make one with python -m data_prep'
        )
    if not (folder / 'manifest.json').is_file():
        raise FileNotFoundError(
            f'{folder}: no manifest.json, so not a prepared data set; '
            'make one with python -m data_prep'
        )
    manifest = json.loads((folder / 'manifest.json').read_text('utf-8'))
    if manifest.get('format') != FORMAT:
        raise ValueError(
            f'{folder}: format {manifest.get("format")!r} in manifest.json, this '
            f'version reads {FORMAT}; prepare the set again'
        )
    for name in manifest['sha256']:
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f'{folder / name}: listed in manifest.json but missing; '
                'copy it again or prepare the set again'
            )
    if _file_sum(folder / 'labels.npz') != manifest['sha256']['labels.npz']:
        raise ValueError(
            f'{folder / "labels.npz"}: not the file that manifest.json lists; '
            'prepare the set again'
        )
    tables = dict(np.load(folder / 'labels.npz'))
    return Prepared(
        folder=folder,
        set_name=manifest['set'],
        class_names=tuple(manifest['class_names']),
        image_size_px=manifest['image_size_px'],
        train=_split(folder, manifest, tables, 'train'),
        test=_split(folder, manifest, tables, 'test'),
        digest=_digest(manifest, tables),
    )


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
    partial = folder.with_name(f'.{folder.name}.partial-{os.getpid()}')
    partial.mkdir(parents=True)
    try:
        tables, manifest = {}, {
            'format': FORMAT, 'set': set_name, 'class_names': list(class_names),
            'image_size_px': image_size_px, 'recipe': recipe,
            'counts': {}, 'shards': {}, 'sha256': {},
        }  # fmt: skip
        written = 0
        for split in SPLITS:
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
                manifest['sha256'][shard.name] = _file_sum(shard)
        np.savez_compressed(partial / 'labels.npz', **tables)
        manifest['sha256']['labels.npz'] = _file_sum(partial / 'labels.npz')
        (partial / 'manifest.json').write_text(json.dumps(manifest, indent=1), 'utf-8')
        _put(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return load(folder)


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


def _put(partial, folder):
    """Renames the finished folder into place; an older one goes last."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = folder.with_name(f'.{folder.name}.old-{os.getpid()}')
    folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old)


def _split(folder, manifest, tables, split):
    ids, labels, clean = (
        tables[f'{split}_{name}'] for name in ('ids', 'labels', 'clean_labels')
    )
    wanted = sum(manifest['counts'][split].values())
    if not len(ids) == len(labels) == len(clean) == wanted:
        raise ValueError(
            f'{folder}: {len(ids)} ids, {len(labels)} labels and {len(clean)} clean '
            f'labels of the {split} split, manifest.json says {wanted}; '
            'prepare the set again'
        )
    return Split(
        shards=tuple(folder / name for name in manifest['shards'][split]),
        ids=ids,
        labels=labels,
        clean_labels=clean,
        image_size_px=manifest['image_size_px'],
    )


def _digest(manifest, tables):
    total = hashlib.sha256()
    names = [name for split in SPLITS for name in manifest['shards'][split]]
    listed = [[name, manifest['sha256'][name]] for name in names]
    total.update(json.dumps([manifest['class_names'], listed]).encode())
    for name in sorted(tables):
        total.update(name.encode())
        table = tables[name]
        total.update('\n'.join(table).encode() if 'ids' in name else table.tobytes())
    return total.hexdigest()


def _file_sum(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
