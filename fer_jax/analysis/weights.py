"""Who is being down-weighted: the trust that a run put into labels, by class."""

import numpy as np


def of_mixtures(rows, scores, rules):
    """[E, P, N] float32 weights that a run of ReSup gave after each epoch; 1 before
    there is a valid fit.

    Args:
      rows: of metrics.jsonl, one dict an epoch.
      scores: [E, P, N] of history.npz.
      rules: name of mixtures.RULES, config.algorithm.rules of the run.

    Returns:
      None for a run whose metrics hold no mixture.
    """
    raise NotImplementedError


def by_class(weights, labels, num_classes):
    """Mean weight [..., C] of the examples [..., N] of each class; nan for none."""
    weights = np.asarray(weights, np.float64)
    means = [weights[..., labels == c] for c in range(num_classes)]
    empty = np.full(weights.shape[:-1], np.nan)
    return np.stack([m.mean(axis=-1) if m.size else empty for m in means], axis=-1)


def extremes(weights, labels, num_classes, most=8):
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
