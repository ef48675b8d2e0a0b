"""Parts of a training set that are left out in turn (cross-validation)."""

import numpy as np


def assign(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """[N] int: the fold of each example, 0 to folds - 1, stratified by label.

    Within a class, and over all, sizes of folds differ by one example at most. A
    function of the labels, `folds` and `seed` alone, on every machine.

    Args:
      labels: [N] int, the given ones.
      folds: K, at least 2.
      seed: draws who goes where.
    """
    generator = np.random.Generator(np.random.Philox(key=(seed % 2**64, folds)))
    order = np.lexsort((generator.random(len(labels)), labels))
    fold = np.empty(len(labels), int)
    fold[order] = np.arange(len(labels)) % folds
    return fold
