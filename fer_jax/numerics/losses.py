"""Losses and label similarity, one value per example; the caller reduces.

Labels [...] go with logits [..., C]; axes that they lack in front (of several networks'
logits [P, B, C]) are the same for all.
"""

import jax
import jax.numpy as jnp


def similarity(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cosine between the prediction and the one-hot label: ReSup's S.

    S = f_y / ||f||_2 with f = softmax(logits), so S = 1 for a sure and agreeing
    prediction, 1 / sqrt(C) for a uniform one. In logarithms, log S =
    l_y - 1/2 logsumexp(2 l) with l = log f, which neither over- nor underflows.

    Args:
      logits: [..., C], any float dtype; computed in float32.
      labels: [...] int, in [0, C).

    Returns:
      [...] float32 in (0, 1]; 0 only where exp underflows, below 1e-38.

    >>> found = similarity(jnp.log(jnp.array([3.0, 4.0, 0.0])), 1)  # 4 / 5
    >>> round(found.item(), 4)
    0.8
    """
    log_probs = jax.nn.log_softmax(logits.astype(jnp.float32))
    norm = 0.5 * jax.nn.logsumexp(2.0 * log_probs, axis=-1)
    # rounding may leave log S a few ulp above 0
    return jnp.exp(jnp.minimum(_at(log_probs, labels) - norm, 0.0))


def log_mean(one: jax.Array, two: jax.Array) -> jax.Array:
    """[...] the logarithm of the mean of two, whose logarithms are given.

    >>> round(log_mean(jnp.log(0.2), jnp.log(0.4)).item(), 4)  # ln .3
    -1.204
    """
    return jnp.logaddexp(one, two) - jnp.log(2.0)


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """-log softmax(logits)_y in nats, [...] float32, for logits [..., C]."""
    return -_at(jax.nn.log_softmax(logits.astype(jnp.float32)), labels)


def log_odds(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """log(f_y / (1 - f_y)) with f = softmax(logits): z_y - logsumexp of the others.

    What the network itself says of a label; unlike f_y it does not saturate.

    Args:
      logits: [..., C], C >= 2, any float dtype; computed in float32.
      labels: [...] int, in [0, C).

    Returns:
      [...] float32, any real number.
    """
    logits = logits.astype(jnp.float32)
    own = jax.nn.one_hot(labels, logits.shape[-1], dtype=jnp.bool_)
    others = jnp.where(own, -jnp.inf, logits)
    return _at(logits, labels) - jax.nn.logsumexp(others, axis=-1)


def weighted_mean(values: jax.Array, weights: jax.Array) -> jax.Array:
    """sum(w v) / sum(w), and 0 when every weight is 0; weights >= 0 or bool.

    Entries of weight 0 reach neither the value nor the gradient, not even as nan.
    """
    weights = weights.astype(jnp.float32)
    kept = jnp.where(weights > 0.0, values.astype(jnp.float32), 0.0)
    total = jnp.sum(weights)
    return jnp.sum(kept * weights) / jnp.where(total > 0.0, total, 1.0)


def _at(values, labels):
    """values[..., labels]: one entry of the last axis for each example."""
    labels = jnp.broadcast_to(labels, values.shape[:-1])
    return jnp.take_along_axis(values, labels[..., None], axis=-1)[..., 0]
