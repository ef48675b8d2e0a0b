"""ELR's targets, its term and gradient by hand, and its limit."""

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, elr
from fer_jax.numerics import losses

START = Progress(jnp.int32(0), jnp.int32(0))


def make(small, **settings):
    return algorithms.make(
        'elr',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


def batch_of(small, index):
    images = jnp.asarray(small.images[index].astype(np.float32) / 127.5 - 1)
    return Batch(images[None], jnp.asarray(small.labels[index]), jnp.asarray(index))


def test_targets_by_hand():
    """.7 (.2, .3) + .3 (.9, .1), and probabilities that do not sum to 1 are scaled."""
    before = jnp.array([0.2, 0.3])
    for probs in ([0.9, 0.1], [0.45, 0.05]):
        found = elr.moved(before, jnp.array(probs), 0.7)
        np.testing.assert_allclose(found, [0.41, 0.24], rtol=1e-6)


def test_gradient_by_hand():
    """f = (.2, .5, .3), t = (.6, .3, .1): <f, t> = .3, so the term is log .7 and its
    gradient -f (t - .3) / .7 = (-.06, 0, .06) / .7."""
    logits, targets = jnp.log(jnp.array([0.2, 0.5, 0.3])), jnp.array([0.6, 0.3, 0.1])

    def term(logits):
        return elr.regulariser(jax.nn.softmax(logits), targets)

    value, gradient = jax.value_and_grad(term)(logits)
    np.testing.assert_allclose(value, np.log(0.7), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.array([-0.06, 0, 0.06]) / 0.7, atol=1e-7)


def test_loss_and_table_of_two_steps(small, key):
    """Rows of the batch move, the first of two of one example alone; others stay."""
    algorithm = make(small, regularisation=2.0)
    params, stats, memory = jax.jit(algorithm.init)(key, small.images[:1] / 255.0)
    np.testing.assert_array_equal(memory.targets, np.zeros((24, 3)))
    index = np.array([3, 5, 3, 8])
    batch, objective = batch_of(small, index), jax.jit(algorithm.objective)
    wanted = np.zeros((24, 3))
    for _ in range(2):
        loss, aux = objective(params, stats, memory, batch, START, key)
        head = params['classifier']
        logits = aux.embeddings[0] @ head['kernel'][0] + head['bias'][0]
        probs = np.clip(jax.nn.softmax(logits), 1e-4, 1 - 1e-4)
        probs = probs.astype(np.float64)
        own = probs / probs.sum(axis=1, keepdims=True)
        moved = 0.7 * wanted[index] + 0.3 * own
        term = np.log(1 - (probs * moved).sum(axis=1)).mean()
        plain = losses.cross_entropy(logits, batch.labels).mean()
        np.testing.assert_allclose(loss, plain + 2 * term, rtol=1e-5)
        for row in (3, 1, 0):  # the first row of example 3 last
            wanted[index[row]] = moved[row]
        np.testing.assert_allclose(aux.memory.targets, wanted, rtol=1e-5, atol=1e-8)
        memory = aux.memory


def test_without_the_term_it_is_plain_training(small, key):
    batch = batch_of(small, np.arange(8))
    algorithm = make(small, regularisation=0.0)
    plain = algorithms.make(
        'baseline', backbone=small.backbone, num_classes=3, num_examples=24
    )
    start = jax.jit(algorithm.init)(key, batch.images[0])

    def gradient(method, memory):
        def loss(params):
            return method.objective(params, start[1], memory, batch, START, key)[0]

        return jax.jit(jax.grad(loss))(start[0])

    found, wanted = gradient(algorithm, start[2]), gradient(plain, ())
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)
