"""What networks thought of the given labels, epoch by epoch, and the mixtures over it.

A run's scores are the signal of its method, and result.json says which. Whatever it is,
it can be drawn as it is and read as an opinion in [0, 1].
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import special, stats

from fer_jax.numerics import division, gaussians, mixtures

BINS = 40
PROBABILITY = 'probability of the given label'


class Scale(NamedTuple):
    """How the scores of a signal are drawn; both functions act on an epoch [P, N]."""

    label: str  # what a histogram shows
    drawn: Callable  # what it is made of
    ends: tuple | None  # of the histogram; None: where most of the scores are
    said: str  # what an opinion is
    opinion: Callable  # float32 in [0, 1], larger for labels that are believed


class Histogram(NamedTuple):
    """Labels by score; bin k is [edges[k], edges[k + 1]], the outer ones take the rest.

    In the unit of `Scale.label`.
    """

    edges: np.ndarray  # [K + 1] float32
    counts: np.ndarray  # [E, P, K] int32
    parts: dict  # {group: [E, P, K] int32}


def unchanged(scores: np.ndarray) -> np.ndarray:
    """A signal that is drawn as it is."""
    return scores


def bounded(
    function: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """function(scores) as float32 in [0, 1]; 0 where it is not finite."""
    return lambda scores: np.clip(np.nan_to_num(function(scores)), 0, 1, dtype='f4')


def likelihood(losses: np.ndarray) -> np.ndarray:
    """The probability that has these cross-entropies."""
    return np.exp(-np.maximum(losses, 0))


SIMILARITY = 'similarity of prediction and given label'
SCALES = {
    'similarity': Scale(SIMILARITY, unchanged, (0, 1), SIMILARITY, bounded(unchanged)),
    'loss': Scale(
        'cross-entropy of the given label, nats',
        unchanged,
        None,
        PROBABILITY,
        bounded(likelihood),
    ),
    'log_odds': Scale(
        PROBABILITY,
        special.expit,
        (0, 1),
        PROBABILITY,
        bounded(special.expit),
    ),
}


def scale(name: str, rising: bool) -> Scale:
    """The Scale of a signal; of one that has no words here, ranks are the opinion.

    Args:
      name: of the signal.
      rising: whether it is the larger, the more likely a label is right.
    """

    def ranks(scores):
        found = stats.rankdata(np.nan_to_num(scores), axis=-1) / scores.shape[-1]
        return found if rising else 1 - found

    said = f'place among all by {name}'
    other = Scale(name, unchanged, None, said, bounded(ranks))
    return SCALES.get(name, other)


def ends(scores: np.ndarray) -> tuple[float, float]:
    """Of a histogram of scores [E, P, N]: 0 and 1, or what is beyond but for .5 %."""
    finite = scores[np.isfinite(scores)]
    low, high = np.percentile(finite, (0.5, 99.5), overwrite_input=True)
    return min(0.0, low), max(1.0, high)


def histogram(
    scores: np.ndarray,
    scale: Scale,
    groups: dict[str, np.ndarray] | None = None,
    bins: int = BINS,
) -> Histogram:
    """The Histogram of scores [E, P, N].

    Args:
      scale: the Scale of their signal.
      groups: {name: [N] bool} of labels that are counted by themselves as well.
    """
    groups = groups or {}
    low, high = scale.ends or ends(scores)
    edges = np.linspace(low, high, bins + 1)

    def count(values):
        kept = np.clip(values[np.isfinite(values)], low, high)
        return np.histogram(kept, edges)[0]

    counts, parts = [], {name: [] for name in groups}
    for epoch in scores:  # one at a time: of a large run all are gigabytes
        values = scale.drawn(epoch)
        counts.append([count(peer) for peer in values])
        for name, into in parts.items():
            into.append([count(peer[groups[name]]) for peer in values])
    return Histogram(
        edges=edges.astype(np.float32),
        counts=np.array(counts, np.int32),
        parts={name: np.array(found, np.int32) for name, found in parts.items()},
    )


def right_last(fitted: division.Fitted, rising: bool) -> division.Fitted:
    """The Fitted with component 1 the one of the right labels, leaves [..., 2]."""
    if rising:
        return fitted
    turned = jax.tree.map(lambda leaf: leaf[..., ::-1], fitted.mixture)
    return fitted._replace(mixture=turned)


def density(mixture: Any, x: np.ndarray) -> np.ndarray:
    """Densities [..., 2, K] of both components at x [..., K]; 0 where there is none."""
    one, two = (leaf[..., None] for leaf in mixture[:2])
    x = x[..., None, :]
    if isinstance(mixture, gaussians.Mixture):
        return np.exp(-((x - one) ** 2) / (2 * two)) / np.sqrt(2 * np.pi * two)
    inside = np.where((x > 0) & (x < 1), x, np.nan)
    powers = special.xlogy(one - 1, inside) + special.xlog1py(two - 1, -inside)
    return np.nan_to_num(np.exp(powers - special.betaln(one, two)))


def curves(
    fits: division.Fitted, histogram: Histogram, given: np.ndarray, points: int = 160
) -> tuple[np.ndarray, np.ndarray]:
    """The fitted components over a histogram; of mixtures by class, their sums.

    Args:
      fits: division.Fitted, leaves [E, P, ...] or [E, P, C, ...].
      given: [N] int labels, by which classes count.

    Returns:
      x [K] float32 in the unit of the histogram; y [E, P, 2, K] float32, labels a bin;
      0 where there was no valid fit.
    """
    fits, share = by_class(fits, given)
    edges = np.asarray(histogram.edges, np.float64)
    x = edges[0] + (np.arange(points) + 0.5) / points * (edges[-1] - edges[0])
    low, high = fits.span[..., :1], fits.span[..., 1:]
    width = np.maximum(high - low, 1e-6)  # [E, P, C, 1]
    labels = histogram.counts.sum(axis=-1)[..., None, None] * share[:, None]
    scale = labels * fits.ready[..., None] * (edges[1] - edges[0]) / width
    y = (scale * fits.mixture.share)[..., None] * density(
        fits.mixture, (x - low) / width
    )
    return x.astype(np.float32), y.sum(axis=2).astype(np.float32)


def by_class(
    fits: division.Fitted, given: np.ndarray
) -> tuple[division.Fitted, np.ndarray]:
    """The Fitted with leaves [E, P, C, ...] and the share [C] of each class in `given`.

    Of one mixture about all labels, leaves [E, P, ...], C is 1.
    """
    if fits.ready.ndim == 2:
        return jax.tree.map(lambda leaf: np.asarray(leaf)[:, :, None], fits), np.ones(1)
    return fits, np.bincount(given, minlength=fits.ready.shape[2]) / len(given)


def separation(fits: division.Fitted, given: np.ndarray) -> np.ndarray:
    """[E, P] float32: distance of the components' means, of the scaled score; nan
    where there was no valid fit. Of mixtures by class, the mean over labels `given`."""
    fits, share = by_class(fits, given)
    means = fits.mixture[0]
    if isinstance(fits.mixture, mixtures.Mixture):
        means = means / (means + fits.mixture.b)
    counted = fits.ready * share
    total = counted.sum(axis=-1)
    distance = (np.abs(means[..., 1] - means[..., 0]) * counted).sum(axis=-1)
    mean = distance / np.where(total > 0, total, 1)
    return np.where(total > 0, mean, np.nan).astype(np.float32)


def fallbacks(fits: division.Fitted) -> list[tuple[int, int]]:
    """[(epoch, network)], both from 1: fits that were not valid, of any class."""
    before = np.concatenate([np.zeros_like(fits.rejected[:1]), fits.rejected[:-1]])
    more = (fits.rejected > before).reshape(*fits.rejected.shape[:2], -1).any(axis=-1)
    return [(int(e) + 1, int(p) + 1) for e, p in np.argwhere(more)]


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of probabilities [N, C] and [N, C], the cosine [N] of each pair."""
    length = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.sum(first * second, axis=-1) / length


def likeness(scores: np.ndarray) -> np.ndarray:
    """[E] float32: correlation of the networks' scores [E, P, N], mean over pairs."""
    peers = scores.shape[1]
    pairs = np.triu_indices(peers, 1)
    found = [np.corrcoef(np.nan_to_num(epoch))[pairs].mean() for epoch in scores]
    return np.array(found, np.float32)
