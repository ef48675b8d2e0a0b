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
from scipy import special, stats

from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.numerics import judging

SLOPE = 2.1  # per normal score of trust; 1 to 3.8 where it was fitted to the truth
RATES = (0.01, 0.6)  # of wrong labels, the bounds of an estimate


class Rate(NamedTuple):
    """The share of wrong labels, as far as it is known."""

    share: float  # that probabilities add up to: what was told, else the estimate
    told: bool  # by somebody who knows it
    estimate: float
    low: float  # the interval that is possible without being told
    high: float

    def words(self) -> str:
        """A sentence or two about it."""
        said, low, high = (100 * one for one in (self.estimate, self.low, self.high))
        between = (
            f'{said:.1f} % of the labels are estimated to be wrong; {low:.1f} to'
            f' {high:.1f} % is possible. Where people err as networks do, expect the'
            ' upper half of that.'
        )
        if not self.told:
            return between
        return f'The rate of {100 * self.share:.3g} % was given. By itself: {between}'


def check_rate(rate: float | None) -> None:
    """Raises Unusable for a rate of wrong labels that is none."""
    number = isinstance(rate, int | float | np.number)
    if rate is not None and not (number and 0 < rate < 1):
        raise Unusable(
            f'rate={quoted(rate)[1:-1]}; wanted a share in (0, 1): for 30 % give 0.3'
        )


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


def with_evidence(
    trusted: np.ndarray, evidence: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """[N] trust, half of it what the evidence says when it is read through its own T.

    The epochs' scores judge each label by itself; T knows which classes' labels are
    wrong more often, and as what.

    Args:
      trusted: [N] of `trust`.
      evidence: [N, C], mean class probabilities over networks and epochs.
      given: [N] int.
    """
    read = judging.of_evidence(evidence, given)
    return (trusted + normal_scores(read[None])[0]) / 2


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


def rate_of_run(
    rows: Sequence[dict[str, Any]], num_classes: int, told: float | None = None
) -> Rate:
    """The Rate of wrong training labels, estimated by `wrong_rate`.

    What the networks agreed with in the epoch that was best on the test set, they took
    for right when they had learned and not yet memorised: no more than the others are
    wrong.

    Args:
      rows, num_classes: of `wrong_rate`.
      told: the rate, from somebody who knows it; None: estimated.
    """
    estimate = wrong_rate(rows, num_classes)
    best = max(rows, key=lambda row: row['test/accuracy'])
    agreed = best.get('train/accuracy', 0.0)  # rows of older versions do not say
    high = max(1 - agreed, estimate)
    return Rate(
        told or estimate, told is not None, estimate, estimate / judging.UNSURE, high
    )


def right_probability(trusted: np.ndarray, rate: float) -> np.ndarray:
    """[N] float64 in (0, 1): the calibrated probability that each given label is right.

    Args:
      trusted: [N] of `trust`.
      rate: share of wrong labels in (0, 1), from `wrong_rate` or from somebody who
        knows better; the mean of 1 - P.
    """
    odds = SLOPE * trusted
    return special.expit(odds + judging.shift(odds, 1 - rate))


def expected_yield(probability: np.ndarray) -> np.ndarray:
    """[N] float64: wrong labels to be expected among the first 1, 2, ... N reviewed.

    Args:
      probability: [N] of being right; reviewed from the least probable on.
    """
    return np.cumsum(1 - np.sort(probability))
