"""Class centres of embeddings and the centre loss (Wen et al. 2016).

    d_i = ||x_i - c_y||^2,  dL/dx_i = 2 w_i (x_i - c_y)      the centre is a constant

How the centres move with a batch, n_j of whose examples have class j and mean m_j:

    wen         c_j <- c_j - rate * n_j (c_j - m_j) / (1 + n_j)
    batch_mean  c_j <- m_j
    ema         c_j <- (1 - rate) c_j + rate * m_j

A class that is not in the batch keeps its centre.
"""

import jax
import jax.numpy as jnp

UPDATES = ('wen', 'batch_mean', 'ema')


def squared_distances(
    embeddings: jax.Array, centres: jax.Array, labels: jax.Array
) -> jax.Array:
    """[B] float32: squared distance of embeddings [B, D] to centres [C, D] of labels.

    No gradient reaches the centres.
    """
    own = jax.lax.stop_gradient(centres)[labels]
    return jnp.sum(jnp.square(embeddings - own), axis=-1)


def class_sums(
    embeddings: jax.Array, labels: jax.Array, mask: jax.Array, num_classes: int
) -> tuple[jax.Array, jax.Array]:
    """Sums [C, D] and counts [C] float32 of embeddings [B, D] by class, where mask."""
    member = jax.nn.one_hot(labels, num_classes) * mask[:, None]
    return member.T @ embeddings, jnp.sum(member, axis=0)


def moved(
    centres: jax.Array,
    sums: jax.Array,
    counts: jax.Array,
    update: str,
    rate: float | jax.Array,
) -> jax.Array:
    """Centres [C, D] after a batch with `class_sums`; `update` is one of UPDATES."""
    counts = counts[:, None]
    means = sums / jnp.maximum(counts, 1.0)
    shares: dict[str, jax.Array | float] = {
        'wen': rate * counts / (1.0 + counts),
        'batch_mean': 1.0,
        'ema': rate,
    }
    step = shares[update] * (means - centres)
    return jnp.where(counts > 0, centres + step, centres)
