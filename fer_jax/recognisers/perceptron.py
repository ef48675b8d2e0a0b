"""Small perceptrons on coordinates of faces, an epoch of one as one compiled program.

    x [B, D] -> layers of weights and a bias -> logits [B, C]

with a relu behind every layer but the last and those that are said to be linear: a
linear first layer chooses the axes that matter, and its product with others is again
one matrix.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

Layers = list[tuple[jax.Array, jax.Array]]  # kernels [in, out] and biases [out]


class Plan(NamedTuple):
    """What a perceptron is, and how it is fitted (AdamW, cosine, dropout)."""

    hidden: tuple[int, ...]  # outputs of each layer but the last
    linear: int  # first layers without relu and dropout
    learning_rate: float
    epochs: int
    batch_size: int = 128  # or all faces, if they are fewer
    weight_decay: float = 1e-2
    dropout: float = 0.5
    noise: float = 0.15  # deviation of what is added to x


def init(key: jax.Array, sizes: tuple[int, ...]) -> Layers:
    """Layers from the first size to the last; kernels normal, of variance 2 / in."""
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        (jax.random.normal(each, (a, b)) * (2 / a) ** 0.5, jnp.zeros(b))
        for each, a, b in zip(keys, sizes, sizes[1:])
    ]


def logits(layers: Layers, x: jax.Array, linear: int, dropout: Any = None) -> jax.Array:
    """[B, C] of x [B, D]; `dropout`: (key, share), in training."""
    for number, (kernel, bias) in enumerate(layers):
        x = x @ kernel + bias
        if linear <= number < len(layers) - 1:
            x = jax.nn.relu(x)
            if dropout:
                key, share = dropout
                keep = jax.random.bernoulli(
                    jax.random.fold_in(key, number), 1 - share, x.shape
                )
                x = x * keep / (1 - share)
    return x


def fit(plan: Plan, x: np.ndarray, targets: np.ndarray, seed: int) -> Layers:
    """The Layers that give x [N, D] its targets [N, C], shares that sum to 1.

    The order of the faces, the first weights and all that is drawn come from the seed.
    """
    size = min(plan.batch_size, len(x))
    count = len(x) // size
    schedule = optax.cosine_decay_schedule(plan.learning_rate, count * plan.epochs)
    optimizer = optax.adamw(schedule, weight_decay=plan.weight_decay)
    layers = init(jax.random.key(seed), (x.shape[1], *plan.hidden, targets.shape[1]))
    state = optimizer.init(layers)
    generator = np.random.Generator(np.random.Philox(seed))
    known = jnp.asarray(x), jnp.asarray(targets)
    for epoch in range(plan.epochs):
        order = generator.permutation(len(x))[: count * size]
        key = jax.random.fold_in(jax.random.key(seed, impl='rbg'), epoch)
        layers, state = _epoch(
            optimizer, plan, layers, state, known, order.reshape(count, -1), key
        )
    return layers


@partial(jax.jit, static_argnames=('optimizer', 'plan'))
def _epoch(optimizer, plan, layers, state, known, order, key):
    def objective(layers, x, targets, key):
        near, far = jax.random.split(key)
        x = x + plan.noise * jax.random.normal(near, x.shape)
        said = logits(layers, x, plan.linear, (far, plan.dropout))
        return -(targets * jax.nn.log_softmax(said)).sum(axis=-1).mean()

    def step(carry, given):
        layers, state = carry
        rows, key = given
        slope = jax.grad(objective)(layers, *(part[rows] for part in known), key)
        updates, state = optimizer.update(slope, state, layers)
        return (optax.apply_updates(layers, updates), state), None

    keys = jax.random.split(key, len(order))
    return jax.lax.scan(step, (layers, state), (order, keys))[0]


def probs(plan: Plan, layers: Layers, x: np.ndarray) -> np.ndarray:
    """Probabilities [B, C] float32 of x [B, D]."""
    return np.asarray(jax.nn.softmax(logits(layers, jnp.asarray(x), plan.linear)))


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The T of softmax(logits / T) that is nearest to the labels (Guo et al. 2017).

    The least mean cross-entropy over T from .1 to 10, in steps of 1 %.
    """
    places = np.arange(len(labels)), labels
    candidates = np.exp(np.arange(-231, 232) / 100)

    def surprise(t):
        z = logits / t
        z = z - z.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[places])

    return float(candidates[np.argmin([surprise(t) for t in candidates])])
