"""What co-trained networks answer: one of them alone, or several together.

A voter has a name: '1', '2' ... is that network, 'mean' the mean of all networks'
probabilities, 'sum' the probabilities of their summed logits (DivideMix).
"""

import jax
import jax.numpy as jnp


def mean(logits: jax.Array) -> jax.Array:
    """[..., C] float32, the mean of the networks' probabilities."""
    return jnp.mean(jax.nn.softmax(logits), axis=0)


def total(logits: jax.Array) -> jax.Array:
    """[..., C] float32, the probabilities of the summed logits [P, ..., C]."""
    return jax.nn.softmax(jnp.sum(logits, axis=0))


LEAST = 1e-6  # of a class that is never said
TOGETHER = {'mean': mean, 'sum': total}


def voters(answer: str, peers: int) -> list[str]:
    """Names of all whose answers are told, the method's own `answer` first.

    They are the networks and the mean of all, which of one network is the same.
    """
    names = [*map(str, range(1, peers + 1)), 'mean']
    return [answer, *(name for name in names if name != answer)]


def probabilities(name: str, logits: jax.Array) -> jax.Array:
    """[..., C] float32 of the voter `name`, from logits [P, ..., C]."""
    if name in TOGETHER:
        return TOGETHER[name](logits)
    return jax.nn.softmax(logits[int(name) - 1])


def adjusted(probs: jax.Array, prior: jax.Array, tau: float | jax.Array) -> jax.Array:
    """Probabilities with logits z - tau ln prior (Menon et al. 2021, after training).

    What a network seldom says counts for more: with tau 1 a class by its likelihood.

    Args:
      probs: [..., C] float32.
      prior: [C] float32, mean probabilities over the training set; all 0 where it was
        not seen yet, and then nothing changes.
      tau: [] >= 0; 0 changes nothing.
    """
    known = jnp.where(jnp.sum(prior) > 0, prior, 1.0)
    weighed = probs * jnp.power(jnp.maximum(known, LEAST), -tau)
    return weighed / jnp.sum(weighed, axis=-1, keepdims=True)


def title(name: str) -> str:
    """A voter's name in words."""
    if name in TOGETHER:
        return f'{name} vote'
    return f'network {name}'
