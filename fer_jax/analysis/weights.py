"""Who is being down-weighted: the trust that a run put into labels, by class."""

import functools

import jax
import numpy as np

from fer_jax.numerics import division, mixtures

MIXTURE = tuple(f'memory/mixture/{name}' for name in mixtures.Mixture._fields)


def has_mixtures(rows):
    """Whether a run's metrics hold beta mixtures, for `of_mixture`.

    Args:
      rows: of metrics.jsonl, one dict an epoch.
    """
    return all(name in rows[0] for name in (*MIXTURE, 'memory/ready', 'memory/span'))


def of_mixture(row, scores, rules):
    """[P, N] float32 weights that beta mixtures gave to the scores of an epoch, 1
    before there was a valid fit.

    ReSup reads a weight from the pass at hand, and hands it to the other network.

    Args:
      row: of metrics.jsonl.
      scores: [P, N] of that epoch.
      rules: name of mixtures.RULES, config.algorithm.rules of the run.
    """
    fitted = mixtures.Mixture(*(np.array(row[name], np.float32) for name in MIXTURE))
    span = np.array(row['memory/span'], np.float32)
    ready = np.array(row['memory/ready'])[:, None]
    upper = np.asarray(_upper(fitted, division.scaled(span, scores), rules))
    # similarities lie in [0, 1] as they are; of losses the upper part is wrong
    clean = upper if (span == (0, 1)).all() else 1 - upper
    return np.where(ready, clean, 1).astype(np.float32)


@functools.partial(jax.jit, static_argnames='rules')
def _upper(fitted, x, rules):
    return jax.vmap(lambda m, x: mixtures.upper(m, x, mixtures.RULES[rules]))(fitted, x)


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
