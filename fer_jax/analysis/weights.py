"""Who is being down-weighted: the trust that a run put into labels, by class."""

import jax
import numpy as np
from scipy import special

from fer_jax.numerics import division

_log_odds, _ready = jax.jit(division.log_odds), jax.jit(division.ready)


def posterior(
    fitted: division.Fitted, scores: np.ndarray, labels: np.ndarray, rising: bool
) -> np.ndarray:
    """[P, N] float32 that labels are right, by the mixtures over an epoch's scores.

    1 for a network without a valid fit, whose labels all count.

    Args:
      fitted: division.Fitted, leaves [P, ...].
      scores: [P, N] of that epoch.
      labels: [N] int, the given ones.
      rising: whether scores rise with the probability that a label is right.
    """
    odds = np.asarray(_log_odds(fitted, scores, labels))
    right = special.expit(odds if rising else -odds)
    ready = np.asarray(_ready(fitted, labels))
    return np.where(ready, right, 1).astype(np.float32)


def by_class(weights: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Mean weight [..., C] of the examples [..., N] of each class; nan for none."""
    weights = np.asarray(weights, np.float64)
    means = [weights[..., labels == c] for c in range(num_classes)]
    empty = np.full(weights.shape[:-1], np.nan)
    return np.stack([m.mean(axis=-1) if m.size else empty for m in means], axis=-1)


def extremes(
    weights: np.ndarray, labels: np.ndarray, num_classes: int, most: int = 8
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The least and the most weighted examples of each class (ReSup, Figs. 5 and 6).

    Args:
      weights: [N].
      labels: [N] int in [0, C).

    Returns:
      least, most: lists of C arrays of places, at most `most` each, extremes first.
    """
    order = np.argsort(weights, kind='stable')
    classes = [order[labels[order] == c] for c in range(num_classes)]
    return [c[:most] for c in classes], [c[::-1][:most] for c in classes]
