"""A prepared data set: a folder of record files, label tables and a manifest.

    train-00000-of-00004.tfrecord ...    test-00000-of-00001.tfrecord ...
    labels.npz      <split>_ids, <split>_labels, <split>_clean_labels
    manifest.json   set, class names in order, counts, image size, recipe, sha256
    croissant.json  the same for other programs (croissant.py); nothing here reads it

Rows of the tables follow the records of the shards. Labels are read from the tables
alone, so relabelling and noise never touch a record. A set whose labels are only to be
judged may have no test example, and no shard of any.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from fer_jax import home
from fer_jax.data import arrays, documents, records, sets, whole
from fer_jax.data.quoting import quoted
from fer_jax.data.records import RecordSource
from fer_jax.errors import Missing, Unusable

FORMAT = 1
SPLITS = ('train', 'test')
AGAIN = 'copy it again or prepare the set again'
SOURCE = documents.fields(  # a door, and the words of its command line
    {'door': documents.TEXT, 'words': documents.sequence(documents.TEXT)}
)
MANIFEST = documents.fields(
    {
        'format': documents.one_of([FORMAT]),
        'set': documents.one_of(sets.SETS),
        'class_names': sets.CLASS_NAMES,
        'image_size_px': sets.IMAGE_SIZE_PX,
        'recipe': documents.mapping(documents.ANY),
        'counts': documents.fields(
            dict.fromkeys(SPLITS, documents.mapping(documents.whole_number()))
        ),
        'shards': documents.fields(
            {
                'train': documents.sequence(documents.FILE_NAME, 1, distinct=True),
                'test': documents.sequence(documents.FILE_NAME, distinct=True),
            }
        ),
        'sha256': documents.checked(
            documents.mapping(documents.SHA256),
            'one of labels.npz too',
            lambda value: 'labels.npz' in value,
        ),
    },
    optional={
        'notes': documents.sequence(documents.sequence(documents.ANY, 4, 4)),
        'source': SOURCE,
    },
)
TABLES = {
    f'{split}_{name}': arrays.Array(kinds, 1)
    for split in SPLITS
    for name, kinds in (('ids', 'U'), ('labels', 'iu'), ('clean_labels', 'iu'))
}


class Split(NamedTuple):
    """One split of a prepared set; row i of each table is record i of the shards."""

    shards: tuple[pathlib.Path, ...]  # paths
    ids: np.ndarray  # [N] str
    labels: np.ndarray  # [N] int32, given
    clean_labels: np.ndarray  # [N] int32, -1 when unknown
    image_size_px: int
    table: np.ndarray | None = None  # of a salvaged split, see records.salvage

    def rows(self, ids: Iterable[str]) -> np.ndarray:
        """[n] int: the rows of ids [n], which are in the split."""
        places = {name: row for row, name in enumerate(self.ids.tolist())}
        return np.array([places[name] for name in ids], int)

    def records(self) -> RecordSource:
        """Its records as a sequence of serialised examples.

        Raises:
          Damaged: a damaged record, unless the split was salvaged.
          Unusable: more or fewer records than rows.
        """
        source = RecordSource(self.shards, self.table)
        if len(source) != len(self.ids):
            raise Unusable(
                f'{self.shards[0]} and its like hold {len(source)} records,'
                f' labels.npz {len(self.ids)} rows; prepare the set again'
            )
        return source

    def salvaged(self) -> tuple['Split', list[str]]:
        """(the split without its damaged records, a line about each damage)."""
        table, damage = records.salvage(self.shards, self.ids)
        return self._replace(table=table), damage

    def readable(self) -> np.ndarray:
        """[n] rows whose record can be read, rising; all unless salvaged."""
        if self.table is None:
            return np.arange(len(self.ids))
        return np.flatnonzero(self.table[:, 0] >= 0)


class Prepared(NamedTuple):
    """A prepared set as it lies in `folder`; `digest` names its exact content."""

    folder: pathlib.Path
    set_name: str
    class_names: tuple[str, ...]
    image_size_px: int
    train: Split
    test: Split
    digest: str  # sha256 over the files' sums and the label tables


def load(folder: str | os.PathLike) -> Prepared:
    """The prepared set in `folder`. Reads manifest and tables, no image.

    Raises:
      Missing: the folder, its manifest or a listed file is missing.
      Unusable: the files disagree with the manifest, or hold what no set can: a label
        that is no class, an id twice.
    """
    folder = pathlib.Path(folder)
    known = manifest(folder)
    shards = [name for split in SPLITS for name in known['shards'][split]]
    if sorted(known['sha256']) != sorted([*shards, 'labels.npz']):
        raise Unusable(
            f'{folder / "manifest.json"}: sha256 is not of the shards and labels.npz,'
            f' each once; {AGAIN}'
        )
    for name in known['sha256']:
        if not (folder / name).is_file():
            raise Missing(
                f'{folder / name}: listed in manifest.json but missing; '
                'copy it again or prepare the set again'
            )
    if whole.file_sum(folder / 'labels.npz') != known['sha256']['labels.npz']:
        raise Unusable(
            f'{folder / "labels.npz"}: not the file that manifest.json lists; '
            'prepare the set again'
        )
    tables = read_tables(folder)
    return Prepared(
        folder=folder,
        set_name=known['set'],
        class_names=tuple(known['class_names']),
        image_size_px=known['image_size_px'],
        train=_split(folder, known, tables, 'train'),
        test=_split(folder, known, tables, 'test'),
        digest=_digest(known, tables),
    )


def read_tables(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """{'train_ids': [N] str, ...}: labels.npz, whatever manifest.json says of it.

    Raises:
      Unusable: no such file, or a damaged one.
    """
    try:
        return arrays.read_npz(folder / 'labels.npz', TABLES)
    except Unusable as error:
        raise Unusable(f'{error}; {AGAIN}') from None


def manifest(folder: str | os.PathLike) -> dict[str, Any]:
    """What manifest.json of a prepared folder says, as a dict.

    Raises:
      Missing: the folder or its manifest is missing.
      Unusable: it is of another format, or no manifest.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Missing(f'{folder}: no such data folder; make one with {home.prepare()}')
    if not (folder / 'manifest.json').is_file():
        raise Missing(
            f'{folder}: no manifest.json, so not a prepared data set; '
            f'make one with {home.prepare()}'
        )
    return documents.read(folder / 'manifest.json', MANIFEST, AGAIN)


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
    where, count = f'{folder / "labels.npz"}: {split}', len(manifest['class_names'])
    check_ids(f'{where}_ids', ids)
    check_labels(f'{where}_labels', ids, labels, 0, count)
    check_labels(f'{where}_clean_labels', ids, clean, -1, count)
    return Split(
        shards=tuple(folder / name for name in manifest['shards'][split]),
        ids=ids,
        labels=labels.astype(np.int32),
        clean_labels=clean.astype(np.int32),
        image_size_px=manifest['image_size_px'],
    )


def check_ids(where: str | os.PathLike, ids: np.ndarray) -> None:
    """Stops at an id that two examples have, or that is empty.

    Raises:
      Unusable: names `where` and the first of them.
    """
    values, counts = np.unique(ids, return_counts=True)
    bad = values[(counts > 1) | (values == '')]
    if len(bad):
        raise Unusable(
            f'{where}: {len(bad):,} ids are empty or there more than once, as'
            f' {quoted(str(bad[0]))}; {AGAIN}'
        )


def check_labels(
    where: str | os.PathLike,
    ids: np.ndarray,
    labels: np.ndarray,
    least: int,
    count: int,
    remedy: str = AGAIN,
) -> None:
    """Stops at a label that is not in [least, count).

    Args:
      where: file and table, for the message.
      ids: [N] str.
      labels: [N] integers.
      remedy: what to do about it.

    Raises:
      Unusable: names `where` and the first of them.
    """
    (bad,) = np.nonzero((labels < least) | (labels >= count))
    if len(bad):
        raise Unusable(
            f'{where}: {len(bad):,} labels are not in {least} to {count - 1}, as'
            f' {labels[bad[0]]} of {quoted(str(ids[bad[0]]))}; {remedy}'
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
