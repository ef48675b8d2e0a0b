"""Early-learning regularisation (Liu et al. 2020) holds on to what was learned first.

    t_i <- beta t_i + (1 - beta) f_i          the targets, from 0, at each visit of i
    L    = 1/B sum_i [ CE_i + lambda log(1 - <f_i, t_i>) ]

with f = softmax of this step, clipped to [1e-4, 1 - 1e-4]; in t it is scaled to sum 1
again. The targets are constants of the loss. Its second term has the gradient

    - lambda f_k (t_k - <f, t>) / (1 - <f, t>)   for logit k

which pulls towards the targets, hardest where the network agrees with them: right
labels, learned first, go on to be learned, and wrong ones are held back.

The paper's beta and lambda are .7 and 3 on CIFAR-10, .9 and 7 on CIFAR-100; on faces
there are none. ELR+ (two networks, mixup, averaged weights) is not here.

Differs from the released code
  * An example that is twice in a batch, as balanced sampling draws, moves its target
    once, by its first row.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.numerics import losses, rows
from fer_jax.settings import Field

LEAST = 1e-4  # of a probability, as released
SETTINGS = {
    'regularisation': Field(3.0, 'lambda, weight of the second term', '[0, inf)'),
    'momentum': Field(0.7, 'beta, share of the old target in the new one', '[0, 1)'),
}


class Memory(NamedTuple):
    """What ELR remembers of the training set."""

    targets: jax.Array  # [N, C] float32, in [0, 1]; sums to 1 - beta^visits


def regulariser(probs: jax.Array, targets: jax.Array) -> jax.Array:
    """log(1 - <f, t>) [...], at most 0, of probs and targets [..., C].

    >>> half = jnp.array([0.5, 0.5])
    >>> round(regulariser(half, jnp.array([1.0, 0.0])).item(), 4)  # log .5
    -0.6931
    """
    return jnp.log1p(-jnp.sum(probs * targets, axis=-1))


def moved(targets: jax.Array, probs: jax.Array, momentum: float) -> jax.Array:
    """beta t + (1 - beta) f of targets and clipped probs [..., C]; f is scaled to 1."""
    probs = probs / jnp.sum(probs, axis=-1, keepdims=True)
    return momentum * targets + (1 - momentum) * probs


def make(
    task: Task, *, regularisation: float = 3.0, momentum: float = 0.7
) -> Algorithm:
    """ELR as an Algorithm with one network; the defaults are the paper's for CIFAR-10.

    Args:
      regularisation: lambda, weight of the second term, >= 0; 0 is plain training.
      momentum: beta, share of the old target in the new one, in [0, 1).
    """
    nets = task.networks()

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        probs = jnp.clip(jax.nn.softmax(logits[0]), LEAST, 1 - LEAST)
        before = memory.targets[batch.index]
        targets = jax.lax.stop_gradient(moved(before, probs, momentum))
        loss_ce = jnp.mean(losses.cross_entropy(logits, batch.labels))
        held = jnp.mean(regulariser(probs, targets))
        return outcome(
            loss_ce + regularisation * held,
            batch,
            stats,
            Memory(rows.written(memory.targets, batch.index, targets)),
            logits,
            embeddings,
            loss_ce=loss_ce,
            regulariser=held,
        )

    start = Memory(jnp.zeros((task.num_examples, task.num_classes)))
    return method(nets, objective, memory=start)
