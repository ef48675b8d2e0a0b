"""Plain training: one network, cross-entropy on the given labels.

    L = 1/B sum_i CE(softmax(z_i), y_i)

The reference that every method of learning from noisy labels is compared with. It
weights nothing, but its trust in each label is known all the same: the probability
that the network itself gives to it (its self-confidence), kept as log-odds.
"""

import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.numerics import losses
from fer_jax.settings import Field

SETTINGS: dict[str, Field] = {}


def make(task: Task) -> Algorithm:
    """Plain training as an Algorithm with one network and no memory."""
    nets = task.networks()

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        loss = jnp.mean(losses.cross_entropy(logits, batch.labels))
        return outcome(loss, batch, stats, memory, logits, embeddings)

    return method(nets, objective)
