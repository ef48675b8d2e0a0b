"""Passes over the training set that learn nothing: scores and predictions."""

import jax
import numpy as np

from fer_jax.algorithms import Batch


def make_score(algorithm, augment, prepare, labels):
    """score(state, images, index) -> [P, B], with the batch statistics frozen.

    The images are augmented as for training (the ReSup release does so), with the
    draws of the step that comes next, unless the method wants them plain.

    Args:
      labels: [N] int32, the given ones.
    """

    def score(state, images, index):
        if algorithm.scores_augmented:
            views = augment(state.step, index, images)
        else:
            views = prepare(images)[None]
        batch = Batch(views, labels[index], index)
        return algorithm.score(state.params, state.stats, batch)

    return jax.jit(score)


def make_absorb(algorithm, prepare):
    """absorb(state, images, index, mask) -> memory after one more batch."""

    def absorb(state, images, index, mask):
        batch = Batch(prepare(images)[None], state.labels[index], index)
        return algorithm.absorb(state.params, state.stats, state.memory, batch, mask)

    return jax.jit(absorb)


def make_probs(algorithm, prepare):
    """probs(state, images, index) -> [P, B, C] of unaugmented images."""

    def probs(state, images, index):
        del index
        prediction = algorithm.predict(state.params, state.stats, prepare(images))
        return jax.nn.softmax(prediction.logits)

    return jax.jit(probs)


def gather(function, state, batches, count, advance=lambda done: None):
    """function(state, images, index) over all of `batches`, put in order.

    Args:
      function: of one padded batch, to [P, B, ...].
      batches: host batches with 'images', 'index' and 'mask'; each example once.
      count: N.
      advance: called with the number of examples done, for the progress bar.

    Returns:
      [P, N, ...] float32 on the host.
    """
    table = None
    for batch in batches:
        device = jax.device_put((batch['images'], batch['index']))
        values = jax.device_get(function(state, *device))
        if table is None:
            shape = (values.shape[0], count, *values.shape[2:])
            table = np.full(shape, np.nan, np.float32)
        mask = batch['mask']
        table[:, batch['index'][mask]] = values[:, mask]
        advance(int(mask.sum()))
    return table
