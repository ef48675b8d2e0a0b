"""How well low trust finds wrong labels, as curves and as numbers.

A wrong label is the positive class; the least trusted labels are called wrong first.
"""

from typing import NamedTuple

import numpy as np

from fer_jax.errors import Unusable
from fer_jax.numerics import metrics


class Points(NamedTuple):
    """What calling wrong the `taken` least trusted labels finds, by threshold."""

    taken: np.ndarray  # [K + 1] int: 0 labels, ... , all; labels of equal trust at once
    found: np.ndarray  # [K + 1] int, wrong labels among them
    recall: np.ndarray  # [K + 1], of the wrong labels; the true positive rate
    false_alarms: np.ndarray  # [K + 1], of the right labels; the false positive rate
    precision: np.ndarray  # [K + 1]; 1 where none is taken


def points(trust: np.ndarray, wrong: np.ndarray) -> Points:
    """The points of the ROC curve (false_alarms, recall) and of precision and recall.

    Args:
      trust: [N], larger for labels that are more likely right: probabilities, log-odds.
      wrong: [N] bool, not all alike.

    Raises:
      Unusable: no label is wrong, or all are: there are no curves.
    """
    wrong = np.asarray(wrong, bool)
    if wrong.all() or not wrong.any():
        raise Unusable(
            f'{wrong.sum()} of {len(wrong)} labels are wrong; curves need both kinds'
        )
    _, group = np.unique(trust, return_inverse=True)
    taken = np.r_[0, np.cumsum(np.bincount(group))]
    found = np.r_[0, np.cumsum(np.bincount(group, wrong))].astype(int)
    return Points(
        taken=taken,
        found=found,
        recall=found / wrong.sum(),
        false_alarms=(taken - found) / (~wrong).sum(),
        precision=np.r_[1.0, found[1:] / taken[1:]],
    )


def missed(trust: np.ndarray, wrong: np.ndarray, rate: float) -> float:
    """False-negative rate: share of the wrong labels that are not among the
    round(rate N) least trusted; of a tie at the end, the expected share.

    Args:
      trust: [N].
      wrong: [N] bool, not all alike.
      rate: of labels that are called wrong, the noise rate.
    """
    curve = points(trust, wrong)
    found = np.interp(round(rate * len(wrong)), curve.taken, curve.found)
    return float(1 - found / curve.found[-1])


def detection(trust: np.ndarray, wrong: np.ndarray, rate: float) -> dict[str, float]:
    """{'auroc', 'average_precision', 'precision_at_true_count', 'false_negative_rate'}.

    metrics.detection, and `missed` at the noise rate.
    """
    found = metrics.detection(trust, wrong)
    return found | {'false_negative_rate': missed(trust, wrong, rate)}


def thinned(curve: Points, most: int = 500) -> Points:
    """At most `most` of the points, for drawing: evenly along the list, ends kept."""
    places = np.linspace(0, len(curve.taken) - 1, min(most, len(curve.taken)))
    return Points(*(values[places.round().astype(int)] for values in curve))
