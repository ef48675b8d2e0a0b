"""What one example is: as it is stored, and as the networks see it.

The shape of an example is said here and nowhere else. Where the stored ones come from,
a record of a file or a row of an array on the device, is training.feed's business.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.data import augment


class Source(NamedTuple):
    """One kind of example. Its two views are pure functions for use inside jit."""

    stored: jax.ShapeDtypeStruct  # one example as it is kept, without the batch's axis
    seen: jax.ShapeDtypeStruct  # one example as the networks take it
    training: Callable
    # (key [], step [], index [B], stored [B, ...]) -> [V, B, ...], drawn anew each step
    plain: Callable  # stored [B, ...] -> [B, ...], the same each time


def images(
    recipe: str,
    size_px: int,
    *,
    stored_px: int | None = None,
    views: int = 1,
    scale: augment.Scale | None = None,
) -> Source:
    """Images: stored as uint8 [h, w, 3], seen as float32 [size_px, size_px, 3].

    Args:
      recipe: of data.augment; what it draws is the training view.
      stored_px: h = w; size_px without it. The views take any other size, too.
      views: V that a step needs; recipes of pairs make two or more all the same.
      scale: augment.Scale of the weights; the recipe's without it.

    Raises:
      Unusable: unknown recipe.
    """
    kept = stored_px or size_px
    drawn = functools.partial(
        augment.augment, recipe, size_px, views=views, scale=scale
    )
    return Source(
        stored=jax.ShapeDtypeStruct((kept, kept, 3), jnp.uint8),
        seen=jax.ShapeDtypeStruct((size_px, size_px, 3), jnp.float32),
        training=drawn,
        plain=functools.partial(augment.prepare, recipe, size_px, scale=scale),
    )


def features(shape: Sequence[int], *, views: int = 1) -> Source:
    """Activations of a frozen network: stored as float16 [*shape], seen as float32.

    Nothing is drawn: each of the V training views is the plain one.
    """

    def plain(stored):
        return stored.astype(jnp.float32)

    def training(key, step, index, stored):
        del key, step, index
        seen = plain(stored)
        return jnp.broadcast_to(seen, (views, *seen.shape))

    return Source(
        stored=jax.ShapeDtypeStruct(tuple(shape), jnp.float16),
        seen=jax.ShapeDtypeStruct(tuple(shape), jnp.float32),
        training=training,
        plain=plain,
    )
