"""The rule by which SCN replaces labels (Wang et al. 2020, eq. 5); RUL borrows it."""

import jax
import jax.numpy as jnp


def rule(probs: jax.Array, labels: jax.Array, margin: float) -> jax.Array:
    """A new label for each example that the network is sure is wrong, else -1.

        y' = argmax_k f_k   if max_k f_k - f_y > margin, strictly

    Applied again to the same probabilities and the new labels it changes nothing.

    Args:
      probs: f [B, C] float32.
      labels: [B] int32 in [0, C), the current ones.
      margin: delta_2, in [0, 1).

    Returns:
      [B] int32.
    """
    current = jnp.take_along_axis(probs, labels[:, None], axis=-1)[:, 0]
    best = jnp.argmax(probs, axis=-1).astype(jnp.int32)
    return jnp.where(jnp.max(probs, axis=-1) - current > margin, best, jnp.int32(-1))
