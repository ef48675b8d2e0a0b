"""What an audit without training thinks of each label: judged.npz beside its page.

    ids          [N] str, of the training split
    log_odds     [N] float64 that given labels are right: the order
    right        [N] float64, probabilities
    suggested    [N] int32 in [0, C)
    transition   [C, C] float32, T [true, given]
    digest       [1] str, of the prepared set

A review goes on from it.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.data import arrays, prepared, whole
from fer_jax.errors import Missing, Unusable

FILE = 'judged.npz'
WANTED = {
    'ids': arrays.Array('U', 1),
    'log_odds': arrays.Array('f', 1),
    'right': arrays.Array('f', 1),
    'suggested': arrays.Array('i', 1),
    'transition': arrays.Array('f', 2),
    'digest': arrays.Array('U', 1),
}


class Judgement(NamedTuple):
    """The arrays of the file, but for the digest."""

    ids: np.ndarray
    log_odds: np.ndarray
    right: np.ndarray
    suggested: np.ndarray
    transition: np.ndarray


def write(folder: pathlib.Path, found: Judgement, digest: str) -> pathlib.Path:
    """Writes the file into a folder, for the set of this digest; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with whole.replacing(path) as file:
        np.savez(file, digest=np.array([digest]), **found._asdict())
    return path


def read(folder: pathlib.Path, data: prepared.Prepared) -> Judgement | None:
    """The Judgement of a set in a folder; None where there is no file.

    Raises:
      Unusable: it is of another set, or damaged.
    """
    path = folder / FILE
    try:
        found = arrays.read_npz(path, WANTED)
    except Missing:
        return None
    except Unusable as error:
        raise Unusable(
            f'{error}; remove the file, and the set is judged again'
        ) from None
    if found.pop('digest').tolist() != [data.digest]:
        raise Unusable(
            f'{path} judges another set than {data.folder}; name another folder'
        )
    judged = Judgement(**{name: found[name] for name in Judgement._fields})
    n, c = len(judged.ids), len(data.class_names)
    fits = (
        {judged.log_odds.shape, judged.right.shape, judged.suggested.shape} == {(n,)}
        and judged.transition.shape == (c, c)
        and np.isfinite(judged.log_odds).all()
        and ((judged.right >= 0) & (judged.right <= 1)).all()
        and ((judged.suggested >= 0) & (judged.suggested < c)).all()
        and n > 0
        and np.isin(judged.ids, data.train.ids).all()
    )
    if not fits:
        raise Unusable(
            f'{path} is no judgement of an audit; remove it to have one made'
        )
    return judged
