"""Decisions about labels that somebody made: a csv file, joined by id.

    id,decision,label,second,reviewer,time,sample
    train-00012,relabel,sadness,,anna,2026-11-28T19:40:02Z,
    train-00040,drop,,,anna,2026-11-28T19:40:05Z,
    train-00051,keep,,,anna,2026-11-28T19:40:09Z,yes
    train-00077,ambiguous,fear,surprise,anna,2026-11-28T19:40:15Z,

`relabel` changes the given label of a training example to the class named, `drop`
leaves the example out of training, `keep` does nothing. `ambiguous` says that two
classes fit: the given label stays where it is one of them, and becomes the first of
them where it is not. The columns behind `label` may be missing; `sample` marks what was
judged in a random sample. The pages of an audit and of a review write such files;
config.noise.corrections reads one.
"""

import collections
import hashlib
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

FILE = 'decisions.csv'  # in the folder of a review
HEADER = ['id', 'decision', 'label']
MORE = ['second', 'reviewer', 'time', 'sample']  # may be missing
DECISIONS = {'keep': 0, 'relabel': 1, 'drop': 0, 'ambiguous': 2}  # classes named
NAMED = 5  # of the ids or rows in a message


class Decision(NamedTuple):
    """What somebody said of one label."""

    id: str
    decision: str  # one of DECISIONS
    labels: tuple[int, ...] = ()  # the classes that it names
    reviewer: str = ''
    time: str = ''  # UTC, as 2026-11-28T19:40:02Z
    sample: bool = False  # judged in a random sample

    def left(self, given: int) -> tuple[int, ...]:
        """The classes that a given label is left with; () where it is dropped."""
        return (given,) if self.decision == 'keep' else self.labels


class Corrections(NamedTuple):
    """What a file of decisions does to a training split."""

    decided: np.ndarray  # [N] bool, whether it says anything of an example
    labels: np.ndarray  # [N] int32, the new label, -1 where the given one stays
    dropped: np.ndarray  # [N] bool
    either: np.ndarray  # [N, 2] int32, the two classes that fit, -1 where not two do
    sha256: str  # of the file, as sha256sum prints it

    def applied(self, given: np.ndarray) -> np.ndarray:
        """[N] int32: what the `given` labels [N] become."""
        unsure = (self.either[:, 0] >= 0) & (self.either != given[:, None]).all(axis=1)
        found = np.where(self.labels >= 0, self.labels, given)
        return np.where(unsure, self.either[:, 0], found).astype(np.int32)

    def counts(self, given: np.ndarray) -> dict[str, int]:
        """{'changed', 'dropped', 'kept'}: how many of the `given` labels [N] are."""
        changed, dropped = self.applied(given) != given, self.dropped
        kept = self.decided & ~changed & ~dropped
        return {
            'changed': int(changed.sum()),
            'dropped': int(dropped.sum()),
            'kept': int(kept.sum()),
        }


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
    data = _content(path)
    labels = np.full(len(ids), -1, np.int32)
    decided, dropped = np.zeros((2, len(ids)), bool)
    either = np.full((len(ids), 2), -1, np.int32)
    rows = {name: row for row, name in enumerate(ids.tolist())}
    for one in _read(path, data, rows, class_names):
        row = rows[one.id]
        decided[row], dropped[row] = True, one.decision == 'drop'
        if one.decision == 'relabel':
            labels[row] = one.labels[0]
        elif one.decision == 'ambiguous':
            either[row] = one.labels
    sha256 = hashlib.sha256(data).hexdigest()
    return Corrections(decided, labels, dropped, either, sha256)


def read(
    path: str | os.PathLike, ids: np.ndarray, class_names: Sequence[str]
) -> list[Decision]:
    """The Decisions of a file, in its order. Arguments and errors as of `load`."""
    rows = {name: row for row, name in enumerate(ids.tolist())}
    return _read(path, _content(path), rows, class_names)


def text(decisions: Iterable[Decision], class_names: Sequence[str]) -> str:
    """The csv of decisions, as `read` reads it."""
    lines = []
    for one in decisions:
        first, second = [*(class_names[label] for label in one.labels), '', ''][:2]
        sample = 'yes' if one.sample else ''
        lines.append(
            (one.id, one.decision, first, second, one.reviewer, one.time, sample)
        )
    return tables.text([*HEADER, *MORE], lines)


def _content(path):
    path = pathlib.Path(path)
    if not path.is_file():
        raise Missing(
            f'noise.corrections: no file {path}; give the csv that audit.html saved'
        )
    return path.read_bytes()


def _read(path, data, known, class_names):
    found = [_decision(path, row, known, class_names) for row in _rows(path, data)]
    unknown = [one.id for one in found if one.id not in known]
    _refuse(path, unknown, 'not of the training split')
    counts = collections.Counter(one.id for one in found)
    _refuse(path, [name for name in counts if counts[name] > 1], 'there twice or more')
    return found


def _rows(path, data):
    try:
        return [*tables.rows(path, HEADER, data)]
    except tables.MissingColumns as error:
        raise Unusable(f'{error}; give the csv that audit.html saved') from None


def _decision(path, row, known, class_names):
    """The Decision of a row."""
    where = f'{path} {row.line}'
    name, decision = row.exact('id'), row['decision'].lower()
    if name not in known:
        name = name.strip()
    if decision not in DECISIONS:
        raise Unusable(
            f'{where}: decision {quoted(row["decision"])}, wanted one of'
            f' {", ".join(DECISIONS)}'
        )
    more = {column.strip().casefold(): value for column, value in row.texts().items()}
    named = [row['label'], more.get('second', '').strip()][: DECISIONS[decision]]
    labels = tuple(label_of(where, word, class_names) for word in named)
    if len(set(labels)) < len(labels):
        raise Unusable(
            f'{where}: ambiguous between {quoted(named[0])} and itself; name two'
            ' classes, in the columns label and second'
        )
    reviewer, time, sample = (more.get(column, '').strip() for column in MORE[1:])
    return Decision(name, decision, labels, reviewer, time, sample == 'yes')


def label_of(where: str, word: str, class_names: Sequence[str]) -> int:
    """The class of a word.

    Args:
      where: it stands, for the message.

    Raises:
      Unusable: it is none.
    """
    label = sets.number_of(word, class_names)
    if label is None:
        raise Unusable(
            f'{where}: label {quoted(word)} is no class of this set, which has'
            f' {", ".join(class_names)}'
        )
    return label


def _refuse(path, names, what):
    """Raises Unusable with the first few of `names`, when there are any."""
    if names:
        more = f' and {len(names) - NAMED} more' if len(names) > NAMED else ''
        shown = ', '.join(map(quoted, names[:NAMED]))
        raise Unusable(
            f'{path}: ids {shown}{more} are {what}; give the corrections of this data'
            ' set'
        )
