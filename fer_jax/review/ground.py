"""What a review knows of its faces whatever is decided: made once, in the background.

The map has two dimensions of the features: the two principal axes of what a regression
says of each face out of fold, for there the classes part.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.analysis import thumbnails
from fer_jax.data import arrays, whole
from fer_jax.errors import Unusable
from fer_jax.numerics import judging, kinds, regression, reviewing
from fer_jax.review.subject import Subject, axes_of

WANTED = {
    'plane': arrays.Array('u', 2),
    'pairs': arrays.Array('i', 2),
    'distance': arrays.Array('f', 1),
    'contrast': arrays.Array('f', 1),
}
FINEST = 65535  # steps of a coordinate of the map
OUTSIDE = 0.002  # share of the faces that lie on the edge of the map, a side
BLOCK = 256  # pictures


class Ground(NamedTuple):
    """The faces of a Subject, without their labels but for the folds."""

    x: np.ndarray  # [N, D] float32
    features: jax.Array  # the same where it is computed with
    place: jax.Array  # [N] int32, the fold of each
    belief: reviewing.Belief  # before any decision
    plane: np.ndarray  # [N, 2] uint16, the map
    twins: kinds.Twins
    far: np.ndarray  # [N] float32, of kinds.distance
    contrast: np.ndarray  # [N] float32


def of(subject: Subject) -> Ground:
    """The Ground of a subject whose features are there."""
    x, mark = axes_of(subject)
    given, c = subject.given, len(subject.names)
    features = jnp.asarray(x)
    place = jnp.asarray(judging.places(x, given, c, judging.FOLDS, 0))
    belief = reviewing.begin(
        features, jnp.asarray(given), place, jnp.asarray(subject.transition)
    )
    path = subject.folder / f'ground-{mark}.npz'
    try:
        found = arrays.read_npz(path, WANTED)
        fits = len(found['plane']) == len(found['contrast']) == len(given)
        fits = fits and found['pairs'].max(initial=0) < len(given)
        if not fits:
            raise Unusable(f'{path} is of other faces')
    except Unusable:  # not there, cut, or of fewer faces
        logits = regression.left_out(belief.fit, features, place)
        same = kinds.twins(x)
        found = {
            'plane': plane(np.asarray(logits)),
            'pairs': same.rows,
            'distance': same.distance,
            'contrast': contrast(subject),
        }
        with whole.replacing(path) as file:
            np.savez(file, allow_pickle=False, **found)
    return Ground(
        x=x,
        features=features,
        place=place,
        belief=belief,
        plane=found['plane'],
        twins=kinds.Twins(found['pairs'], found['distance']),
        far=kinds.distance(x),
        contrast=found['contrast'],
    )


def plane(logits: np.ndarray) -> np.ndarray:
    """[N, 2] uint16: the two principal axes of logits [N, C], each over its range."""
    centred = logits - logits.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    _, vector = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    found = centred @ vector[:, ::-1][:, :2]
    low, high = np.quantile(found, (OUTSIDE, 1 - OUTSIDE), axis=0)
    share = (found - low) / np.maximum(high - low, 1e-9)
    return np.round(FINEST * np.clip(share, 0, 1)).astype(np.uint16)


def contrast(subject: Subject) -> np.ndarray:
    """[N] float32: kinds.contrast of every picture, a block of them at a time."""
    faces, names = thumbnails.Faces(subject.data), subject.ids.tolist()
    parts = [
        kinds.contrast(np.stack([*map(faces.pixels, names[first : first + BLOCK])]))
        for first in range(0, len(names), BLOCK)
    ]
    return np.concatenate(parts)
