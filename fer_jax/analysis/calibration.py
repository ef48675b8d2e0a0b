"""How probable it is that a label is right, said so that it can be counted on.

Evidence for a label is where its score stands among all, averaged over epochs and
networks: scores of the last epoch alone have been learned by heart in part. The
probability is logistic in the trust,

    P(right | e) = sigmoid(SLOPE (e - t)),   t such that 1 - P has the rate as its mean,

and the rate of wrong labels comes from the accuracies of the epochs (`wrong_rate`). No
clean training label is used. Form and slope were chosen on finished runs with known
wrong labels, where mixtures of two Gaussians or beta distributions took hard faces for
wrong labels: docs/analysis.md has the table.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize, special, stats

SLOPE = 2.1  # per normal score of trust; 1 to 3.8 where it was fitted to the truth
RATES = (0.01, 0.6)  # of wrong labels, the bounds of an estimate


class Reliability(NamedTuple):
    """What was said and what was the case, in bins of the probability."""

    said: np.ndarray  # [K] mean probability; nan of an empty bin
    right: np.ndarray  # [K] share of right labels; likewise
    count: np.ndarray  # type: ignore[assignment]  # [K] int, not the one of tuples
    error: float  # sum_k count_k / N |said_k - right_k| (Guo et al. 2017, eq. 3)


def trust(scores: np.ndarray, rising: bool) -> np.ndarray:
    """[N] float64 trust for each label, larger for labels more likely right.

    Scores become normal scores, the quantile of the standard normal distribution at
    their rank among the N (ties share theirs), and are averaged; a score that is not
    finite counts 0. Only ranks matter: similarities, log-odds and losses will do.

    Args:
      scores: [E, P, N] of a run's history.
      rising: whether they rise with the probability that a label is right.
    """
    mean = np.zeros(scores.shape[-1])
    for epoch in scores:  # one at a time: of a large run all are gigabytes
        mean += normal_scores(epoch).mean(axis=0) / len(scores)
    return mean if rising else -mean


def normal_scores(scores: np.ndarray) -> np.ndarray:
    """Normal scores [P, N] float64 of scores [P, N]; 0 where one is not finite."""
    finite = np.isfinite(scores)
    ranks = stats.rankdata(np.where(finite, scores, 0), axis=-1)
    normal = special.ndtri((ranks - 0.5) / scores.shape[-1])
    return np.where(finite, normal, 0)


def wrong_rate(rows: Sequence[dict[str, Any]], num_classes: int) -> float:
    """Estimated share of wrong training labels, within RATES.

    A network that has learned nothing by heart, and is right with probability A, agrees
    with a share G = (1 - r) A + r (1 - A) / (C - 1) of the given labels, so that

        r = (A - G) / (A - (1 - A) / (C - 1)).

    A is the accuracy on the test set halfway through an epoch, G that on the training
    set during it; the largest r of all epochs but the first counts, for memorising only
    lowers it. It is too low where the first epochs memorise already, where people err
    as networks do, and where the test labels are wrong as often as the training ones.

    Args:
      rows: of metrics.jsonl, with 'test/accuracy' and 'train/accuracy'.
      num_classes: C, at least 2.
    """
    found = []
    for before, row in itertools.pairwise(rows):
        right = (before['test/accuracy'] + row['test/accuracy']) / 2
        chance = (1 - right) / (num_classes - 1)
        if right > chance and 'train/accuracy' in row:
            found.append((right - row['train/accuracy']) / (right - chance))
    return float(np.clip(max(found, default=0), *RATES))


def right_probability(scores: np.ndarray, rising: bool, rate: float) -> np.ndarray:
    """[N] float64 in (0, 1): the calibrated probability that each given label is right.

    Args:
      scores, rising: of `trust`.
      rate: share of wrong labels in (0, 1), from `wrong_rate` or from somebody who
        knows better; the mean of 1 - P.
    """
    trusted = trust(scores, rising)

    def excess(threshold):
        return special.expit(SLOPE * (threshold - trusted)).mean() - rate

    far = np.abs(trusted).max() + abs(special.logit(rate)) / SLOPE + 1
    threshold = optimize.brentq(excess, -far, far)
    return special.expit(SLOPE * (trusted - threshold))


def reliability(
    probability: np.ndarray, right: np.ndarray, bins: int = 10
) -> Reliability:
    """The Reliability of probabilities in equal bins.

    Args:
      probability: [N], said to be that of being right.
      right: [N] bool, what was the case.
      bins: K.
    """
    place = np.minimum((np.asarray(probability) * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = np.where(count > 0, count, np.nan)
    said = np.bincount(place, probability, bins) / filled
    share = np.bincount(place, right, bins) / filled
    error = np.nansum(count * np.abs(said - share)) / len(place)
    return Reliability(said, share, count, float(error))


def expected_yield(probability: np.ndarray) -> np.ndarray:
    """[N] float64: wrong labels to be expected among the first 1, 2, ... N reviewed.

    Args:
      probability: [N] of being right; reviewed from the least probable on.
    """
    return np.cumsum(1 - np.sort(probability))
