"""Who is being down-weighted: the trust that a run put into labels, by class."""

import jax
import numpy as np

from fer_jax.numerics import division, mixtures


def of_mixtures(rows, scores, rules):
    """[E, P, N] float32 weights that beta mixtures gave to the scores of each epoch, 1
    before there was a valid fit; None for a run whose metrics hold no such mixture.

    ReSup reads a weight from the pass at hand, and hands it to the other network.

    Args:
      rows: of metrics.jsonl, one dict an epoch.
      scores: [E, P, N] of history.npz.
      rules: name of mixtures.RULES, config.algorithm.rules of the run.
    """
    names = [f'memory/mixture/{name}' for name in mixtures.Mixture._fields]
    if any(name not in rows[0] for name in (*names, 'memory/ready', 'memory/span')):
        return None
    read = jax.jit(
        jax.vmap(lambda mixture, x: mixtures.upper(mixture, x, mixtures.RULES[rules]))
    )
    found = np.empty(scores.shape, np.float32)
    for row, epoch, into in zip(rows, scores, found):
        fitted = mixtures.Mixture(*(np.array(row[n], np.float32) for n in names))
        span = np.array(row['memory/span'], np.float32)
        ready = np.array(row['memory/ready'])[:, None]
        upper = read(fitted, division.scaled(span, epoch))
        # similarities lie in [0, 1] as they are; of losses the upper part is wrong
        clean = upper if (span == (0, 1)).all() else 1 - upper
        into[:] = np.where(ready, clean, 1)
    return found


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
