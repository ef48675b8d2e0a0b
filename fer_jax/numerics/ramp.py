"""How the weight of a term of a loss grows over the first epochs."""

import jax
import jax.numpy as jnp


def up(epoch: jax.Array, epochs: int) -> jax.Array:
    """exp(-5 (1 - epoch / epochs)^2) at epochs [...] from 0, and 1 from `epochs` on.

    .0067 at epoch 0 of a ramp (Laine and Aila 2017); one of 0 epochs is over with it.
    """
    left = 1 - epoch / max(epochs, 1)
    return jnp.where(epoch >= epochs, 1.0, jnp.exp(-5 * jnp.square(left)))
