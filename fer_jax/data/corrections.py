"""Decisions about labels that somebody made: a csv file, joined by id.

    id,decision,label
    train-00012,relabel,sadness
    train-00040,drop,
    train-00051,keep,

`relabel` changes the given label of a training example to the class named, `drop`
leaves the example out of training, `keep` does nothing. The page of an audit writes
such files; config.noise.corrections reads one.
"""

import collections
import hashlib
import os
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

HEADER = ['id', 'decision', 'label']
DECISIONS = ('keep', 'relabel', 'drop')
NAMED = 5  # of the ids or rows in a message


class Corrections(NamedTuple):
    """What a file of decisions does to a training split."""

    labels: np.ndarray  # [N] int32, the new label, -1 where the given one stays
    dropped: np.ndarray  # [N] bool
    sha256: str  # of the file, as sha256sum prints it

    def counts(self, given: np.ndarray) -> dict[str, int]:
        """{'changed', 'dropped'}: how many of the `given` labels [N] are."""
        changed = (self.labels >= 0) & (self.labels != given)
        return {'changed': int(changed.sum()), 'dropped': int(self.dropped.sum())}


def load(
    path: str | os.PathLike, ids: np.ndarray, class_names: Sequence[str]
) -> Corrections:
    """The Corrections of a training split.

    Args:
      path: the csv file.
      ids: [N] str, of the whole split.
      class_names: of the C classes, in the order of the labels.

    Raises:
      Missing: no such file.
      ValueError: another header, a decision, class or id that is unknown, an id twice.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise Missing(
            f'noise.corrections: no file {path}; give the csv that audit.html saved'
        )
    data = path.read_bytes()
    rows = {name: row for row, name in enumerate(ids.tolist())}
    decisions = [_decision(path, row, rows, class_names) for row in _rows(path, data)]
    seen = [name for name, _, _ in decisions]
    _refuse(
        path, [name for name in seen if name not in rows], 'not of the training split'
    )
    counts = collections.Counter(seen)
    _refuse(path, [name for name in counts if counts[name] > 1], 'there twice or more')
    labels = np.full(len(ids), -1, np.int32)
    dropped = np.zeros(len(ids), bool)
    for name, decision, label in decisions:
        labels[rows[name]] = label
        dropped[rows[name]] = decision == 'drop'
    return Corrections(labels, dropped, hashlib.sha256(data).hexdigest())


def _rows(path, data):
    try:
        return [*tables.rows(path, HEADER, data)]
    except tables.MissingColumns as error:
        raise Unusable(f'{error}; give the csv that audit.html saved') from None


def _decision(path, row, known, class_names):
    """(id, decision, the label that it gives or -1) of a row."""
    where = f'{path} {row.line}'
    name, decision = row.exact('id'), row['decision'].lower()
    if name not in known:
        name = name.strip()
    if decision not in DECISIONS:
        raise Unusable(
            f'{where}: decision {quoted(row["decision"])}, wanted one of'
            f' {", ".join(DECISIONS)}'
        )
    if decision != 'relabel':
        return name, decision, -1
    label = sets.number_of(row['label'], class_names)
    if label is None:
        raise Unusable(
            f'{where}: label {quoted(row["label"])} is no class of this set, which has'
            f' {", ".join(class_names)}'
        )
    return name, decision, label


def _refuse(path, names, what):
    """Raises Unusable with the first few of `names`, when there are any."""
    if names:
        more = f' and {len(names) - NAMED} more' if len(names) > NAMED else ''
        shown = ', '.join(map(quoted, names[:NAMED]))
        raise Unusable(
            f'{path}: ids {shown}{more} are {what}; give the corrections of this data'
            ' set'
        )
