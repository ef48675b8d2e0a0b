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
        return turned(values[..., self.columns].astype(np.float32), *self[1:])


def turned(values: Any, mean: Any, scale: Any, turn: Any) -> Any:
    """[..., h, w, k] of chosen features [..., h, w, D], of NumPy or JAX."""
    flat = ((values - mean) * scale).reshape(-1, turn.shape[0])
    return (flat @ turn).reshape(*values.shape[:-1], turn.shape[1])


def chosen(named: dict[str, Any], side: int, joined: Callable = np.concatenate) -> Any:
    """[..., side, side, D] of a face as so many parts.

    Of a face as a whole those of its parts, too, and the means of stages without parts;
    of each part its own.

    Args:
      named: {name of a feature: [..., size]}, the columns themselves, say.
      joined: of NumPy or JAX.

    Raises:
      Unusable: there are no parts.
    """
    parted = [name for name in named if name.endswith('_grid')]
    if side == 1:
        means = [name for name in named if f'{name}_grid' not in parted]
        return joined([named[name] for name in means], axis=-1)[..., None, None, :]
    if not parted:
        raise Unusable(
            f'data.parts={side}: these features have no parts of a face, for the maps'
            ' of their network are smaller; give --config.data.parts=1'
        )
    parts = [named[name] for name in parted]
    shaped = [part.reshape(*part.shape[:-1], side, side, -1) for part in parts]
    return joined(shaped, axis=-1)


def columns_of(columns: Mapping[str, Sequence[int]], side: int) -> np.ndarray:
    """[side, side, D] int32: the columns that are chosen. Raises as `chosen`."""
    every = {name: np.arange(*ends, dtype=np.int32) for name, ends in columns.items()}
    return chosen(every, side)


def fit(
    rows: Callable[[], Iterable[np.ndarray]], columns: np.ndarray, count: int = AXES
) -> Coordinates:
    """The Coordinates of training faces, at most `count` a part, of mean square 1.

    Three passes over the rows: in memory are a block and the sample. Which faces that
    is depends on what they are, so the order of the set does not matter.

    Args:
      rows: () -> blocks [b, all columns] float32 of the faces, the same each time; of
        stored features `means`.
      columns: from `columns_of`.
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
