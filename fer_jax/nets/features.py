"""What every backbone returns, and the two parts it can be had in.

A backbone has a field `part`: 'early' maps images to the maps before the last stage,
'late' maps those to Features, so late(early(images)) is the 'whole' net, whose names
the parameters of both keep.
"""

from typing import NamedTuple

import jax


class Features(NamedTuple):
    """Activations of a batch of images before the classifier."""

    maps: jax.Array  # [B, h, w, channels], last feature maps, in the compute dtype
    pooled: jax.Array  # [B, D] float32, what a classifier sees


def selected(stages, part):
    """Numbers of the stages that a part of a backbone has.

    Raises:
      ValueError: part is not 'whole', 'early' or 'late'.
    """
    everything = range(stages)
    parts = {'whole': everything, 'early': everything[:-1], 'late': everything[-1:]}
    if part not in parts:
        raise ValueError(f'part is {part!r}; it must be one of {", ".join(parts)}')
    return parts[part]
