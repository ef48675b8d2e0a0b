"""Passes over the training set that learn nothing: scores and predictions."""

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.algorithms import Batch


def make_score(algorithm, augment, prepare, labels):
    """score(state, images, index) -> [P, B], with the batch statistics frozen.

    The images are augmented as for training (the ReSup release does so), with the
    draws of the step that comes next, unless the signal wants them plain.

    Args:
      labels: [N] int32, the given ones, on the host.
    """

    def score(state, images, index):
        if algorithm.signal.augmented:
            images = augment(state.step, index, images)[0]
        else:
            images = prepare(images)
        logits = algorithm.predict(state.params, state.stats, images).logits
        return algorithm.signal.of(logits, jnp.asarray(labels)[index])

    return score


def make_absorb(algorithm, prepare):
    """absorb(state, images, index, mask) -> memory after one more batch."""

    def absorb(state, images, index, mask):
        batch = Batch(prepare(images)[None], state.labels[index], index)
        return algorithm.absorb(state.params, state.stats, state.memory, batch, mask)

    return absorb


def make_probs(algorithm, prepare):
    """probs(state, images, index) -> [P, B, C] of unaugmented images."""

    def probs(state, images, index):
        del index
        prediction = algorithm.predict(state.params, state.stats, prepare(images))
        return jax.nn.softmax(prediction.logits)

    return probs


def gather(function, state, batches, count, advance=lambda done: None):
    """function(state, images, index) over all of `batches`, strung together.

    Args:
      function: of one padded batch, to [P, B, ...].
      batches: with 'images' and 'index'; all N examples in their order, and padding.
      count: N.
      advance: called with the number of examples done, for the progress bar.

    Returns:
      [P, N, ...] float32 on the host.
    """
    parts, left = [], count
    for batch in batches:
        values = function(state, batch['images'], batch['index'])
        parts.append(np.asarray(jax.device_get(values), np.float32))
        done = min(left, parts[-1].shape[1])
        advance(done)
        left -= done
    return np.concatenate(parts, axis=1)[:, :count]
