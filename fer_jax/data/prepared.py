"""A prepared data set: a folder of record files, label tables and a manifest.

    train-00000-of-00004.tfrecord ...    test-00000-of-00001.tfrecord ...
    labels.npz      <split>_ids, <split>_labels, <split>_clean_labels
    manifest.json   set, class names in order, counts, image size, recipe, sha256

Rows of the tables follow the records of the shards. Labels are read from the tables
alone, so relabelling and noise never touch a record.
"""

import hashlib
import json
import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.data import records
from fer_jax.errors import Missing, Unusable

FORMAT = 1
SPLITS = ('train', 'test')


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
          Unusable: more or fewer records than rows.
        """
        source = records.RecordSource(self.shards, self.table)
        if len(source) != len(self.ids):
            raise Unusable(
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
      Missing: the folder, its manifest or a listed file is missing.
      Unusable: the files disagree with the manifest.
    """
    folder = pathlib.Path(folder)
    known = manifest(folder)
    for name in known['sha256']:
        if not (folder / name).is_file():
            raise Missing(
                f'{folder / name}: listed in manifest.json but missing; '
                'copy it again or prepare the set again'
            )
    if file_sum(folder / 'labels.npz') != known['sha256']['labels.npz']:
        raise Unusable(
            f'{folder / "labels.npz"}: not the file that manifest.json lists; '
            'prepare the set again'
        )
    tables = dict(np.load(folder / 'labels.npz'))
    return Prepared(
        folder=folder,
        set_name=known['set'],
        class_names=tuple(known['class_names']),
        image_size_px=known['image_size_px'],
        train=_split(folder, known, tables, 'train'),
        test=_split(folder, known, tables, 'test'),
        digest=_digest(known, tables),
    )


def manifest(folder):
    """What manifest.json of a prepared folder says, as a dict.

    Raises:
      Missing: the folder or its manifest is missing.
      Unusable: it is of another format.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Missing(
            f'{folder}: no such data folder; make one with python -m data_prep'
        )
    if not (folder / 'manifest.json').is_file():
        raise Missing(
            f'{folder}: no manifest.json, so not a prepared data set; '
            'make one with python -m data_prep'
        )
    known = json.loads((folder / 'manifest.json').read_text('utf-8'))
    if known.get('format') != FORMAT:
        raise Unusable(
            f'{folder}: format {known.get("format")!r} in manifest.json, this '
            f'version reads {FORMAT}; prepare the set again'
        )
    return known


def _split(folder, manifest, tables, split):
    ids, labels, clean = (
        tables[f'{split}_{name}'] for name in ('ids', 'labels', 'clean_labels')
    )
    wanted = sum(manifest['counts'][split].values())
    if not len(ids) == len(labels) == len(clean) == wanted:
        raise Unusable(
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


def file_sum(path):
    """sha256 of a file's content, in hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
