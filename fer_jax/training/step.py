"""One training step, the same for every method."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from fer_jax.algorithms import Batch, Progress


class TrainState(NamedTuple):
    """All that changes while training; one checkpoint holds it."""

    step: jax.Array  # [] int32
    params: Any  # leaves [P, ...]
    stats: Any  # batch statistics, leaves [P, ...]
    opt: Any  # the optimiser's state
    memory: Any  # the algorithm's own
    labels: jax.Array  # [N] int32, current labels: the relabel table
    flips: jax.Array  # [N] int32, how often each label changed


def create(algorithm, optimizer, rng, images, labels):
    """A fresh TrainState.

    Args:
      rng: key of the initial weights.
      images: [1, H, W, 3] of any values, gives the shapes.
      labels: [N] given labels of the training examples.
    """
    params, stats, memory = algorithm.init(rng, images)
    labels = jnp.asarray(labels, jnp.int32)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        stats=stats,
        opt=optimizer.init(params),
        memory=memory,
        labels=labels,
        flips=jnp.zeros_like(labels),
    )


def first_of_each(index):
    """[B] bool: False where an example has been in the batch [B] before.

    Balanced sampling draws with replacement; an example has one new label a step.
    """
    same = index[:, None] == index[None, :]
    return jnp.argmax(same, axis=1) == jnp.arange(len(index))


def first_bad_leaf(tree):
    """[] int32: place of the first leaf of `tree` with a NaN or infinity; -1: none."""
    bad = jnp.stack([~jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)])
    return jnp.where(jnp.any(bad), jnp.argmax(bad).astype(jnp.int32), -1)


def make_step(algorithm, optimizer, augment, *, steps_per_epoch, seed, placement=None):
    """step(state, images [B, h, w, 3] uint8, index [B]) -> state, metrics {name: []}.

    `bad_leaf` among the metrics is the place of the first gradient that is not finite,
    or -1. Compiled once for the whole run, its state updated in place. `augment(step,
    index, images)` makes the views. Every random number is drawn from (seed, step) and,
    in the augmentation, the example; nothing is carried over.
    `placement` is that of the results: (shardings of the state, of the metrics).
    """

    def train_step(state, images, index):
        progress = Progress(state.step, state.step // steps_per_epoch)
        labels = state.labels[index]
        batch = Batch(augment(state.step, index, images), labels, index)
        rng = jax.random.fold_in(jax.random.key(seed), state.step)

        objective = jax.value_and_grad(algorithm.objective, has_aux=True)
        (_, aux), gradients = objective(
            state.params, state.stats, state.memory, batch, progress, rng
        )
        updates, opt = optimizer.update(gradients, state.opt, state.params)
        relabelled = jnp.where(aux.relabels >= 0, aux.relabels, labels)
        once = jnp.where(first_of_each(index), index, len(state.labels))
        return TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            stats=aux.stats,
            opt=opt,
            memory=aux.memory,
            labels=state.labels.at[once].set(relabelled, mode='drop'),
            flips=state.flips.at[once].add(relabelled != labels, mode='drop'),
        ), aux.metrics | {'bad_leaf': first_bad_leaf(gradients)}

    return jax.jit(train_step, donate_argnums=0, out_shardings=placement)
