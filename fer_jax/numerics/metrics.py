"""Classification and detection metrics: counts on the device, one division at the end.

`confusion` runs inside jit and its results add up over batches; everything else takes
NumPy arrays on the host. A class without examples has recall nan and is left out of
the averages over classes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


def confusion(
    predicted: jax.Array, labels: jax.Array, mask: jax.Array, num_classes: int
) -> jax.Array:
    """Counts [C, C] int32 of (true label, predicted label) over the masked batch.

    Args:
      predicted: [B] int in [0, C).
      labels: [B] int; a negative one is unknown and is not counted.
      mask: [B] bool, False for padding.
      num_classes: C.
    """
    counted = (mask & (labels >= 0)).astype(jnp.int32)
    empty = jnp.zeros((num_classes, num_classes), jnp.int32)
    return empty.at[labels, predicted].add(counted)


def accuracy(confusion: np.ndarray) -> float:
    """Fraction of right predictions; nan when nothing was counted."""
    return float(_ratio(np.trace(confusion), np.sum(confusion)))


def recalls(confusion: np.ndarray) -> np.ndarray:
    """Fraction of each true class that was found, [C]; nan for absent classes."""
    return _ratio(np.diagonal(confusion), np.sum(confusion, axis=1))


def balanced_accuracy(confusion: np.ndarray) -> float:
    """Mean recall over the classes that have examples."""
    return _mean(recalls(confusion))


def macro_f1(confusion: np.ndarray) -> float:
    """Mean over the classes that have examples of 2 TP / (2 TP + FP + FN)."""
    true = np.sum(confusion, axis=1)
    f1 = _ratio(2 * np.diagonal(confusion), true + np.sum(confusion, axis=0))
    return _mean(np.where(true > 0, f1, np.nan))


def bootstrap(
    statistics: Callable[[np.ndarray], Sequence[float]],
    confusion: np.ndarray,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> np.ndarray:
    """Percentile intervals of statistics of a confusion matrix (Efron 1979).

    To draw N examples with replacement and count them again is to draw the matrix from
    a multinomial with the observed shares, which is what happens here.

    Args:
      statistics: confusion [C, C] -> [K], for example accuracy.
      confusion: [C, C] counts, at least one.
      resamples: matrices drawn.
      level: share of the resamples inside the interval.

    Returns:
      [K, 2] float64: lower and upper end of each.
    """
    counts = np.asarray(confusion, np.int64)
    generator = np.random.Generator(np.random.Philox(seed))
    total, shares = counts.sum(), counts.ravel() / counts.sum()
    values = [
        statistics(generator.multinomial(total, shares).reshape(counts.shape))
        for _ in range(resamples)
    ]
    tail = (1 - level) / 2
    return np.quantile(values, [tail, 1 - tail], axis=0).T


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` draws (Wilson 1927), in [0, 1].

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96;
    of nothing all of [0, 1].
    """
    if not count:
        return 0.0, 1.0
    z2, share = 1.959964**2 / count, right / count
    half = (z2 * share * (1 - share) + z2**2 / 4) ** 0.5
    low, high = ((share + z2 / 2 + sign * half) / (1 + z2) for sign in (-1, 1))
    return float(low), float(high)


class Reliability(NamedTuple):
    """What was said and what was the case, in bins of the probability."""

    said: np.ndarray  # [K] mean probability; nan of an empty bin
    right: np.ndarray  # [K] share of what was right; likewise
    count: np.ndarray  # type: ignore[assignment]  # [K] int, not the one of tuples
    error: float  # sum_k count_k / N |said_k - right_k| (Guo et al. 2017, eq. 3)


def reliability(
    probability: np.ndarray, right: np.ndarray, bins: int = 10
) -> Reliability:
    """The Reliability of probabilities in K equal bins ((k - 1) / K, k / K].

    Args:
      probability: [N], said to be that of being right.
      right: [N] bool, what was the case.
      bins: K.
    """
    probability = np.asarray(probability, np.float64)
    place = np.clip(np.ceil(probability * bins).astype(int) - 1, 0, bins - 1)
    count, said, found = (
        np.bincount(place, weights=weight, minlength=bins)
        for weight in (None, probability, right)
    )
    said, found = _ratio(said, count), _ratio(found, count)
    error = np.nansum(count * np.abs(said - found)) / len(place)
    return Reliability(said, found, count, float(error))


def calibration_error(probs: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017), in [0, 1]: the error of the largest
    of probs [N, C], rows sum to 1, as the probability that labels [N] are its class.
    """
    right = np.argmax(probs, axis=-1) == labels
    return reliability(np.max(probs, axis=-1), right, bins).error


def detection(trust: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    """How well low trust finds the wrong labels.

    auroc: chance that a wrong label is ranked above a right one, ties counting half
    average_precision: sum over thresholds of (R_n - R_(n-1)) P_n, ties one threshold
    precision_at_true_count: precision among the first n, n the number of wrong labels;
      of a tie that straddles the end, the expected share

    Args:
      trust: [N], finite; clean probabilities or their log-odds: only ranks count.
      wrong: [N] bool, the positive class.

    Returns:
      dict of floats, all nan when no label or every label is wrong.

    Raises:
      ValueError: a trust that is not finite.

    Of 2 x 2 pairs the wrong label is ranked above the right one in 3:

    >>> found = detection([0.1, 0.2, 0.6, 0.9], [True, False, True, False])
    >>> found['auroc'], found['precision_at_true_count']
    (0.75, 0.5)
    """
    trust = np.asarray(trust, np.float64)
    wrong = np.asarray(wrong, bool)
    if not np.isfinite(trust).all():
        bad = int((~np.isfinite(trust)).sum())
        raise ValueError(f'{bad} values of trust are not finite; mask these rows out')
    # groups of equal score, least trusted first
    _, group = np.unique(trust, return_inverse=True)
    size = np.bincount(group)
    hits = np.bincount(group, weights=wrong)
    positives, negatives = hits.sum(), (size - hits).sum()
    if not (positives and negatives):
        names = ('auroc', 'average_precision', 'precision_at_true_count')
        return dict.fromkeys(names, float('nan'))
    caught, taken = np.cumsum(hits), np.cumsum(size)
    misses = size - hits
    above = np.concatenate([[0.0], caught[:-1]])
    auroc = np.sum(misses * (above + hits / 2)) / (positives * negatives)
    precision = np.sum(hits / positives * caught / taken)
    first = np.interp(positives, np.r_[0, taken], np.r_[0, caught]) / positives
    return {
        'auroc': float(auroc),
        'average_precision': float(precision),
        'precision_at_true_count': float(first),
    }


def _ratio(numerator, denominator):
    """numerator / denominator in float64, nan where the denominator is 0."""
    denominator = np.asarray(denominator, np.float64)
    return numerator / np.where(denominator > 0, denominator, np.nan)


def _mean(values):
    """Mean of the values that are not nan; nan when none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float('nan')
