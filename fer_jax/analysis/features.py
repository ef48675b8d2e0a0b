"""What the networks of a checkpoint make of a list of examples."""

from typing import NamedTuple

import numpy as np


class Outputs(NamedTuple):
    """In evaluation mode, unaugmented."""

    probs: np.ndarray  # [P, N, C] float32
    embeddings: np.ndarray  # [P, N, D] float32


def of(loaded, split, positions):
    """The Outputs of `positions` [N] of a prepared.Split.

    Args:
      loaded: deploy.model.Model, for example model.from_run(workdir, network='mean').
    """
    raise NotImplementedError
