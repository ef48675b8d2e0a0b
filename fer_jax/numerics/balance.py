"""Per-class factors that divide ReSup's weights (sec. 4.8): hard classes gain."""

import jax
import jax.numpy as jnp

BALANCES = ('none', 'class_var', 'class_prior_bug')


def class_variance(scores: jax.Array, labels: jax.Array, num_classes: int) -> jax.Array:
    """v [C] in [0.1, 1]: variance of scores [N] by class over the largest one.

    A score that is not finite does not count.
    """
    used = jnp.isfinite(scores)
    scores = jnp.where(used, scores, 0.0)
    member = jnp.where(used[:, None], jax.nn.one_hot(labels, num_classes), 0.0)
    count = jnp.maximum(jnp.sum(member, axis=0), 1.0)
    mean = scores @ member / count
    variance = jnp.square(scores - mean[labels]) @ member / count
    relative = variance / jnp.maximum(jnp.max(variance), 1e-12)
    enough = jnp.sum(member, axis=0) >= 20
    return jnp.where(enough, jnp.clip(relative, 0.1, 1.0), 1.0)


def class_prior(
    labels: jax.Array, num_classes: int, used: jax.Array | bool = True
) -> jax.Array:
    """v [C]: q (1 - q) over its maximum, q the share of each class in labels [N].

    Those where `used` [N] is False do not count.
    """
    used = jnp.broadcast_to(used, labels.shape)
    member = jnp.where(used[:, None], jax.nn.one_hot(labels, num_classes), 0.0)
    q = jnp.sum(member, axis=0) / jnp.maximum(jnp.sum(used, dtype=jnp.float32), 1.0)
    relative = q * (1 - q) / jnp.maximum(jnp.max(q * (1 - q)), 1e-12)
    return jnp.where(relative > 0, relative, 1.0)


def with_mean_of(weights: jax.Array, others: jax.Array) -> jax.Array:
    """Weights [P, B] scaled to the batch means of `others` [P, B]."""
    total = jnp.maximum(jnp.sum(weights, axis=1, keepdims=True), 1e-8)
    return weights * jnp.sum(others, axis=1, keepdims=True) / total


def divisors(
    balance: str, scores: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
    """v [P, C] of sec. 4.8 from scores [P, N] and labels [N] of which they are."""
    if balance == 'class_var':
        return jax.vmap(lambda s: class_variance(s, labels, num_classes))(scores)
    if balance == 'class_prior_bug':
        used = jnp.isfinite(scores)
        return jax.vmap(lambda known: class_prior(labels, num_classes, known))(used)
    return jnp.ones((len(scores), num_classes))
