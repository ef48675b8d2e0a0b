"""Mixed images and soft labels: mixup and what DivideMix and Arazo et al. add to it.

    x = l x_i + (1 - l) x_j,  t = l t_i + (1 - l) t_j,  l ~ Beta(alpha, alpha)

The larger share is always an example's own, l >= 1/2: over a whole batch and its
permutation that changes only which of the two is called the first.
"""

import jax
import jax.numpy as jnp

LEAST = 1e-12  # probability whose logarithm is taken for that of 0


def coefficient(rng: jax.Array, alpha: float) -> jax.Array:
    """l [] float32 in [1/2, 1]: the larger part of a Beta(alpha, alpha) draw.

    alpha is static; 0 mixes nothing, l = 1.
    """
    if not alpha:
        return jnp.float32(1.0)
    part = jax.random.beta(rng, alpha, alpha, dtype=jnp.float32)
    return jnp.maximum(part, 1.0 - part)


def mixed(values: jax.Array, partners: jax.Array, share: jax.Array) -> jax.Array:
    """share * values + (1 - share) * values[partners], along the first axis."""
    return share * values + (1.0 - share) * values[partners]


def partners_among(rng: jax.Array, chosen: jax.Array) -> jax.Array:
    """[B] int32: a random permutation of the chosen rows; the others stay themselves.

    Args:
      chosen: [B] bool.
    """
    draws = jax.random.uniform(rng, chosen.shape)
    shuffled = jnp.argsort(jnp.where(chosen, draws, 2.0))
    rank = jnp.cumsum(chosen.astype(jnp.int32)) - 1
    own = jnp.arange(len(chosen), dtype=jnp.int32)
    return jnp.where(chosen, shuffled[rank].astype(jnp.int32), own)


def batch(
    rng: jax.Array,
    images: jax.Array,
    targets: jax.Array,
    alpha: float,
    chosen: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Images [B, ...] and targets [B, C], both mixed with those of a permutation.

    Args:
      alpha: of `coefficient`, one draw for the batch.
      chosen: [B] bool, the rows to mix with each other; None: all.
    """
    if chosen is None:
        chosen = jnp.ones(len(images), jnp.bool_)
    draw, shuffle = jax.random.split(rng)
    share = coefficient(draw, alpha)
    partners = partners_among(shuffle, chosen)
    return mixed(images, partners, share), mixed(targets, partners, share)


def soft_cross_entropy(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """-sum_k t_k log softmax(logits)_k, [...] float32; both [..., C]."""
    return -jnp.sum(targets * jax.nn.log_softmax(logits.astype(jnp.float32)), axis=-1)


def sharpen(probs: jax.Array, temperature: float) -> jax.Array:
    """probs ** (1 / temperature), scaled to sum 1 over the last axis."""
    return jax.nn.softmax(jnp.log(jnp.maximum(probs, LEAST)) / temperature)


def imbalance(logits: jax.Array) -> jax.Array:
    """KL(uniform, mean prediction) over the rows of logits [B, C]: [], >= 0.

    sum_k (1/C) log((1/C) / mean_i p_ik): 0 when the classes are predicted equally
    often, on average (Tanaka et al. 2018).
    """
    mean = jnp.mean(jax.nn.softmax(logits.astype(jnp.float32)), axis=0)
    return -jnp.mean(jnp.log(jnp.maximum(mean * logits.shape[-1], LEAST)))


def divergence(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """KL(t, softmax(z)) [...], both [..., C]: soft_cross_entropy less the entropy of t.

    The same gradient in the logits, and 0 where nothing is left to learn.
    """
    entropy = -jnp.sum(jax.scipy.special.xlogy(targets, targets), axis=-1)
    return soft_cross_entropy(logits, targets) - entropy


def squared_error(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean over the classes of (softmax(z) - t)^2, [...]; both [..., C]."""
    difference = jax.nn.softmax(logits.astype(jnp.float32)) - targets
    return jnp.mean(jnp.square(difference), axis=-1)


def entropy(logits: jax.Array) -> jax.Array:
    """-sum_k p_k log p_k of softmax(logits), [...] in [0, log C]."""
    log_probs = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.sum(jnp.exp(log_probs) * log_probs, axis=-1)
