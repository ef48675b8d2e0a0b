"""What networks thought of the given labels, epoch by epoch, and the mixtures over it.

The scores of a run's history.npz are similarities, losses or log-odds, as its method
fits its mixture to; all three can be read as an opinion in [0, 1].
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from fer_jax.numerics import gaussians, mixtures

BINS = 40
WORDS = {  # kind -> what a histogram over it shows
    'similarity': 'similarity of prediction and given label',
    'loss': 'cross-entropy of the given label, nats',
    'log_odds': 'probability of the given label',
}
CURVES = {  # kind -> what an opinion is
    'similarity': 'similarity of prediction and given label',
    'loss': 'probability of the given label',
    'log_odds': 'probability of the given label',
}


class Histogram(NamedTuple):
    """Labels by score; bin k is [edges[k], edges[k + 1]], the outer ones take the rest.

    In the unit of `WORDS`.
    """

    edges: np.ndarray  # [K + 1] float32
    counts: np.ndarray  # [E, P, K] int32
    parts: dict  # {group: [E, P, K] int32}


class Fits(NamedTuple):
    """Two components after each epoch, 0 for wrong labels and 1 for right ones."""

    mixture: mixtures.Mixture | gaussians.Mixture  # leaves [E, P, 2], scaled score
    span: np.ndarray  # [E, P, 2], the part of the score that is scaled to [0, 1]
    ready: np.ndarray  # [E, P] bool, whether there was a valid fit
    rejected: np.ndarray  # [E, P] int, fits so far that were not valid


def kind(algorithm):
    """'similarity', 'loss' or 'log_odds': the scores of a method.

    Args:
      algorithm: config.algorithm of a run, a dict.
    """
    if algorithm['name'] == 'arazo':
        return 'loss'
    if algorithm['name'] == 'jocor_weights' and algorithm['arm'] == 'mixture':
        return 'similarity'
    return algorithm.get('signal', 'log_odds')


def opinion(scores, kind):
    """Scores [...] as float32 in [0, 1], larger for labels that are believed."""
    if kind == 'loss':
        scores = np.exp(-np.maximum(scores, 0))
    elif kind == 'log_odds':
        scores = special.expit(scores)
    return np.clip(np.nan_to_num(scores), 0, 1).astype(np.float32)


def histogram(scores, kind, groups=None, bins=BINS):
    """The Histogram of scores [E, P, N].

    Losses are drawn up to their 99.5th percentile.

    Args:
      groups: {name: [N] bool} of labels that are counted by themselves as well.
    """
    top = 1.0
    if kind == 'loss':
        finite = scores[np.isfinite(scores)]
        top = max(top, np.percentile(finite, 99.5, overwrite_input=True))
    edges = np.linspace(0, top, bins + 1)

    def count(values):
        kept = np.clip(values[np.isfinite(values)], 0, top)
        return np.histogram(kept, edges)[0]

    counts, parts = [], {name: [] for name in groups or {}}
    for epoch in scores:  # one at a time: of a large run all are gigabytes
        values = epoch if kind == 'loss' else opinion(epoch, kind)
        counts.append([count(peer) for peer in values])
        for name, into in parts.items():
            into.append([count(peer[groups[name]]) for peer in values])
    return Histogram(
        edges=edges.astype(np.float32),
        counts=np.array(counts, np.int32),
        parts={name: np.array(found, np.int32) for name, found in parts.items()},
    )


def fits(rows, peers, kind):
    """The Fits that a run logged, or None for a method without a mixture.

    Args:
      rows: of metrics.jsonl, one dict an epoch.
      peers: networks of the run; a mixture over their mean counts for each.
      kind: of the scores: for losses the component of the larger mean is the wrong one.
    """
    if not rows or 'memory/mixture/share' not in rows[-1]:
        return None

    def leaf(name, *shape):
        values = [np.broadcast_to(row[f'memory/{name}'], shape) for row in rows]
        return np.array(values, np.float64)

    beta = 'memory/mixture/a' in rows[-1]
    mixture = (mixtures if beta else gaussians).Mixture
    order = [1, 0] if kind == 'loss' else [0, 1]
    leaves = (leaf(f'mixture/{name}', peers, 2)[..., order] for name in mixture._fields)
    whole = np.tile([0.0, 1.0], (len(rows), peers, 1))
    return Fits(
        mixture=mixture(*leaves),
        span=leaf('span', peers, 2) if 'memory/span' in rows[-1] else whole,
        ready=leaf('ready', peers).astype(bool),
        rejected=leaf('rejected', peers).astype(int),
    )


def density(mixture, x):
    """Densities [..., 2, K] of both components at x [..., K]; 0 where there is none."""
    one, two = (leaf[..., None] for leaf in mixture[:2])
    x = x[..., None, :]
    if isinstance(mixture, gaussians.Mixture):
        return np.exp(-((x - one) ** 2) / (2 * two)) / np.sqrt(2 * np.pi * two)
    inside = np.where((x > 0) & (x < 1), x, np.nan)
    powers = special.xlogy(one - 1, inside) + special.xlog1py(two - 1, -inside)
    return np.nan_to_num(np.exp(powers - special.betaln(one, two)))


def curves(fits, histogram, points=160):
    """The fitted components over a histogram.

    Returns:
      x [K] float32 in the unit of the histogram; y [E, P, 2, K] float32, labels a bin;
      0 where there was no valid fit.
    """
    edges = np.asarray(histogram.edges, np.float64)
    x = (np.arange(points) + 0.5) / points * edges[-1]
    low, high = fits.span[..., :1], fits.span[..., 1:]
    width = np.maximum(high - low, 1e-6)  # [E, P, 1]
    labels = histogram.counts.sum(axis=-1, keepdims=True) * fits.ready[..., None]
    scale = labels * edges[1] * fits.mixture.share / width
    y = scale[..., None] * density(fits.mixture, (x - low) / width)
    return x.astype(np.float32), y.astype(np.float32)


def separation(fits):
    """[E, P] float32: distance of the components' means, of the scaled score; nan
    where there was no valid fit."""
    means = fits.mixture[0]
    if isinstance(fits.mixture, mixtures.Mixture):
        means = means / (means + fits.mixture.b)
    distance = np.abs(means[..., 1] - means[..., 0])
    return np.where(fits.ready, distance, np.nan).astype(np.float32)


def fallbacks(fits):
    """[(epoch, network)], both from 1: fits that were not valid."""
    before = np.concatenate([np.zeros_like(fits.rejected[:1]), fits.rejected[:-1]])
    return [(int(e) + 1, int(p) + 1) for e, p in np.argwhere(fits.rejected > before)]


def likeness(scores):
    """[E] float32: correlation of the networks' scores [E, P, N], mean over pairs."""
    peers = scores.shape[1]
    pairs = np.triu_indices(peers, 1)
    found = [np.corrcoef(np.nan_to_num(epoch))[pairs].mean() for epoch in scores]
    return np.array(found, np.float32)
