"""What a review is about: the labels of a set, as an audit or a run judges them.

OUT/review holds what a review needs beside them, made once:

    log.jsonl           the decisions (log)
    axes-HASH.npy       [N, D] float32, features on their principal axes
    ground-HASH.npz     the map, the twins, the contrast of every picture (ground)
"""

import hashlib
import json
import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.analysis import cases, frozen, judgements, transitions
from fer_jax.data import arrays, features, prepared, whole
from fer_jax.errors import Unusable
from fer_jax.numerics import judging
from fer_jax.training import frozen as frozen_features

FOLDER = 'review'
AXES = arrays.Array('f', 2)


class Subject(NamedTuple):
    """The labels under review, row i being example i of them."""

    name: str
    data: prepared.Prepared
    rows: np.ndarray  # [N] int, of the training split
    ids: np.ndarray  # [N] str
    given: np.ndarray  # [N] int32
    suggested: np.ndarray  # [N] int32
    log_odds: np.ndarray  # [N] float64, finite, that given labels are right
    right: np.ndarray  # [N] float64 in [0, 1]
    transition: np.ndarray  # [C, C] float32, T [true, given]
    trained: bool  # whether a run's networks say it, and not the features alone
    key: str  # sha256 of the set and of its given labels
    folder: pathlib.Path  # of the review
    features: pathlib.Path  # folder of the features, which need not be there yet

    @property
    def names(self) -> tuple[str, ...]:
        """Of the C classes."""
        return self.data.class_names


def of_audit(
    data: pathlib.Path | str,
    out: pathlib.Path | str,
    stored: pathlib.Path | str | None = None,
    *,
    pictures: int,
) -> Subject:
    """The Subject of an audit without training, which is made where OUT has none.

    Args:
      data: prepared folder.
      out: folder of the audit.
      stored: of the features; None: OUT/features.
      pictures: of the page of an audit that has to be made.

    Raises:
      Missing, Unusable: no such set, or an audit or features of another one.
    """
    out, found = pathlib.Path(out), prepared.load(data)
    place = pathlib.Path(stored or out / frozen.FOLDER)
    judged = judgements.read(out, found)
    if judged is None:
        made = frozen.of_set(found, place, name=out.absolute().name)
        frozen.kept(made, out, pictures)
        judged = frozen.judgement(made)
    rows = found.train.rows(judged.ids)
    return Subject(
        name=out.absolute().name,
        data=found,
        rows=rows,
        given=found.train.labels[rows],
        trained=False,
        key=hashlib.sha256(found.digest.encode()).hexdigest(),
        folder=out / FOLDER,
        features=place,
        **judged._asdict(),
    )


def of_run(
    workdir: pathlib.Path | str,
    data: pathlib.Path | str | None = None,
    stored: pathlib.Path | str | None = None,
) -> Subject:
    """The Subject of a finished run.

    Args:
      data: its prepared folder; None: where the run found it.
      stored: folder of the set's features; None: RUN/features.

    Raises:
      Missing, Unusable: no finished run, or not its data.
    """
    case = cases.read(workdir, data)
    if isinstance(case.data, str):
        raise Unusable(case.data)
    if case.evidence is None:
        count = len(case.class_names)
        elsewhere = transitions.suggestions(case.given, case.suggested, count)
    else:
        elsewhere = transitions.others(case.given, case.evidence)
    right = np.clip(case.right, 1e-12, 1 - 1e-12)
    matrix = transitions.estimate(case.given, case.right, elsewhere)
    about = case.data.digest + str(case.run.result['noise_list_sha256'] or '')
    return Subject(
        name=case.name,
        data=case.data,
        rows=case.data.train.rows(case.ids),
        ids=case.ids,
        given=case.given.astype(np.int32),
        suggested=case.suggested.astype(np.int32),
        log_odds=np.clip(
            np.log(right) - np.log1p(-right), -judging.LARGEST, judging.LARGEST
        ),
        right=case.right,
        transition=matrix.astype(np.float32),
        trained=True,
        key=hashlib.sha256(about.encode()).hexdigest(),
        folder=case.run.folder / FOLDER,
        features=pathlib.Path(stored or case.run.folder / frozen.FOLDER),
    )


def store_of(subject: Subject) -> features.Store:
    """The features of the subject's faces; made where there are none.

    Raises:
      Unusable: they are of another set, or not of all faces.
    """
    chosen = {
        'train': np.sort(subject.rows),
        'test': subject.data.test.readable()[:0],
    }
    return frozen_features.found(subject.data, subject.features, chosen)


def axes_of(subject: Subject) -> tuple[np.ndarray, str]:
    """([N, D] float32, mapped: the features on their axes, made once; a name for them).

    Raises:
      Unusable: features of another set, or not of all faces.
    """
    store = features.load(subject.features)
    about = hashlib.sha256(json.dumps(store.card['sums']).encode())
    about.update(subject.rows.astype(np.int64).tobytes())
    mark = about.hexdigest()[:12]
    path = subject.folder / f'axes-{mark}.npy'
    if not path.exists():
        order = np.argsort(subject.rows, kind='stable')
        found = frozen.on_axes(frozen.stored(store, subject.rows[order]))
        placed = np.empty_like(found)
        placed[order] = found
        for old in (*subject.folder.glob('axes-*'), *subject.folder.glob('ground-*')):
            old.unlink()
        with whole.replacing(path) as file:
            np.save(file, placed)
    return arrays.mapped(path, AXES), mark
