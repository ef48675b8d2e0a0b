"""What every backbone returns, and the two parts it can be had in.

A backbone has a field `part`: 'early' maps images to the maps before the last stage,
'late' maps those to Features, so late(early(images)) is the 'whole' net, whose names
the parameters of both keep.
Each passes its last feature maps through the module `Maps`, where Grad-CAM can see and
move them (`moved`).
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import flax.linen as nn
import jax


class Features(NamedTuple):
    """Activations of a batch of images before the classifier."""

    maps: jax.Array  # [B, h, w, channels], last feature maps, in the compute dtype
    pooled: jax.Array  # [B, D] float32, what a classifier sees


class Maps(nn.Module):
    """maps -> maps: the place that the last feature maps pass."""

    @nn.compact
    def __call__(self, maps: jax.Array) -> jax.Array:
        return maps


@contextlib.contextmanager
def moved(by: jax.Array | float) -> Iterator[list[jax.Array]]:
    """Adds `by` to the last feature maps of a network that is called in the block.

    Yields a list that gets the maps as they were, an entry a call.
    """
    seen = []

    def intercept(call, inputs, options, context):
        maps = call(*inputs, **options)
        if not isinstance(context.module, Maps):
            return maps
        seen.append(maps)
        return maps + by

    with nn.intercept_methods(intercept):
        yield seen


def selected(stages: int, part: str) -> range:
    """Numbers of the stages that a part of a backbone has.

    Raises:
      ValueError: part is not 'whole', 'early' or 'late'.
    """
    everything = range(stages)
    parts = {'whole': everything, 'early': everything[:-1], 'late': everything[-1:]}
    if part not in parts:
        raise ValueError(f'part is {part!r}; it must be one of {", ".join(parts)}')
    return parts[part]
