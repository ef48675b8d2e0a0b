"""Passes over the training set that learn nothing: scores, evidence, refitting."""

from collections.abc import Callable, Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.algorithms import Algorithm, Batch, Progress
from fer_jax.data.source import Source


def make_score(algorithm: Algorithm, source: Source) -> Callable:
    """score(state, trial, stored [B, ...], index [B]) -> scores [P, B], probs [B, C].

    One prediction, with the batch statistics frozen, gives both: the method's signal
    for the given labels, and the class probabilities, their mean over the networks.
    The examples are seen as in training where the signal says so (the ReSup release
    does it), with the draws of the step that comes next, and plain otherwise.
    """
    signal = algorithm.signal

    def score(state, trial, stored, index):
        if signal.augmented:
            images = source.training(trial.key, state.step, index, stored)[0]
        else:
            images = source.plain(stored)
        logits = algorithm.predict(state.params, state.stats, images).logits
        scores = signal.of(logits, trial.given[index])
        return scores, jnp.mean(jax.nn.softmax(logits), axis=0)

    return score


def make_look_back(algorithm: Algorithm) -> Callable:
    """look_back(state, trial, scores [P, N], probs [N, C]) -> state after the epoch.

    The evidence is averaged over one more epoch, and the method's memory refitted.
    """

    def look_back(state, trial, scores, probs):
        epochs = state.step // trial.steps_per_epoch
        evidence = state.evidence + (probs - state.evidence) / epochs
        state = state._replace(evidence=evidence)
        if not algorithm.refresh:
            return state
        learned = jnp.where(trial.learned, scores, jnp.nan)
        progress = Progress(state.step, epochs)
        memory = algorithm.refresh(state.memory, learned, trial.given, progress)
        return state._replace(memory=memory)

    return look_back


def make_log_odds(algorithm: Algorithm) -> Callable:
    """log_odds(state, trial, scores [P, N]) -> [P, N] that given labels are right."""

    def log_odds(state, trial, scores):
        return algorithm.log_odds(state.memory, scores, trial.given)

    return log_odds


def make_absorb(algorithm: Algorithm, source: Source) -> Callable:
    """absorb(state, trial, stored, index, mask) -> state after one more batch."""

    def absorb(state, trial, stored, index, mask):
        batch = Batch(source.plain(stored)[None], trial.given[index], index)
        memory = algorithm.absorb(
            state.params,
            state.stats,
            state.memory,
            batch,
            mask & trial.learned[index],
        )
        return state._replace(memory=memory)

    return absorb


def gather(
    function: Callable,
    batches: Iterable[tuple[jax.Array, ...]],
    count: int,
    axes: Sequence[int],
    advance: Callable[[int], object] = lambda done: None,
) -> tuple[np.ndarray, ...]:
    """function(pool, index) over all of `batches`, strung together on the host.

    Args:
      function: of one padded batch, to arrays.
      batches: (pool, index [B], mask [B]) of all N examples in order, and padding.
      count: N.
      axes: of each array, that of the batch.
      advance: called with the number of examples done, for the progress bar.

    Returns:
      The arrays, with N in the place of B.
    """
    parts, left = [], count
    for pool, index, _ in batches:
        parts.append(jax.device_get(function(pool, index)))
        done = min(left, len(index))
        advance(done)
        left -= done
    return tuple(
        np.concatenate(values, axis)[(slice(None),) * axis + (slice(count),)]
        for values, axis in zip(zip(*parts), axes)
    )
