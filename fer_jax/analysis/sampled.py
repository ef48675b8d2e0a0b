"""The rate of wrong labels, and probabilities that keep to it, from a random sample.

A rate estimated from the labels alone takes the annotators' habits for truth; that of a
random sample which somebody judged without seeing a suggestion is unbiased, and how far
it may be off is known (Clopper and Pearson 1934). The same sample calibrates the
log-odds of all labels (Platt 1999),

    P(right) = sigmoid(a + exp(b) log_odds),     b ~ N(0, SPREAD^2),

with the prior on the slope because 200 labels tell it badly.
"""

from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

LEVEL = 0.95
SPREAD = 0.3  # of b: in nineteen samples of twenty the slope is within 1.8 times


class Sampled(NamedTuple):
    """The share of wrong labels by a random sample, and where the truth may lie."""

    wrong: int
    judged: int
    share: float  # nan of nothing judged
    low: float  # of the interval that holds the true share LEVEL of all times
    high: float


def rate(wrong: np.ndarray) -> Sampled:
    """The Sampled share.

    Args:
      wrong: [n] bool, whether each judged label of the sample is wrong. Faces that
        nobody can label are none of them.
    """
    n, k = len(wrong), int(np.sum(wrong))
    tail = (1 - LEVEL) / 2
    low = stats.beta.ppf(tail, k, n - k + 1) if k else 0.0
    high = stats.beta.ppf(1 - tail, k + 1, n - k) if k < n else 1.0
    return Sampled(k, n, k / n if n else float('nan'), float(low), float(high))


def calibrated(log_odds: np.ndarray, rows: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[N] float64 in (0, 1): probabilities that labels are right. The order stays.

    Args:
      log_odds: [N] that given labels are right, of before the sample.
      rows: [n] int, the labels of the random sample that were judged.
      right: [n] bool, what was found.
    """
    seen, right = np.asarray(log_odds, np.float64)[rows], np.asarray(right, bool)

    def loss(parameters):
        shift, slope = parameters
        logits = shift + np.exp(slope) * seen
        fit = np.where(right, special.log_expit(logits), special.log_expit(-logits))
        # one label of each kind half seen: without it a sample of right labels alone
        # would say that there is no wrong one
        ends = special.log_expit(shift) + special.log_expit(-shift)
        return slope**2 / (2 * SPREAD**2) - fit.sum() - ends / 2

    shift, slope = optimize.minimize(loss, np.zeros(2)).x
    return special.expit(shift + np.exp(slope) * np.asarray(log_odds, np.float64))
