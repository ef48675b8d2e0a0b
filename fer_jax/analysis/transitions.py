"""The transition matrix of the labels: estimated, and counted where truth is known."""

import numpy as np

from fer_jax.numerics import noise


def estimate(given: np.ndarray, right: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    """Estimated p(given = j | true = i), [C, C] float64, row i the true class.

    Each label counts as its own class with the probability that it is right; what is
    left is shared among the others by `elsewhere`.

    Args:
      given: [N] int in [0, C).
      right: [N], calibrated probability that the given label is right.
      elsewhere: [N, C], what the class is if not the given one; rows sum to 1 or, of an
        example that nothing is known of, to 0.

    Returns:
      Rows sum to 1; that of a class without any weight is the identity's.
    """
    counts = np.diag(np.bincount(given, right, elsewhere.shape[1]))
    np.add.at(counts.T, given, (1 - right)[:, None] * elsewhere)
    return rows(counts)


def others(given: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """[N, C] float64: class probabilities [N, C], were it not the given class."""
    left = np.array(probs, np.float64)
    left[np.arange(len(given)), given] = 0
    total = left.sum(axis=1, keepdims=True)
    return np.divide(left, total, out=np.zeros_like(left), where=total > 0)


def suggestions(
    given: np.ndarray, suggested: np.ndarray, num_classes: int
) -> np.ndarray:
    """The same, where only the likeliest class is known: that one, or, where it is the
    given one, the classes as often as they are suggested."""
    shares = np.bincount(suggested, minlength=num_classes)
    found = np.eye(num_classes)[suggested]
    found[suggested == given] = shares
    return others(given, found)


def counted(
    given: np.ndarray, clean_labels: np.ndarray, num_classes: int
) -> np.ndarray:
    """The true matrix [C, C] of the labels whose clean label is known (>= 0)."""
    known = clean_labels >= 0
    return rows(noise.realised(clean_labels[known], given[known], num_classes))


def rows(counts: np.ndarray) -> np.ndarray:
    """Counts [C, C] as rows that sum to 1; an empty row becomes the identity's."""
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1e-12), np.eye(len(counts)))
