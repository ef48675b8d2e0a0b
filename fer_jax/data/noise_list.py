"""A noise list: the given label of every training example, drawn once and kept.

A drawn list is a function of (data set's digest, protocol, rate, seed) alone; others
come from files (noise_formats.py). A list covers the whole training split, whichever
subset a run uses, so methods and subsets that share a seed share the wrong labels; test
rows are not in it.
"""

import hashlib
import json
import os
import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax import home
from fer_jax.data import documents, tables, whole
from fer_jax.data.prepared import Prepared, Split, check_labels
from fer_jax.errors import Missing, Unusable
from fer_jax.numerics import noise

HEADER = ['id', 'label']  # of noise.csv
AGAIN = 'delete noise.csv and noise.json and make the list again'
ABOUT = documents.fields(  # noise.json, as far as it is no function of the labels
    {
        'sha256': documents.SHA256,
        'protocol': documents.fields(
            {'dataset': documents.SHA256, 'kind': documents.TEXT}
        ),
    }
)


class NoiseList(NamedTuple):
    """Given labels of the training split, and where they come from."""

    labels: np.ndarray  # [N] int32
    protocol: dict  # dataset, kind; rate, seed ... of a drawn list, its file of another
    sha256: str  # of noise.csv, as sha256sum prints it
    transition: np.ndarray  # [C, C] realised p(given | true); empty classes: zeros
    wrong: int  # labels that differ from the true ones


def true_labels(split: Split) -> np.ndarray:
    """[N] int32 labels that a list is drawn from: clean where known, else given.

    With a noise list in use these are the run's clean labels.
    """
    clean = split.clean_labels
    return np.where(clean >= 0, clean, split.labels).astype(np.int32)


def draw(
    prepared: Prepared,
    *,
    kind: str = 'symmetric',
    rate: float | None = 0.3,
    seed: int = 0,
    exact: bool = False,
    inclusive: bool = False,
    matrix: np.ndarray | None = None,
) -> NoiseList:
    """Draws the list of a prepared set; arguments as of `noise.transition` and
    `noise.corrupt`.

    Raises:
      Unusable: a protocol that `noise.transition` refuses.
    """
    num_classes = len(prepared.class_names)
    transition = noise.transition(
        kind,
        rate,
        num_classes,
        inclusive=inclusive,
        class_names=prepared.class_names,
        matrix=matrix,
    )
    protocol = {
        'dataset': prepared.digest,
        'kind': kind,
        'rate': float(rate or 0),
        'seed': int(seed),
        'exact': bool(exact),
        'inclusive': bool(inclusive),
        'matrix': None if matrix is None else np.asarray(matrix, float).tolist(),
    }
    key = hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).digest()
    generator = np.random.Generator(np.random.Philox(int.from_bytes(key[:16], 'big')))
    true = true_labels(prepared.train)
    labels = noise.corrupt(true, transition, generator=generator, exact=exact)
    return of(prepared, labels, protocol)


def of(prepared: Prepared, labels: np.ndarray, protocol: dict) -> NoiseList:
    """The list that gives `labels` [N] int32 to the training split, in its order."""
    true = true_labels(prepared.train)
    counts = noise.realised(true, labels, len(prepared.class_names))
    return NoiseList(
        labels=labels,
        protocol=protocol,
        sha256=_sum(_table(prepared.train.ids, labels).encode()),
        transition=counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
        wrong=int(np.sum(labels != true)),
    )


def save(noise_list: NoiseList, ids: np.ndarray, folder: str | os.PathLike) -> None:
    """Writes noise.json and noise.csv (id, label), whole or not at all.

    noise.csv goes last: where it lies, the list is complete. Saving the same list once
    more is harmless at every moment.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    about = noise_list._asdict() | {'transition': noise_list.transition.tolist()}
    del about['labels']
    whole.write_text(folder / 'noise.json', json.dumps(about, indent=1) + '\n')
    whole.write_text(folder / 'noise.csv', _table(ids, noise_list.labels))


def complete(folder: str | os.PathLike) -> bool:
    """Whether a list lies in `folder`, whole."""
    return (pathlib.Path(folder) / 'noise.csv').is_file()


def load(folder: str | os.PathLike, prepared: Prepared) -> NoiseList:
    """The list saved in `folder`, for the prepared set that it was drawn for.

    Raises:
      Missing: no finished list there.
      Unusable: a changed list, one of another data set, or one with labels that are no
        class of it.
    """
    folder = pathlib.Path(folder)
    for name in ('noise.csv', 'noise.json'):
        if not (folder / name).is_file():
            raise Missing(
                f'{folder / name}: no such file; make a list with '
                f'{home.prepare()} noise'
            )
    about = documents.read(folder / 'noise.json', ABOUT, AGAIN)
    data = (folder / 'noise.csv').read_bytes()
    if _sum(data) != about['sha256']:
        raise Unusable(
            f'{folder / "noise.csv"}: not the list that noise.json describes; '
            'delete both and make it again'
        )
    if about['protocol']['dataset'] != prepared.digest:
        raise Unusable(
            f'{folder / "noise.json"}: made for data set '
            f'{about["protocol"]["dataset"][:12]}, this one is {prepared.digest[:12]}; '
            'name the data folder that it was made for, or make another list'
        )
    rows = [*tables.rows(folder / 'noise.csv', HEADER, data)]
    if [row.exact('id') for row in rows] != prepared.train.ids.tolist():
        raise Unusable(
            f'{folder / "noise.csv"}: its ids are not those of the training split; '
            f'{AGAIN}'
        )
    numbers = [
        tables.integer(row['label'], f'{folder / "noise.csv"} {row.line}')
        for row in rows
    ]
    labels = np.array(numbers, np.int32)
    count = len(prepared.class_names)
    check_labels(folder / 'noise.csv', prepared.train.ids, labels, 0, count, AGAIN)
    return of(prepared, labels, about['protocol'])._replace(sha256=about['sha256'])


def read_matrix(path: str | os.PathLike) -> np.ndarray:
    """[C, C] float64 from a text file of C rows."""
    if not pathlib.Path(path).is_file():
        raise Missing(f'noise.matrix: no file {path}; give C rows of C numbers')
    return np.array(tables.matrix(path), np.float64)


def _sum(data):
    return hashlib.sha256(data).hexdigest()


def _table(ids, labels):
    return tables.text(HEADER, zip(ids.tolist(), labels.tolist()))
