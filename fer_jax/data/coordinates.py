"""Features as coordinates on their principal axes: made once, without labels.

The mean over the views of each of the training faces gives mean and deviation of every
column, and, of a sample, the axes of most spread. A face is seen as h x w parts: as one
with all its columns, or as 3x3 with those of its parts, which share their axes.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fer_jax.data import features
from fer_jax.errors import Unusable
from fer_jax.numerics import axes

AXES, SAMPLE = 500, 3000  # faces
SMALLEST = 1e-6  # deviation of a column that is not constant, in units of its size


class Coordinates(NamedTuple):
    """((features[columns] - mean) * scale) @ turn."""

    columns: np.ndarray  # [h, w, D] int32, of a face's features
    mean: np.ndarray  # [h, w, D] float32
    scale: np.ndarray  # [h, w, D] float32, 0 of a constant column
    turn: np.ndarray  # [D, k] float32

    @property
    def shape(self) -> tuple[int, int, int]:
        """h, w, k."""
        h, w, _ = self.columns.shape
        return h, w, self.turn.shape[1]

    def of(self, values: Any) -> Any:
        """[..., h, w, k] float32 of features [..., all columns], of NumPy or JAX."""
        chosen = values[..., self.columns].astype(np.float32)
        flat = ((chosen - self.mean) * self.scale).reshape(-1, self.turn.shape[0])
        return (flat @ self.turn).reshape(*values.shape[:-1], *self.shape)


def whole(columns: Mapping[str, Sequence[int]]) -> np.ndarray:
    """[1, 1, D] int32: columns of parts, and of the means of stages without parts."""
    names = [name for name in columns if f'{name}_grid' not in columns]
    found = np.concatenate([np.arange(*columns[name]) for name in names])
    return found.astype(np.int32)[None, None]


def parts(columns: dict[str, Sequence[int]], side: int) -> np.ndarray:
    """[side, side, D] int32: columns of each part of a face.

    Raises:
      Unusable: there are none.
    """
    found = [
        np.arange(*columns[name], dtype=np.int32).reshape(side, side, -1)
        for name in columns
        if name.endswith('_grid')
    ]
    if not found:
        raise Unusable(
            f'data.parts={side}: these features have no parts of a face, for the maps'
            ' of their network are smaller; give --config.data.parts=1'
        )
    return np.concatenate(found, axis=-1)


def fit(
    rows: Callable[[], Iterable[np.ndarray]], columns: np.ndarray, count: int = AXES
) -> Coordinates:
    """The Coordinates of training faces, at most `count` a part, of mean square 1.

    Three passes over the rows: in memory are a block and the sample. Which faces that
    is depends on what they are, so the order of the set does not matter.

    Args:
      rows: () -> blocks [b, all columns] float32 of the faces, the same each time; of
        stored features `means`.
      columns: from `whole` or `parts`.
    """

    def blocks() -> Iterator[np.ndarray]:
        for block in rows():
            yield block[:, columns]

    n = 0
    first, second = (np.zeros(columns.shape) for _ in range(2))
    weight: list[int] = []
    for block in blocks():
        first += block.sum(axis=0, dtype=np.float64)
        second += np.square(block, dtype=np.float64).sum(axis=0)
        weight += [
            int(hashlib.blake2b(row.tobytes(), digest_size=6).hexdigest(), 16)
            for row in block
        ]
        n += len(block)
    mean, size = first / n, np.sqrt(second / n)
    deviation = np.sqrt(np.maximum(second / n - mean**2, 0))
    varies = deviation > SMALLEST * size
    scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
    mean, scale = mean.astype(np.float32), scale.astype(np.float32)
    order = np.argsort(weight, kind='stable')[:SAMPLE]
    place = {row: number for number, row in enumerate(order.tolist())}
    sample, behind = np.empty((len(order), *columns.shape), np.float32), 0
    for block in blocks():
        for number, row in enumerate(block, start=behind):
            if number in place:
                sample[place[number]] = (row - mean) * scale
        behind += len(block)
    flat = sample.reshape(-1, columns.shape[-1])
    turn = axes.principal(flat, count).astype(np.float32)
    square = np.square(flat @ turn, dtype=np.float64).mean()
    turn *= np.float32(1 / np.sqrt(square) if square > SMALLEST**2 else 0)
    return Coordinates(columns, mean, scale, turn)


def means(stored: features.Stored, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yields [b, all columns] float32 of faces, means over their views.

    Args:
      rows: [n] of the split, rising.

    Raises: as features.Stored.blocks.
    """
    for block in stored.blocks(rows):
        yield block.mean(axis=1, dtype=np.float32)


def check(found: Coordinates) -> None:
    """Raises Unusable when the arrays do not belong together."""
    columns, mean, scale, turn = found
    right = columns.shape == mean.shape == scale.shape
    right = right and columns.shape[-1] == len(turn) and columns.min(initial=0) >= 0
    if not right or not all(np.isfinite(array).all() for array in found):
        raise Unusable('axes: arrays of different sizes, or not finite')
