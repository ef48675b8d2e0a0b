"""What a frozen network says of the faces of a prepared set: a folder on the disk.

    train.npy, test.npy    [n, V, D] float16: V views (plain, mirrored) of n faces
    train_rows.npy, ...    [n] int32, rows of the split, rising
    features.json          the card, written last

The card says of which set (`dataset_digest`) and which weights (`weights_sha256`) the
features are, what the D columns are (`columns`: {name: [first, behind]}), and has the
CRC-32C of every CHUNK faces of each array. Reading goes chunk by chunk, through memory
maps, and a chunk that no longer agrees with its sum is refused.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import google_crc32c
import numpy as np

from fer_jax import home
from fer_jax.data import arrays, documents, prepared, whole
from fer_jax.data.documents import fields, mapping, one_of, sequence, whole_number
from fer_jax.errors import Unusable

CHUNK = 512  # faces
CARD, FORMAT = 'features.json', 1
REMEDY = f'make the features again with {home.prepare()} features'
COLUMNS = documents.checked(
    mapping(sequence(whole_number(), 2, 2)),
    'pairs of rising numbers',
    lambda columns: all(first < behind for first, behind in columns.values()),
)
VALUES, ROWS = arrays.Array('f', 3), arrays.Array('i', 1)
SUMS = sequence(whole_number())
NETWORK = {  # what is said of the frozen network, and of what it says
    'weights_sha256': documents.SHA256,
    'network': documents.TEXT,
    'licence': documents.TEXT,
    'size_px': whole_number(1),
    'views': whole_number(1, 2),
    'columns': COLUMNS,
}
OWN = {  # of a network of the user's own
    'own': fields(
        {'folder': documents.TEXT, 'backbone': documents.TEXT, 'width': whole_number(1)}
    )
}
SCHEMA = fields(
    {
        'format': one_of([FORMAT]),
        'dataset_digest': documents.SHA256,
        **NETWORK,
        'sums': fields({split: SUMS for split in prepared.SPLITS}),
    },
    optional=OWN,
)


class Stored(NamedTuple):
    """The features of one split; row i of `values` is of row `rows[i]` of the split."""

    path: pathlib.Path
    rows: np.ndarray  # [n] int32, rising
    values: np.ndarray  # [n, V, D] float16, a memory map
    sums: list  # of each chunk

    def blocks(self, rows: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yields values [b, V, D] of `rows` of the split (None: all), in their order.

        Raises:
          Unusable: features of a row are not there.
          Damaged: a chunk is not what was written.
        """
        places = np.arange(len(self.rows))
        if rows is not None:
            places = np.searchsorted(self.rows, rows)
            if not np.isin(rows, self.rows).all():
                raise Unusable(
                    f'{self.path} has features of {len(self.rows):,} faces, and not of'
                    f' all {len(rows):,} that are wanted; remove the folder and'
                    f' {REMEDY}'
                )
        for number in np.unique(places // CHUNK).tolist():
            chunk = self.values[number * CHUNK : (number + 1) * CHUNK]
            if _sum(chunk) != self.sums[number]:
                raise whole.Damaged(
                    f'{self.path}: faces {number * CHUNK:,} and on are not what was'
                    f' written; remove the folder and {REMEDY}'
                )
            yield chunk[places[places // CHUNK == number] - number * CHUNK]
            arrays.let_go(self.values)


class Store(NamedTuple):
    """The features in a folder."""

    card: dict
    train: Stored
    test: Stored

    @property
    def about(self) -> dict[str, Any]:
        """The card, but for what `write` adds."""
        added = ('format', 'sums')
        return {name: told for name, told in self.card.items() if name not in added}


def beside(data: str | os.PathLike) -> pathlib.Path:
    """Where the features of a prepared set lie if nobody says else: beside its folder,
    under its name."""
    folder = pathlib.Path(data).resolve()
    return folder.with_name(f'{folder.name}.features')


def write(
    folder: str | os.PathLike,
    compute: Callable[[str, list], Iterable[np.ndarray]],
    *,
    about: dict,
    rows: dict[str, np.ndarray],
    shape: tuple[int, int],
    replace: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> Store:
    """Writes the folder, whole or not at all, and returns it as `load` does.

    A write that was stopped keeps what it has beside the folder, and the next one of
    the same `about`, rows and shape goes on behind the chunks that agree with their
    sums.

    Args:
      compute: (split, list of rows [b]) -> values [b, V, D] of each, an iterator.
      about: the card's fields but format and sums.
      rows: {split: [n] int32, rising}.
      shape: V, D.
      replace: the folder that is there already goes at the end.
      progress: called with a number of faces that are done.

    Raises:
      Unusable: the folder exists, and is not to be replaced.
    """
    content = [json.dumps(about), *(rows[split].tolist() for split in prepared.SPLITS)]
    keep = hashlib.sha256(json.dumps([*content, shape]).encode()).hexdigest()[:12]
    with whole.folder(folder, replace=replace, keep=keep) as partial:
        sums = {
            split: _fill(partial, split, compute, rows[split], shape, progress)
            for split in prepared.SPLITS
        }
        card = {'format': FORMAT, **about, 'sums': sums}
        (partial / CARD).write_text(json.dumps(card) + '\n')
        for split in prepared.SPLITS:
            (partial / f'{split}.sums.json').unlink()
    return load(folder)


def _fill(folder, split, compute, rows, shape, progress):
    """Fills the arrays of a split from the first chunk on that is not there yet."""
    np.save(folder / f'{split}_rows.npy', rows.astype(np.int32))
    path, told = folder / f'{split}.npy', folder / f'{split}.sums.json'
    wanted, sums = (len(rows), *shape), []
    try:
        values = arrays.mapped(path, VALUES, writable=True)
        if values.shape != wanted or values.dtype != np.float16:
            raise Unusable('of another shape')
        sums = documents.read(told, SUMS, REMEDY)
    except Unusable:  # nothing to go on with
        values = np.lib.format.open_memmap(path, 'w+', np.float16, wanted)
    chunks = [slice(i, i + CHUNK) for i in range(0, len(rows), CHUNK)]
    agree = [_sum(values[part]) == one for part, one in zip(chunks, sums)]
    sums = sums[: (*agree, False).index(False)]
    left = chunks[len(sums) :]
    progress(len(rows) - sum(len(rows[part]) for part in left))
    for part, found in zip(left, compute(split, [rows[part] for part in left])):
        values[part] = found
        values.flush()
        arrays.let_go(values)
        sums.append(_sum(values[part]))
        whole.write_text(told, json.dumps(sums))
        progress(len(found))
    whole.write_text(told, json.dumps(sums))
    return sums


def _sum(values):
    return google_crc32c.value(np.ascontiguousarray(values).tobytes())


def load(folder: str | os.PathLike) -> Store:
    """The Store in `folder`; no chunk is read.

    Raises:
      Missing: there is none.
      Unusable: the card, or an array, is not as it was written.
    """
    folder = pathlib.Path(folder)
    card = documents.read(folder / CARD, SCHEMA, REMEDY)
    width = max(behind for _, behind in card['columns'].values())
    splits = {}
    for split in prepared.SPLITS:
        path = folder / f'{split}.npy'
        values = arrays.mapped(path, VALUES)
        rows = arrays.read_npy(folder / f'{split}_rows.npy', ROWS)
        sums = card['sums'][split]
        right = values.shape == (len(rows), card['views'], width)
        right = right and values.dtype == np.float16 and rows.dtype == np.int32
        if not right or len(sums) != -(-len(rows) // CHUNK):
            raise whole.Damaged(
                f'{path} is not what {CARD} says; remove the folder and {REMEDY}'
            )
        splits[split] = Stored(path, rows, values, sums)
    return Store(card, **splits)
