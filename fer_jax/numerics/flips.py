"""What becomes of labels over the epochs: how often each changes, and changes back.

Everything here goes through the tables one after another, so its cost grows with the
number of epochs and no more, and a run that goes on need not look at them again.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np


class Flips(NamedTuple):
    """Changes of each example's label until an epoch; a *return* is a change to a label
    that the example had before, the given one included."""

    given: np.ndarray  # [N] int, the labels at first
    before: np.ndarray  # [N] int, the labels one epoch ago
    labels: np.ndarray  # [N] int, the labels now
    count: np.ndarray  # type: ignore[assignment]  # [N] int32, not the one of tuples
    returns: np.ndarray  # [N] int32
    had: np.ndarray  # [N, C] bool, the labels that it has had


def begin(given: np.ndarray, num_classes: int) -> Flips:
    """The Flips before the first epoch, of given labels [N] int in [0, C)."""
    given = np.asarray(given)
    none = np.zeros(len(given), np.int32)
    had = np.zeros((len(given), num_classes), bool)
    had[np.arange(len(given)), given] = True
    return Flips(given, given, given, none, none, had)


def after(flips: Flips, labels: np.ndarray) -> Flips:
    """The Flips one epoch later, when the labels are `labels` [N] int in [0, C)."""
    labels = np.asarray(labels)
    rows = np.arange(len(labels))
    changed = labels != flips.labels
    back, had = changed & flips.had[rows, labels], flips.had.copy()
    had[rows, labels] = True
    return flips._replace(
        before=flips.labels,
        labels=labels,
        count=flips.count + changed,
        returns=flips.returns + back,
        had=had,
    )


def by_epoch(
    given: np.ndarray, tables: Iterable[np.ndarray], num_classes: int
) -> Iterator[Flips]:
    """Yields the Flips after each of `tables`, an iterable of [N] int in [0, C)."""
    flips = begin(given, num_classes)
    for labels in tables:
        flips = after(flips, labels)
        yield flips


def until_now(
    given: np.ndarray, tables: Iterable[np.ndarray], num_classes: int
) -> Flips:
    """The Flips after the last of `tables`, for `by_epoch`."""
    return functools.reduce(after, tables, begin(given, num_classes))


def summary(flips: Flips, clean_labels: np.ndarray) -> dict[str, float]:
    """What became of the given labels until now, in numbers.

    relabelled: examples whose label is not the given one
    relabel_precision: share of them, of those with a known clean label, whose label is
      the clean one; 0 when there is none
    flips: changes from one epoch to the next
    returns: flips back to a label that the example had before

    Args:
      clean_labels: [N] int, -1 where unknown.
    """
    changed = flips.labels != flips.given
    known = changed & (clean_labels >= 0)
    right = np.sum(known & (flips.labels == clean_labels))
    return {
        'relabelled': int(changed.sum()),
        'relabel_precision': float(right / max(known.sum(), 1)),
        'flips': int(flips.count.sum()),
        'returns': int(flips.returns.sum()),
    }
