"""Rows of tables [N, ...] of the training set, written by the index of a batch [B].

Balanced sampling draws with replacement, so an example may be in a batch twice; of its
rows the first one counts.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec


def once(index: jax.Array, count: int) -> jax.Array:
    """[B] int: the index [B]; `count`, which is no row, where an example has been in
    the batch before."""
    same = index[:, None] == index[None, :]
    first = jnp.argmax(same, axis=1) == jnp.arange(len(index))
    return jnp.where(first, index, count)


def gathered(tree: Any) -> Any:
    """`tree` whole on every device of the mesh in force, if any; inside jit.

    For a scatter by an index that is spread over devices would sum the whole table over
    these.
    """
    if jax.sharding.get_abstract_mesh().empty:
        return tree
    return jax.lax.with_sharding_constraint(tree, PartitionSpec())


def written(table: jax.Array, index: jax.Array, values: jax.Array) -> jax.Array:
    """The table [N, ...] with `values` [B, ...] in the rows `index` [B].

    >>> written(jnp.zeros(3), jnp.array([2, 0, 2]), jnp.array([1.0, 2, 3])).tolist()
    [2.0, 0.0, 1.0]
    """
    index, values = gathered((index, values))
    return table.at[once(index, len(table))].set(values, mode='drop')
