"""How probable it is that a label is right, said so that it can be counted on."""

from typing import NamedTuple

import numpy as np


class Reliability(NamedTuple):
    """What was said and what was the case, in bins of the probability; nan if empty."""

    said: np.ndarray  # [K] mean probability
    right: np.ndarray  # [K] share of right labels
    count: np.ndarray  # [K] int
    error: float  # expected calibration error (Guo et al. 2017, eq. 3)


def evidence(scores, log_odds):
    """[N] evidence for each label: the mean over networks and epochs of its scores."""
    raise NotImplementedError


def right_probability(scores, log_odds):
    """[N] float64 in (0, 1): the calibrated probability that each given label is right.

    No clean label is used.

    Args:
      scores: [E, P, N] of a run's history.npz, similarities, log-odds or losses.
      log_odds: [P, N] of a run's labels.csv (larger: more likely right); says which
        way the scores point.
    """
    raise NotImplementedError


def reliability(probability, right, bins=10):
    """The Reliability of probabilities [N] that labels are right, `right` [N] bool."""
    raise NotImplementedError


def expected_yield(probability):
    """[N] float64: wrong labels to be expected among the first 1, 2, ... N reviewed.

    Args:
      probability: [N] of being right; reviewed from the least probable on.
    """
    return np.cumsum(1 - np.sort(probability))
