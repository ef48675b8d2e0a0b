"""The suspected labels, for other programs: what issues.json lists."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

PROBABLE = 'probability_right below .5'
IN_DOUBT = (
    'The rate of wrong labels is not known well enough to say which labels are more'
    ' probably wrong than right: listed are the first of the order, as many as are'
    ' expected to be wrong. Give --rate=SHARE where you know it.'
)
NONE = 'None is listed: with the given rate no label is more probably wrong than right.'


class Suspected(NamedTuple):
    """What number of labels, from the least trusted on, is listed, and why."""

    number: int
    in_doubt: bool  # by rank alone
    words: str


def suspected(right: np.ndarray, told: bool) -> Suspected:
    """The Suspected labels: those that are more probably wrong than right.

    Where the rate is estimated and these are fewer than are expected to be wrong, as
    many as are expected, at least one: an estimate that is too low must not leave the
    list empty. A rate that was given may.

    Args:
      right: [N] probabilities of being right, rising.
      told: whether somebody who knows it gave the rate of wrong labels.
    """
    probable = int((right < 0.5).sum())
    expected = min(max(round(float((1 - right).sum())), 1), len(right))
    if told or probable >= expected:
        return Suspected(probable, False, PROBABLE if probable else NONE)
    return Suspected(expected, True, IN_DOUBT)


def listed(
    rows: np.ndarray,
    ids: np.ndarray,
    given: np.ndarray,
    suggested: np.ndarray,
    right: np.ndarray,
    class_names: Sequence[str],
) -> list[dict[str, Any]]:
    """Labels as a list of dicts.

    Args:
      rows: [n] int, of the labels to list, the least trusted first.
      ids: [N] str.
      given, suggested: [N] int in [0, C).
      right: [N], calibrated probability that the given label is right.
      class_names: of the C classes.

    Returns:
      List of {'rank' (from 1), 'row', 'id', 'given_label', 'suggested_label',
      'probability_right'}; where the networks say what was given, so does
      'suggested_label'.
    """
    return [
        {
            'rank': rank,
            'row': row,
            'id': str(ids[row]),
            'given_label': class_names[given[row]],
            'suggested_label': class_names[suggested[row]],
            'probability_right': float(f'{right[row]:.6g}'),
        }
        for rank, row in enumerate(rows.tolist(), start=1)
    ]
