"""What became of each label, epoch by epoch (embedding-proximity paper, Fig. 3)."""

from collections.abc import Iterable

import numpy as np

from fer_jax.numerics import flips


def unstable(found: flips.Flips, most: int = 50) -> np.ndarray:
    """Places of the examples that changed most often, ties by returns, then by place.

    Examples that never changed are left out, so there may be fewer than `most`.

    Args:
      found: flips.Flips.
    """
    order = np.lexsort((-found.returns, -found.count))[:most]
    return order[found.count[order] > 0]


def by_epoch(
    given: np.ndarray,
    tables: Iterable[np.ndarray],
    clean_labels: np.ndarray,
    num_classes: int,
) -> dict[str, np.ndarray]:
    """What relabelling did until each epoch.

    Args:
      given: [N] int in [0, C).
      tables: iterable of E tables [N] int, the labels after each epoch.
      clean_labels: [N] int, -1 where unknown.
      num_classes: C.

    Returns:
      dict of [E] arrays: 'flips' in that epoch, 'returns' of these, 'relabelled' labels
      that are not the given one, 'precision' the share of these, truth known, that are
      clean (nan where there is none), 'wrong' labels that are not the clean one.
    """
    known = clean_labels >= 0
    names = ('flips', 'returns', 'relabelled', 'precision', 'wrong')
    found = {name: [] for name in names}
    for now in flips.by_epoch(given, tables, num_classes):
        moved, right = now.labels != given, now.labels == clean_labels
        judged = (moved & known).sum()
        found['flips'].append(now.count.sum())
        found['returns'].append(now.returns.sum())
        found['relabelled'].append(moved.sum())
        found['precision'].append(
            (moved & known & right).sum() / judged if judged else np.nan
        )
        found['wrong'].append((known & ~right).sum())
    every = {name: np.array(values) for name, values in found.items()}
    return every | {
        name: np.diff(every[name], prepend=0) for name in ('flips', 'returns')
    }
