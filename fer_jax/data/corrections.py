"""Decisions about labels that somebody made: a csv file, joined by id.

    id,decision,label
    train-00012,relabel,sadness
    train-00040,drop,
    train-00051,keep,

`relabel` changes the given label of a training example to the class named, `drop`
leaves the example out of training, `keep` does nothing. The page of an audit writes
such files; config.noise.corrections reads one.
"""

import csv
import hashlib
import io
import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.errors import Missing, Unusable

HEADER = ['id', 'decision', 'label']
DECISIONS = ('keep', 'relabel', 'drop')
NAMED = 5  # of the ids or rows in a message


class Corrections(NamedTuple):
    """What a file of decisions does to a training split."""

    labels: np.ndarray  # [N] int32, the new label, -1 where the given one stays
    dropped: np.ndarray  # [N] bool
    sha256: str  # of the file, as sha256sum prints it


def load(path, ids, class_names):
    """The Corrections of a training split.

    Args:
      path: the csv file.
      ids: [N] str, of the whole split.
      class_names: of the C classes, in the order of the labels.

    Raises:
      Missing: no such file.
      Unusable: another header, a decision, class or id that is unknown, an id twice.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise Missing(
            f'noise.corrections: no file {path}; give the csv that audit.html saved'
        )
    data = path.read_bytes()
    rows = _rows(path, data)
    numbers = {name: number for number, name in enumerate(class_names)}
    for line, (_, decision, label) in rows:
        if decision not in DECISIONS:
            raise Unusable(
                f'{path}, line {line}: decision {decision!r}, wanted one of'
                f' {", ".join(DECISIONS)}'
            )
        if decision == 'relabel' and label not in numbers:
            raise Unusable(
                f'{path}, line {line}: label {label!r} is no class of this set, which'
                f' has {", ".join(class_names)}'
            )
    place = {name: row for row, name in enumerate(ids.tolist())}
    seen = [row[0] for _, row in rows]
    _refuse(
        path, [name for name in seen if name not in place], 'not of the training split'
    )
    counts = dict.fromkeys(seen, 0)
    for name in seen:
        counts[name] += 1
    _refuse(path, [name for name in counts if counts[name] > 1], 'there twice or more')
    labels = np.full(len(ids), -1, np.int32)
    dropped = np.zeros(len(ids), bool)
    for _, (name, decision, label) in rows:
        if decision == 'relabel':
            labels[place[name]] = numbers[label]
        dropped[place[name]] = decision == 'drop'
    return Corrections(labels, dropped, hashlib.sha256(data).hexdigest())


def _rows(path, data):
    """[(line number, [id, decision, label])] of the file, its header checked."""
    try:
        text = data.decode('utf-8-sig')  # spreadsheets put a mark in front
    except UnicodeDecodeError as error:
        raise Unusable(f'{path}: no UTF-8 text ({error}); save it as such') from None
    reader = csv.reader(io.StringIO(text, newline=''))
    header = next(reader, [])
    if header != HEADER:
        raise Unusable(
            f'{path}: its first line is {",".join(header)!r}, wanted'
            f' {",".join(HEADER)!r}; give the csv that audit.html saved'
        )
    rows = []
    for row in filter(None, reader):
        if len(row) != len(HEADER):
            raise Unusable(
                f'{path}, line {reader.line_num}: {len(row)} fields, wanted'
                f' {len(HEADER)}: {",".join(HEADER)}'
            )
        rows.append((reader.line_num, row))
    return rows


def _refuse(path, names, what):
    """Raises ValueError with the first few of `names`, when there are any."""
    if names:
        more = f' and {len(names) - NAMED} more' if len(names) > NAMED else ''
        raise Unusable(
            f'{path}: ids {", ".join(names[:NAMED])}{more} are {what}; give the'
            ' corrections of this data set'
        )
