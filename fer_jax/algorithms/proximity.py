"""Embedding proximity on top of any method: SCN-C, RUL-C, DMUE-C and the rest + C.

Methods that relabel keep flipping a label back and forth, because the features stay
near the old class. A centre loss pulls each example to the centre of its *current*
label (the embedding-proximity paper, eqs. 3 and 4; centre loss: Wen et al. 2016):

    L = L_method + gamma / B sum_i ||x_i - c_y||^2

x are the method's embeddings, y the labels that this batch learns from. The centres
start as the class means of one pass over the training set and move after each batch,
outside the gradient (numerics.centres). They live in the method's memory, so that a
checkpoint has them.

Differs from the paper
  * The paper prints a sum over the batch. With its own distances (7 to 50) and gammas
    that would be a thousand times the cross-entropy; `reduction='mean'` is what public
    centre-loss code does, 'sum' the literal formula.
  * "c is updated by averaging all deep features of the same class in each iteration"
    is `update='batch_mean'`; the default is Wen's damped rule, since a class with one
    example in the batch would jump onto it.
  * A class without any example at the start has no centre and no loss until a label is
    changed to it; its first batch mean is its centre.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm
from fer_jax.numerics import centres
from fer_jax.settings import Field, check

SCALES = {'mean': 1.0, 'half_mean': 0.5, 'sum': None}  # of the mean over the batch
SETTINGS = {
    'weight': Field(0.0, 'gamma of a centre loss on any method; 0: none', '[0, inf)'),
    'update': Field('wen', 'how centres move', centres.UPDATES),
    'rate': Field(0.5, 'how far: alpha of wen, 1 - mu of ema', '(0, 1]'),
    'reduction': Field('mean', 'over the batch', tuple(SCALES)),
}


class Memory(NamedTuple):
    """The method's own memory and the class centres."""

    method: Any
    centres: jax.Array  # [P, C, D] float32
    seen: jax.Array  # [C] float32, examples that a centre has met


def squared_distances(
    embeddings: jax.Array, memory: Memory, labels: jax.Array
) -> jax.Array:
    """||x - c_y||^2 [P, B] of embeddings [P, B, D]; 0 where a class has no centre."""
    distances = jax.vmap(centres.squared_distances, in_axes=(0, 0, None))(
        embeddings, memory.centres, labels
    )
    return jnp.where(memory.seen[labels] > 0, distances, 0.0)


def with_batch(
    memory: Memory,
    embeddings: jax.Array,
    labels: jax.Array,
    mask: jax.Array,
    update: str,
    rate: Any,
) -> Memory:
    """The Memory after a batch; the first examples of a class give its centre.

    Args:
      embeddings: [P, B, D].
      labels: [B].
      mask: [B], 0 for rows that do not count.
      update: as of numerics.centres.
      rate: how far centres move, [] or [C, 1].
    """
    embeddings = jax.lax.stop_gradient(embeddings)
    sums, counts = jax.vmap(centres.class_sums, in_axes=(0, None, None, None))(
        embeddings, labels, mask, len(memory.seen)
    )
    counts = counts[0]  # the same for every network

    def moved(old, sums):
        new = centres.moved(old, sums, counts, update, rate)
        first = centres.moved(old, sums, counts, 'batch_mean', 1.0)
        return jnp.where(memory.seen[:, None] > 0, new, first)

    return memory._replace(
        centres=jax.vmap(moved)(memory.centres, sums), seen=memory.seen + counts
    )


def attach(
    algorithm: Algorithm,
    *,
    num_classes: int,
    weight: float,
    update: str = 'wen',
    rate: float = 0.5,
    reduction: str = 'mean',
) -> Algorithm:
    """`algorithm` with a centre loss on its embeddings.

    Args:
      weight: gamma, > 0; the paper has .02 for AffectNet, .01 for RAF-DB, .1 for
        FERPlus, .002 for FER2013.
      update: 'wen', 'batch_mean' or 'ema' (numerics.centres).
      rate: how far centres move, in (0, 1].
      reduction: 'mean', 'half_mean' or 'sum' of the squared distances of a batch.

    Raises:
      Unusable: an unknown update or reduction, or a number out of its range.
    """
    given = {'update': update, 'rate': rate, 'reduction': reduction}
    for name, value in given.items():
        check(f'proximity.{name}', SETTINGS[name], value)
    check('proximity.weight', Field(0.0, '', '(0, inf)'), weight)

    def init(rng, images):
        params, stats, memory = algorithm.init(rng, images)
        shapes = jax.eval_shape(algorithm.predict, params, stats, images)
        size = shapes.embeddings.shape[-1]
        return (
            params,
            stats,
            Memory(
                memory,
                centres=jnp.zeros((algorithm.peers, num_classes, size)),
                seen=jnp.zeros(num_classes),
            ),
        )

    def absorb(params, stats, memory, batch, mask):
        """Class means over all batches: each moves a centre by its share, n / seen."""
        method = memory.method
        if algorithm.absorb:
            method = algorithm.absorb(params, stats, method, batch, mask)
        embeddings = algorithm.predict(params, stats, batch.images[0]).embeddings
        _, counts = centres.class_sums(embeddings[0], batch.labels, mask, num_classes)
        share = (counts / jnp.maximum(memory.seen + counts, 1.0))[:, None]
        memory = with_batch(memory, embeddings, batch.labels, mask, 'ema', share)
        return memory._replace(method=method)

    def objective(params, stats, memory, batch, progress, rng):
        loss, aux = algorithm.objective(
            params, stats, memory.method, batch, progress, rng
        )
        distances = squared_distances(aux.embeddings, memory, batch.labels)
        scale = SCALES[reduction] or len(batch.labels)
        loss += weight * scale * jnp.sum(jnp.mean(distances, axis=1))
        everyone = jnp.ones(len(batch.labels))
        memory = with_batch(
            memory, aux.embeddings, batch.labels, everyone, update, rate
        )
        distance = jnp.mean(jnp.sqrt(jax.lax.stop_gradient(distances)))
        return loss, aux._replace(
            memory=memory._replace(method=aux.memory),
            metrics=aux.metrics | {'loss': loss, 'centre_distance': distance},
        )

    def refresh(memory, scores, labels, progress):
        method = algorithm.refresh(memory.method, scores, labels, progress)
        return memory._replace(method=method)

    return algorithm._replace(
        init=init,
        objective=objective,
        refresh=refresh if algorithm.refresh else None,
        log_odds=lambda memory, *about: algorithm.log_odds(memory.method, *about),
        fit_of=lambda memory: algorithm.fit_of(memory.method),
        absorb=absorb,
    )
