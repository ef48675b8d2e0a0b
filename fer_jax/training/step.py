"""One training step, the same for every method, a chunk of them, what they tell."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fer_jax import trees
from fer_jax.algorithms import Algorithm, Batch, Progress
from fer_jax.data.source import Source
from fer_jax.numerics import rows
from fer_jax.training.trial import Trial


class TrainState(NamedTuple):
    """All that changes while training; one checkpoint holds it."""

    step: jax.Array  # [] int32
    params: Any  # leaves [P, ...]
    stats: Any  # batch statistics, leaves [P, ...]
    opt: Any  # the optimiser's state
    memory: Any  # the algorithm's own
    labels: jax.Array  # [N] int32, current labels: the relabel table
    flips: jax.Array  # [N] int32, how often each label changed
    evidence: jax.Array  # [N, C] float32, mean class probabilities, see scoring


def create(
    algorithm: Algorithm,
    optimizer: optax.GradientTransformation,
    source: Source,
    num_classes: int,
    trial: Trial,
) -> TrainState:
    """A fresh TrainState.

    Args:
      source: data.source.Source, gives the shape of an example.
      num_classes: C.
      trial: its key draws the initial weights, its given labels start the table.
    """
    example = jnp.zeros((1, *source.seen.shape), source.seen.dtype)
    params, stats, memory = algorithm.init(trial.key, example)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        stats=stats,
        opt=optimizer.init(params),
        memory=memory,
        labels=trial.given,
        flips=jnp.zeros_like(trial.given),
        evidence=jnp.zeros((len(trial.given), num_classes), jnp.float32),
    )


def first_bad_leaf(tree: Any) -> jax.Array:
    """[] int32: place of the first leaf of `tree` with a NaN or infinity; -1: none."""
    bad = jnp.stack([~jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)])
    return jnp.where(jnp.any(bad), jnp.argmax(bad).astype(jnp.int32), -1)


def make_step(
    algorithm: Algorithm, optimizer: optax.GradientTransformation, source: Source
) -> Callable:
    """step(state, trial, stored [B, ...], index [B]) -> state, metrics {name: []}.

    `stored` are the examples `index` as the source keeps them. Every random number is
    drawn from (trial.key, step) and, in the training view, the example; nothing is
    carried over. Among the metrics are `bad_leaf`, the place of the first gradient that
    is not finite, or -1, and the Euclidean norms of all gradients and of all updates.
    """
    optimizer = optax.with_extra_args_support(optimizer)

    def train_step(state, trial, stored, index):
        progress = Progress(state.step, state.step // trial.steps_per_epoch)
        labels = state.labels[index]
        images = source.training(trial.key, state.step, index, stored)
        rng = jax.random.fold_in(trial.key, state.step)

        objective = jax.value_and_grad(algorithm.objective, has_aux=True)
        (_, aux), gradients = objective(
            state.params,
            state.stats,
            state.memory,
            Batch(images, labels, index),
            progress,
            rng,
        )
        updates, opt = optimizer.update(
            gradients, state.opt, state.params, steps_per_epoch=trial.steps_per_epoch
        )
        told = {
            'bad_leaf': first_bad_leaf(gradients),
            'gradient_norm': optax.tree.norm(gradients),
            'update_norm': optax.tree.norm(updates),
        }
        table, flips = rewritten(state.labels, state.flips, index, aux.relabels)
        return state._replace(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            stats=aux.stats,
            opt=opt,
            memory=aux.memory,
            labels=table,
            flips=flips,
        ), aux.metrics | told

    return train_step


def rewritten(
    labels: jax.Array, flips: jax.Array, index: jax.Array, relabels: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The tables [N] after the new labels of a batch [B], -1 where one stays."""
    index, relabels = rows.gathered((index, relabels))
    old = labels[index]
    new = jnp.where(relabels >= 0, relabels, old)
    once = rows.once(index, len(labels))
    return (
        labels.at[once].set(new, mode='drop'),
        flips.at[once].add(new != old, mode='drop'),
    )


def make_advance(step: Callable, take: Callable) -> Callable:
    """advance(state, trial, pool, order [S, B]) -> state, metrics {name: [S]}.

    A scan of the pure step. A single step is no loop, for XLA's CPU backend is slow at
    convolutions in loops (nets.peers.CHUNK).

    Args:
      step: from make_step.
      take: (pool, order [S, B], s) -> the stored examples [B, ...] of step s.
    """

    def advance(state, trial, pool, order):
        def at(state, s):
            return step(state, trial, take(pool, order, s), order[s])

        if len(order) == 1:
            state, metrics = at(state, 0)
            return state, jax.tree.map(lambda value: value[None], metrics)
        return jax.lax.scan(at, state, jnp.arange(len(order)))

    return advance


def by_step(chunks: Sequence[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
    """[{name: value}, one a step] of [{name: [S]}, one a chunk]."""
    return [
        {name: values[s] for name, values in chunk.items()}
        for chunk in chunks
        for s in range(len(chunk['loss']))
    ]


def check_finite(
    rows: Sequence[dict[str, Any]], state: TrainState, first_step: int
) -> None:
    """Raises FloatingPointError at the first step whose loss or gradient is not finite.

    Args:
      rows: metrics of the steps from `first_step` on, on the host.
      state: any TrainState of the run, for the names of its leaves.
    """
    for step, row in enumerate(rows, start=first_step):
        bad = int(row['bad_leaf'])
        if math.isfinite(row['loss']) and bad < 0:
            continue
        problem = f'the loss of step {step} is {row["loss"]:.4g}'
        if bad >= 0:
            name = [*trees.named(state.params)][bad]
            problem += f'; the first gradient with a NaN or infinity is that of {name}'
        raise FloatingPointError(
            f'{problem}; the newest checkpoint is from before; try a smaller'
            ' optimizer.learning_rate in another --workdir'
        )
