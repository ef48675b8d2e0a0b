"""The transition matrix of the labels: estimated, and counted where truth is known."""

import numpy as np

from fer_jax.numerics import noise


def estimate(given, suggested, right, num_classes):
    """Estimated p(given = j | true = i), [C, C] float64, row i the true class.

    Each label counts as its own class with the probability that it is right, and as
    the suggested class with what is left; where a network suggests the given label
    all the same, what is left is shared by the other classes as the suggestions are.

    Args:
      given: [N] int in [0, C).
      suggested: [N] int in [0, C).
      right: [N], calibrated probability that the given label is right.

    Returns:
      Rows sum to 1; that of a class without any weight is the identity's.
    """
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (given, given), right)
    differs = suggested != given
    np.add.at(counts, (suggested[differs], given[differs]), 1 - right[differs])
    shares = np.bincount(suggested, minlength=num_classes).astype(float)
    others = np.tile(shares, (num_classes, 1))  # of given class j: row j
    np.fill_diagonal(others, 0)
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1e-12)
    left = np.bincount(given[~differs], 1 - right[~differs], num_classes)
    counts += (left[:, None] * others).T
    return rows(counts)


def counted(given, clean_labels, num_classes):
    """The true matrix [C, C] of the labels whose clean label is known (>= 0)."""
    known = clean_labels >= 0
    return rows(noise.realised(clean_labels[known], given[known], num_classes))


def rows(counts):
    """Counts [C, C] as rows that sum to 1; an empty row becomes the identity's."""
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1e-12), np.eye(len(counts)))
