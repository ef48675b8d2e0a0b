"""What is the matter with a label: kinds of trouble, each with its evidence.

    unreadable   the picture has no contrast
    twin         a face so alike that it is the same one, mirrored or not, has another
                 label: one of the two is wrong for sure
    unlike       of the faces that lie furthest from all others: no face, as a rule
    ambiguous    two classes fit
    wrong        one class fits, and it is not the given one

An example has the first of them that fits, or none.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fer_jax.numerics.axes import SIZE

KINDS = ('none', 'unreadable', 'twin', 'unlike', 'ambiguous', 'wrong')
CONTRAST = 5.0  # deviation of the pixels, of 255, below which nothing is to be seen
SAME = 0.1  # squared distance of twins, of the mean squared distance from the middle
FURTHEST = 0.005  # share of all that are called unlike
LEADING = 2  # axes along which what is no face stands out
SECOND = 0.25  # probability of a second class that makes two of them
FEW = 64  # axes by which pairs are sifted
BLOCK = 1024  # rows


class Twins(NamedTuple):
    """Pairs of faces that are the same."""

    rows: np.ndarray  # [P, 2] int32, the smaller row first
    distance: np.ndarray  # [P] float32, squared, in [0, SAME]


def twins(x: np.ndarray) -> Twins:
    """The Twins among N faces, the most alike first. Takes N^2 products.

    Args:
      x: [N, D] float32, of axes.uncorrelated; of both mirror images, so that a
        mirrored twin is one.
    """
    few, most = x[:, :FEW], np.float32(SAME * SIZE)
    size = np.square(few).sum(axis=1)
    pairs: list[np.ndarray] = [np.zeros((0, 2), np.int32)]
    found = [np.zeros(0, np.float32)]
    for first in range(0, len(x), BLOCK):
        part = slice(first, first + BLOCK)
        # what lies further apart along some of the axes does so along all
        near = size[part, None] + size[None, first:] - 2 * few[part] @ few[first:].T
        a, b = np.nonzero(near < most)
        a, b = a[a < b] + first, b[a < b] + first
        distance = np.square(x[a] - x[b]).sum(axis=1)
        inside = distance < most
        pairs.append(np.stack([a, b], 1)[inside].astype(np.int32))
        found.append(distance[inside] / np.float32(SIZE))
    rows, distance = np.concatenate(pairs), np.concatenate(found)
    order = np.lexsort((*rows.T[::-1], distance))
    return Twins(rows[order], distance[order])


def alike(x: np.ndarray, row: int, count: int) -> np.ndarray:
    """[k] int: the rows most alike to `row`, nearest first; k is `count`, or N - 1.

    Args:
      x: [N, D] float32, of axes.uncorrelated.
    """
    distance = np.square(x - x[row]).sum(axis=1)
    distance[row] = np.inf
    count = min(count, len(x) - 1)
    nearest = np.argpartition(distance, max(count - 1, 0))[:count]
    return nearest[np.argsort(distance[nearest], kind='stable')]


def distance(x: np.ndarray) -> np.ndarray:
    """[N] float32: how far from the middle each lies, squared, in means; its mean is 1.

    Along the LEADING axes alone: people differ along all of them, and a picture
    without a face from all people along those of most spread.
    """
    leading = np.square(x[:, :LEADING]).sum(axis=1)
    return leading / max(float(leading.mean()), 1e-12)


def contrast(pictures: np.ndarray) -> np.ndarray:
    """[N] float32: deviation of the pixels of pictures [N, h, w, 3] uint8."""
    return np.stack([picture.std(dtype=np.float32) for picture in pictures])


def of(
    posterior: np.ndarray,
    given: np.ndarray,
    *,
    same: Twins,
    far: np.ndarray,
    seen: np.ndarray,
) -> np.ndarray:
    """[N] int8, places in KINDS.

    Args:
      posterior: [N, C] float, of each true class (judging, reviewing.Belief).
      given: [N] int in [0, C).
      same: of `twins`.
      far: [N], of `distance`.
      seen: [N], of `contrast`.
    """
    n = len(given)
    ranked = np.sort(posterior, axis=1)
    own = posterior[np.arange(n), given]
    disputed = np.zeros(n, bool)
    disputed[same.rows[given[same.rows[:, 0]] != given[same.rows[:, 1]]]] = True
    unlike = np.zeros(n, bool)
    unlike[np.argsort(-far, kind='stable')[: int(FURTHEST * n)]] = True
    fits = {
        'unreadable': seen < CONTRAST,
        'twin': disputed,
        'unlike': unlike,
        'ambiguous': ranked[:, -2] >= SECOND,
        'wrong': own < ranked[:, -1],
    }
    found = np.zeros(n, np.int8)
    for kind in reversed(fits):
        found[fits[kind]] = KINDS.index(kind)
    return found


def disputes(same: Twins, given: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are twins with different given labels, most alike first."""
    for a, b in same.rows.tolist():
        if given[a] != given[b]:
            yield a, b
