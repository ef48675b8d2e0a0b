"""Pretrained backbones in the trees of any model.

A model keeps its backbone under the name `backbone`, or, in parts that share its names
(nets.features), under `early`, `target` and `auxiliary_0`, `auxiliary_1` ...: each of
these gets the tensors of its part, so DMUE's branches all start from one last stage,
and a teacher (pt_threshold) from what its student has.
"""

import re
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from fer_jax import trees
from fer_jax.errors import Unusable

BACKBONE = re.compile(r'.*?/(?:backbone|early|target|auxiliary_\d+)/(.+)')


def fill(tree: Any, networks: Sequence[dict[str, np.ndarray]]) -> Any:
    """`tree` with the backbones of its P networks taken from files.

    Args:
      tree: {'params': ..., 'stats': ...} with leaves [P, ...].
      networks: for each of the P networks {name in the backbone: array}.

    Returns:
      The tree with arrays [P, ...] on the host for the leaves of backbones; the others
      are the leaves that were given.

    Raises:
      Unusable: a backbone's leaf that a network lacks or has in another shape, or
        tensors that the tree has no place for.
    """
    unused = set().union(*networks)

    def filled(keys, leaf):
        path = trees.name(keys)
        inside = BACKBONE.fullmatch(path)
        if not inside:
            return leaf
        name = inside[1]
        unused.discard(name)
        for arrays in networks:
            shape = arrays[name].shape if name in arrays else None
            if shape != leaf.shape[1:]:
                raise Unusable(f'{path} is {leaf.shape[1:]}, the weights: {shape}')
        return np.stack([arrays[name] for arrays in networks])

    result = jax.tree_util.tree_map_with_path(filled, tree)
    if unused:
        raise Unusable(f'the network has no {min(unused)}')
    return result
