"""What became of each label, epoch by epoch (embedding-proximity paper, Fig. 3).

Tables are [E + 1, N]: row 0 the given labels, row e the labels after epoch e.
"""

from typing import NamedTuple

import numpy as np


class Flips(NamedTuple):
    """Changes of each example's label."""

    count: np.ndarray  # [N] int
    returns: np.ndarray  # [N] int, changes back to a label that it had before


def tables(given, labels):
    """[E + 1, N] from the given labels [N] and `labels` [E, N] of history.npz."""
    return np.concatenate([np.asarray(given)[None], labels])


def flips(tables):
    """The Flips of `tables` [E + 1, N]; sums are those of metrics.relabelling."""
    changed = tables[1:] != tables[:-1]
    returns = np.zeros(tables.shape[1], int)
    for epoch, now in enumerate(changed, start=1):
        returns += now & (tables[:epoch] == tables[epoch]).any(axis=0)
    return Flips(changed.sum(axis=0), returns)


def unstable(tables, most=50):
    """Places of the examples that changed most often, ties by returns, then by place.

    Examples that never changed are left out, so there may be fewer than `most`.
    """
    found = flips(tables)
    order = np.lexsort((-found.returns, -found.count))[:most]
    return order[found.count[order] > 0]


def by_epoch(tables, clean_labels):
    """What relabelling did until each epoch.

    Args:
      tables: [E + 1, N].
      clean_labels: [N] int, -1 where unknown.

    Returns:
      dict of [E] arrays: 'flips' in that epoch, 'returns' of these, 'relabelled' labels
      that are not the given one, 'precision' the share of these, truth known, that are
      clean (nan where there is none), 'wrong' labels that are not the clean one.
    """
    given, known = tables[0], clean_labels >= 0
    names = ('flips', 'returns', 'relabelled', 'precision', 'wrong')
    found = {name: [] for name in names}
    for epoch in range(1, len(tables)):
        now, before = tables[epoch], tables[epoch - 1]
        changed = now != before
        back = changed & (tables[:epoch] == now).any(axis=0)
        moved, right = now != given, now == clean_labels
        judged = (moved & known).sum()
        found['flips'].append(changed.sum())
        found['returns'].append(back.sum())
        found['relabelled'].append(moved.sum())
        found['precision'].append(
            (moved & known & right).sum() / judged if judged else np.nan
        )
        found['wrong'].append((known & ~right).sum())
    return {name: np.array(values) for name, values in found.items()}
