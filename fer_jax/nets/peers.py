"""Peers: P networks as one pytree whose leaves have a leading axis P.

`apply` is the only code that knows how they run.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

# Which mapping `auto` takes. On a CPU vmap turns every convolution into a grouped one:
# a ReSup step of the slim ResNet-18 (width 24, 48 px, batch 64, one core, jax 0.10.2)
# takes 547 ms by unroll and 4,887 ms by vmap. GPU and TPU are not measured: unroll.
FASTEST = {'cpu': 'unroll', 'gpu': 'unroll', 'tpu': 'unroll'}
# Steps that one program takes where the whole set is on the device. XLA's CPU backend
# is four times slower at convolutions in a loop (ReSup, width 8, 48 px, batch 32: 18
# ms a step, 70 ms in a scan) and rounds them otherwise. GPU and TPU are not measured.
CHUNK = {'cpu': 1, 'gpu': 50, 'tpu': 50}
NET = 'net'  # the axis of a mesh that spreads peers


def init(init_one: Callable[[jax.Array], Any], rng: jax.Array, count: int) -> Any:
    """`count` trees init_one(key), each from its own key, stacked on a leading axis.

    Compiled, so that the forward pass which shapes a flax module is dropped, not run.
    """
    return jax.jit(jax.vmap(init_one))(jax.random.split(rng, count))


def size(stacked: Any) -> int:
    """P, the common leading axis of all leaves.

    Raises:
      ValueError: no leaves, or leaves that differ in it.
    """
    leaves = jax.tree.leaves(stacked)
    sizes: set[Any] = {leaf.shape[0] if leaf.ndim else None for leaf in leaves}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(
            f'peers need leaves with one common leading axis, got'
            f' {sorted(map(str, sizes))}'
        )
    return sizes.pop()


def one(stacked: Any, p: int) -> Any:
    """The tree of peer p."""
    return jax.tree.map(lambda leaf: leaf[p], stacked)


def apply(
    function: Callable[..., Any], stacked: Any, *shared: Any, how: str = 'unroll'
) -> Any:
    """function(one, *shared) for each peer of `stacked`; results stacked on axis P.

    Args:
      function: of one peer's tree and the shared arguments, to any tree of arrays.
      stacked: tree whose leaves have the leading axis P.
      shared: the same for every peer, not mapped.
      how: 'unroll', a Python loop inside jit; 'vmap', batched kernels; 'mesh', each
        peer on devices of its own, those of its place on the axis `net` of the mesh
        in force (jax.set_mesh), every other axis of which is left to the compiler.
        They agree to float rounding.

    Raises:
      ValueError: unknown `how`, or leaves without a common leading axis.
    """
    count = size(stacked)
    if how == 'mesh':
        return jax.shard_map(
            lambda stacked, shared: apply(function, stacked, *shared, how='unroll'),
            in_specs=(PartitionSpec(NET), PartitionSpec()),
            out_specs=PartitionSpec(NET),
            axis_names={NET},
        )(stacked, shared)
    if how == 'vmap':
        return jax.vmap(lambda tree: function(tree, *shared))(stacked)
    if how == 'unroll':
        each = [function(one(stacked, p), *shared) for p in range(count)]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)
    raise ValueError(f'peers are mapped by unroll, vmap or mesh, got {how!r}')
