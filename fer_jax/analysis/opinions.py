"""What networks thought of the given labels, epoch by epoch, and the mixtures over it.

The scores of a run's history.npz are similarities, losses or log-odds, as its method
fits its mixture to; all three can be read as an opinion in [0, 1].
"""

from typing import NamedTuple

import numpy as np
from scipy import special, stats

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
    wrong: np.ndarray | None  # [E, P, K] int32, those known to be wrong


class Fits(NamedTuple):
    """Two components after each epoch, 0 for wrong labels and 1 for right ones."""

    share: np.ndarray  # [E, P, 2]
    densities: list  # [E][P][2] frozen scipy distributions of the scaled score
    span: np.ndarray  # [E, P, 2], the part of the score that is scaled to [0, 1]
    ready: np.ndarray  # [E, P] bool, whether there was a valid fit
    rejected: np.ndarray  # [E, P] int, fits so far that were not valid


def kind(algorithm):
    """'similarity', 'loss' or 'log_odds': the scores of a method.

    Args:
      algorithm: config.algorithm of a run, a dict.
    """
    known = {'arazo': 'loss', 'jocor_weights': 'similarity'}
    return algorithm.get('signal') or known.get(algorithm['name'], 'log_odds')


def opinion(scores, kind):
    """Scores [...] as float32 in [0, 1], larger for labels that are believed."""
    if kind == 'loss':
        scores = np.exp(-np.maximum(scores, 0))
    elif kind == 'log_odds':
        scores = special.expit(scores)
    return np.clip(np.nan_to_num(scores), 0, 1).astype(np.float32)


def histogram(scores, kind, wrong=None, bins=BINS):
    """The Histogram of scores [E, P, N].

    Losses are drawn up to their 99.5th percentile.

    Args:
      wrong: [N] bool, or None where that is not known.
    """
    values = scores if kind == 'loss' else opinion(scores, kind)
    finite = values[np.isfinite(values)]
    top = max(1.0, np.percentile(finite, 99.5)) if kind == 'loss' else 1.0
    edges = np.linspace(0, top, bins + 1)

    def count(values):
        kept = np.clip(values[np.isfinite(values)], 0, top)
        return np.histogram(kept, edges)[0]

    def count_all(values):
        counts = [[count(peer) for peer in epoch] for epoch in values]
        return np.array(counts, np.int32)

    return Histogram(
        edges=edges.astype(np.float32),
        counts=count_all(values),
        wrong=None if wrong is None else count_all(values[:, :, wrong]),
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

    def leaf(name, shape):
        values = [np.broadcast_to(row[f'memory/{name}'], shape) for row in rows]
        return np.array(values)

    pair = (peers, 2)
    share = leaf('mixture/share', pair)
    if 'memory/mixture/a' in rows[-1]:
        distribution = stats.beta
        parameters = leaf('mixture/a', pair), leaf('mixture/b', pair)
    else:
        distribution = stats.norm
        parameters = leaf('mixture/mean', pair), leaf('mixture/variance', pair) ** 0.5
    order = [1, 0] if kind == 'loss' else [0, 1]
    densities = [
        [
            [distribution(one[e, p, k], two[e, p, k]) for k in order]
            for p in range(peers)
        ]
        for one, two in [parameters]
        for e in range(len(rows))
    ]
    spanned = 'memory/span' in rows[-1]
    return Fits(
        share=share[:, :, order],
        densities=densities,
        span=leaf('span', pair)
        if spanned
        else np.tile([0.0, 1.0], (len(rows), peers, 1)),
        ready=leaf('ready', peers).astype(bool),
        rejected=leaf('rejected', peers).astype(int),
    )


def curves(fits, histogram, points=160):
    """The fitted components over a histogram.

    Returns:
      x [K] float32 in the unit of the histogram; y [E, P, 2, K] float32, labels a bin;
      0 where there was no valid fit.
    """
    edges = np.asarray(histogram.edges, np.float64)
    x = (np.arange(points) + 0.5) / points * edges[-1]
    y = np.zeros((*fits.share.shape, points), np.float32)
    labels = histogram.counts.sum(axis=-1)
    for e, p in zip(*np.nonzero(fits.ready)):
        low, high = fits.span[e, p]
        width = max(high - low, 1e-6)
        for k, density in enumerate(fits.densities[e][p]):
            values = density.pdf((x - low) / width) / width
            y[e, p, k] = labels[e, p] * edges[1] * fits.share[e, p, k] * values
    return x.astype(np.float32), y


def separation(fits):
    """[E, P] float32: distance of the components' means, of the scaled score; nan
    where there was no valid fit."""
    means = np.array([[[d.mean() for d in p] for p in e] for e in fits.densities])
    found = np.where(fits.ready, np.abs(means[..., 1] - means[..., 0]), np.nan)
    return found.astype(np.float32)


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
