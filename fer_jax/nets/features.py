"""What every backbone returns."""

from typing import NamedTuple

import jax


class Features(NamedTuple):
    """Activations of a batch of images before the classifier."""

    maps: jax.Array  # [B, h, w, channels], last feature maps, in the compute dtype
    pooled: jax.Array  # [B, D] float32, what a classifier sees
