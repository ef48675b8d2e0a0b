"""The transition matrix T [true, given] of noisy labels, by the EM algorithm.

    P(true = k | x, given = y)  ~  softmax(z)_k T_ky

with z out of fold, so that a label does not vouch for itself. A round sums these up by
given class, adds pseudo-counts of a uniform matrix of the same rate, makes rows of it,
and asks for z anew, learned through the new T.
"""

import jax
import jax.numpy as jnp

LEAST = 0.02  # rate of the uniform matrix that pseudo-counts are of


def uniform(rate: float | jax.Array, num_classes: int) -> jax.Array:
    """[C, C] float32: each other class with rate / (C - 1)."""
    eye = jnp.eye(num_classes, dtype=jnp.float32)
    return (1 - rate) * eye + rate / max(num_classes - 1, 1) * (1 - eye)


@jax.jit
def posterior(logits: jax.Array, given: jax.Array, transition: jax.Array) -> jax.Array:
    """[N, C] float32: of each true class, from logits [N, C] and given labels [N]."""
    joint = jax.nn.log_softmax(logits) + jnp.log(transition.T[given] + 1e-30)
    return jax.nn.softmax(joint)


@jax.jit
def log_odds(
    logits: jax.Array, given: jax.Array, transition: jax.Array | None = None
) -> jax.Array:
    """[N] float32: of the given label's being the true one; without T, of its class."""
    scores = jax.nn.log_softmax(logits)
    if transition is not None:
        scores = scores + jnp.log(transition.T[given] + 1e-30)
    own = jax.nn.one_hot(given, scores.shape[1], dtype=bool)
    others = jax.nn.logsumexp(jnp.where(own, -jnp.inf, scores), axis=1)
    return jnp.where(own, scores, 0).sum(axis=1) - others


@jax.jit
def update(posterior: jax.Array, given: jax.Array, pseudo: float) -> jax.Array:
    """T from posteriors [N, C], with `pseudo` counts a row of the uniform matrix.

    Rows of zeros do not count.
    """
    c = posterior.shape[1]
    counts = posterior.T @ jax.nn.one_hot(given, c)
    rate = 1 - jnp.trace(counts) / counts.sum()
    counts = counts + pseudo * uniform(jnp.maximum(rate, LEAST), c)
    return counts / counts.sum(axis=1, keepdims=True)


@jax.jit
def likelihood(logits: jax.Array, given: jax.Array, transition: jax.Array) -> jax.Array:
    """Mean log-likelihood of the given labels, nats."""
    seen = jax.nn.softmax(logits) @ transition
    own = jnp.take_along_axis(seen, given[:, None], 1)
    return jnp.log(jnp.maximum(own, 1e-30)).mean()
