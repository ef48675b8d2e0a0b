"""Generalised cross-entropy (Zhang and Sabuncu 2018): a loss with a bounded tail.

    L = 1/B sum_i (1 - f_i,y_i ^ q) / q,   f = softmax(z)

Between cross-entropy, its limit for q -> 0, and 1 - f_y, which is half the mean
absolute error, at q = 1. Its gradient is that of the cross-entropy times f_y^q: a label
that the network does not believe hardly teaches it. That factor is the weight.

The truncated variant of the paper is not here.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.numerics import losses
from fer_jax.settings import Field

SETTINGS = {
    'q': Field(0.7, '0: cross-entropy; 1: 1 - the probability of the label', '[0, 1]'),
}


def generalised(cross_entropy: jax.Array, q: float) -> jax.Array:
    """(1 - f^q) / q of -log f [...] in nats; in [0, 1 / q] for q > 0.

    >>> round(generalised(-jnp.log(0.25), 0.5).item(), 4)  # (1 - 1/2) / .5
    1.0
    """
    return -jnp.expm1(-q * cross_entropy) / q if q else cross_entropy


def make(task: Task, *, q: float = 0.7) -> Algorithm:
    """Generalised cross-entropy as an Algorithm with one network and no memory.

    Args:
      q: in [0, 1]; .7 is the paper's.
    """
    nets = task.networks()

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        cross_entropy = losses.cross_entropy(logits, batch.labels)
        weights = jax.lax.stop_gradient(jnp.exp(-q * cross_entropy))
        return outcome(
            jnp.mean(generalised(cross_entropy, q)),
            batch,
            stats,
            memory,
            logits,
            embeddings,
            weights,
            loss_ce=jnp.mean(cross_entropy),
        )

    return method(nets, objective)
