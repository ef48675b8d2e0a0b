"""The suspected labels of a run, for other programs: what issues.json lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def ranked(
    ids: np.ndarray,
    given: np.ndarray,
    suggested: np.ndarray,
    right: np.ndarray,
    class_names: Sequence[str],
    threshold: float = 0.5,
) -> list[dict[str, Any]]:
    """The labels with right < threshold as list of dicts, the least probable first.

    Args:
      ids: [N] str.
      given, suggested: [N] int in [0, C).
      right: [N], calibrated probability that the given label is right.
      class_names: of the C classes.
      threshold: 0.5 lists the labels that are more probably wrong than right.

    Returns:
      List of {'rank' (from 1), 'id', 'given_label', 'suggested_label',
      'probability_right'}; where the networks say what was given, so does
      'suggested_label'.
    """
    order = np.argsort(right, kind='stable')
    return [
        {
            'rank': rank,
            'id': str(ids[place]),
            'given_label': class_names[given[place]],
            'suggested_label': class_names[suggested[place]],
            'probability_right': float(f'{right[place]:.6g}'),
        }
        for rank, place in enumerate(order.tolist(), start=1)
        if right[place] < threshold
    ]
