"""What tells runs of one program apart: an argument of every program, never a constant.

Two seeds, two noise lists, two folds or two numbers of steps an epoch are the same
compiled program with another Trial.
"""

from typing import Any, NamedTuple

import jax
import numpy as np


class Trial(NamedTuple):
    """One run of a program."""

    key: jax.Array  # [] a key: every random number of the run is drawn from it
    given: jax.Array  # [N] int32, the labels it learns from
    learned: jax.Array  # [N] bool, False for the fold that is left out
    test_labels: jax.Array  # [M] int32, the clean ones where they are known
    steps_per_epoch: jax.Array  # [] int32


def make(
    seed: int,
    given: np.ndarray,
    test_labels: np.ndarray,
    steps_per_epoch: int,
    learned: np.ndarray | None = None,
) -> Trial:
    """The Trial of these arrays, on the host; `seed` is any whole number.

    `learned` is [N] bool, everything without it.
    """
    if learned is None:
        learned = np.ones(len(given), bool)
    arrays: dict[str, Any] = {
        'given': np.asarray(given, np.int32),
        'learned': np.asarray(learned, bool),
        'test_labels': np.asarray(test_labels, np.int32),
        'steps_per_epoch': np.int32(steps_per_epoch),
    }
    return Trial(key=jax.random.key(seed), **arrays)
