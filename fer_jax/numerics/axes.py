"""Principal axes of features, without labels and without all rows in memory."""

from collections.abc import Iterator

import numpy as np

EXTRA, PASSES = 50, 1  # of the random subspace (Halko et al. 2011, algorithm 4.4)
EXACT = 1000  # rows up to which nothing is drawn
BLOCK = 16_384  # rows of a product in float64
SIZE = 736.0  # mean |x|^2, so that one weight of |W|^2 serves every set


def principal(sample: np.ndarray, count: int) -> np.ndarray:
    """[D, k] float32, orthonormal: the axes of most spread, k at most `count`.

    Args:
      sample: [n, D] float32, columns of mean 0 and deviation 1 over the set, or 0.
    """
    count = min(count, *sample.shape)
    if len(sample) <= EXACT:
        value, vector = np.linalg.eigh(sample @ sample.T)
        found = sample.T @ vector[:, ::-1][:, :count]
        return found / np.sqrt(np.maximum(value[::-1][:count], 1e-12 * len(sample)))
    generator = np.random.Generator(np.random.Philox(0))
    drawn = generator.standard_normal((sample.shape[1], count + EXTRA), np.float32)
    for _ in range(PASSES):
        drawn = orthonormal(sample.T @ (sample @ drawn))
    seen = sample @ drawn
    _, vector = np.linalg.eigh(seen.T @ seen)
    return drawn @ vector[:, ::-1][:, :count]


def orthonormal(columns: np.ndarray) -> np.ndarray:
    """[D, k] float32: a basis of what the columns span; by their products, for a QR of
    so many takes ten times as long."""
    value, vector = np.linalg.eigh(columns.T.astype(np.float64) @ columns)
    scale = 1 / np.sqrt(np.maximum(value, 1e-12 * value[-1]))
    return columns @ (vector * scale).astype(np.float32)


def uncorrelated(x: np.ndarray) -> np.ndarray:
    """x [N, k] turned to its own axes, largest spread first, with mean |x|^2 SIZE.

    Signs are such that the largest value of an axis is positive.
    """
    x = x - x.mean(axis=0)
    products = sum(block.T.astype(np.float64) @ block for block in in_blocks(x))
    _, vector = np.linalg.eigh(products)
    x = x @ vector[:, ::-1].astype(np.float32)
    x *= np.where(x.max(axis=0) < -x.min(axis=0), -1, 1).astype(np.float32)
    size = products.trace() / len(x)  # mean |x|^2, which no turn changes
    return x * np.float32(np.sqrt(SIZE / size) if size > 1e-6 else 0)


def in_blocks(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yields [at most BLOCK, k]: float64 of these and no more is in memory."""
    return (x[first : first + BLOCK] for first in range(0, len(x), BLOCK))
