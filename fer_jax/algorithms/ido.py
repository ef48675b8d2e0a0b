"""IDO: how often a label was contradicted while training (Zhang et al. 2025).

"Handling Label Noise via Instance-Level Difficulty Modeling and Dynamic Optimization".
A *wrong event* of an example is an answer of the network in a training step, one to
each view that is learned from, that is not its label. Their counts c tell hard and
wrong labels from easy ones better than a loss does, which a network that has learned by
heart makes small.

    stage 1, the first `warmup_epochs`:
        L = 1/B sum_i CE_i
    stage 2, with two views, probabilities f and f', logits z and z':
        u_i  = (c_i - min c) / (max c - min c)    after each epoch, and
        p(u) = sum_k pi_k Beta(u; alpha_k, beta_k), by EM
        w_i  = p(k of fewer events | u_i);  F_k the distribution functions
        L    = 1/B sum_i [ w_i (CE_i + CE'_i) + w_i (1 + F_0(u_i) - F_1(u_i)) m_i
                           + (1 - w_i) H((f_i + f'_i) / 2) ]
        m_i  = 1/C sum_k (z_ik - z'_ik)^2

p is one mixture about all labels or, by default, one for the labels of each class
(numerics.division). What it says of a label is read from the counts, not from the
newest prediction: log_odds are those of few events. Before there is a valid fit, w = 1.

Differs from the released code
  * One run: stage 2 goes on with the network that stage 1 ends with. There it starts
    from the weights of before predictions first changed more than in the epoch before,
    with a new optimiser.
  * w and F are read after an epoch, when p is fitted; there the events of the step
    itself count, too.
  * Both views are drawn by the run's recipe; there the second is RandAugment's.
  * The guarded fit of `rules='safe'` (numerics.mixtures), begun anew after each epoch;
    there 20 rounds of EM and then 2 an epoch, going on.
  * An example that is twice in a batch counts its first row.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import betainc

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.numerics import division, losses, rows
from fer_jax.settings import Field

MIXTURES = ('class', 'global')
SETTINGS = {
    'warmup_epochs': Field(5, 'stage 1, of plain cross-entropy', '[0, inf)', 'epochs'),
    'mixture': Field('class', 'of counts: one for each class, or one', MIXTURES),
    'em_iterations': Field(10, 'of each fit of a mixture', '[1, inf)'),
}


class Memory(NamedTuple):
    """What IDO remembers of the training set."""

    counts: jax.Array  # [N] float32, wrong events of each example
    clean: jax.Array  # [N] float32, w; 1 before there is a valid fit
    alike: jax.Array  # [N] float32, w (1 + F_0 - F_1); 1 before
    fitted: division.Fitted  # over counts; with an axis C of mixture='class'


def events(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """[...] float32: 1 where the answer of logits [..., C] is not the label [...]."""
    return (jnp.argmax(logits, axis=-1) != labels).astype(jnp.float32)


def agreement(mixture: Any, values: jax.Array) -> jax.Array:
    """1 + F_0(u) - F_1(u) [P, N] of a mixture of arrays [P, 2] and values [P, N]."""
    at = jnp.clip(values, 0.0, 1.0)
    few, many = (
        betainc(mixture.a[:, k : k + 1], mixture.b[:, k : k + 1], at) for k in (0, 1)
    )
    return 1 + few - many


def entropy(logits: jax.Array, others: jax.Array) -> jax.Array:
    """H [...] in nats of the mean of the softmax of logits and others [..., C]."""
    mean = losses.log_mean(jax.nn.log_softmax(logits), jax.nn.log_softmax(others))
    return -jnp.sum(jnp.exp(mean) * mean, axis=-1)


def dynamic_loss(
    logits: jax.Array,
    others: jax.Array,
    labels: jax.Array,
    clean: jax.Array,
    alike: jax.Array,
) -> jax.Array:
    """[P, B] of stage 2, from the logits [P, B, C] of two views.

    Args:
      labels: [B].
      clean: w [B].
      alike: w (1 + F_0 - F_1) [B].
    """
    cross_entropy = losses.cross_entropy(logits, labels)
    cross_entropy += losses.cross_entropy(others, labels)
    difference = jnp.mean(jnp.square(logits - others), axis=-1)
    unsure = (1 - clean) * entropy(logits, others)
    return clean * cross_entropy + alike * difference + unsure


def judged(
    memory: Memory,
    known: jax.Array,
    labels: jax.Array,
    tools: division.Tools,
    classes: int | None,
) -> Memory:
    """The Memory after a fit to the counts of the examples `known` [1, N] bool.

    Args:
      labels: [N], the given ones.
      classes: one mixture for the labels of each; None: one for all.
    """
    counts = memory.counts[None]
    span = division.whole_span(jnp.where(known, counts, jnp.nan))
    values = division.scaled(span, counts)
    newest, valid = division.fit(tools, values, known, labels, classes)
    fitted = division.refitted(memory.fitted, newest, span, valid)
    values = division.scaled(fitted.span, counts, labels)
    ready = division.ready(fitted, labels)
    clean = 1 - division.read(tools.upper, fitted.mixture, values, labels)
    alike = clean * division.read(agreement, fitted.mixture, values, labels)
    return Memory(
        counts=memory.counts,
        clean=jnp.where(ready, clean, 1.0)[0],
        alike=jnp.where(ready, alike, 1.0)[0],
        fitted=fitted,
    )


def untrained(fitted: division.Fitted, count: int) -> Memory:
    """The Memory of `count` examples before the first step."""
    return Memory(jnp.zeros(count), jnp.ones(count), jnp.ones(count), fitted)


def make(
    task: Task,
    *,
    warmup_epochs: int = 5,
    mixture: str = 'class',
    em_iterations: int = 10,
) -> Algorithm:
    """IDO as an Algorithm with one network and two views of each image.

    Args:
      warmup_epochs: epochs of stage 1; 5 is the release's for CIFAR-10.
      mixture: 'class', one for each class, or 'global', one for all labels.
      em_iterations: EM steps of each fit.
    """
    nets = task.networks()
    tools = division.tools('beta', 'safe', em_iterations)
    classes = task.num_classes if mixture == 'class' else None

    def objective(params, stats, memory, batch, progress, rng):
        first, second = jax.random.split(rng)
        (logits, embeddings), stats = nets.train(params, stats, first, batch.images[0])
        (others, _), stats = nets.train(params, stats, second, batch.images[1])
        started = progress.epoch >= warmup_epochs
        new = events(logits[0], batch.labels)
        new += jnp.where(started, events(others[0], batch.labels), 0.0)
        counts = memory.counts[batch.index] + new
        weights, alike = memory.clean[batch.index], memory.alike[batch.index]

        plain = losses.cross_entropy(logits, batch.labels)
        dynamic = dynamic_loss(logits, others, batch.labels, weights, alike)
        return outcome(
            jnp.mean(jnp.where(started, dynamic, plain)),
            batch,
            stats,
            memory._replace(counts=rows.written(memory.counts, batch.index, counts)),
            logits,
            embeddings,
            jnp.where(started, weights, 1.0),
            events=jnp.mean(new),
        )

    def refresh(memory, scores, labels, progress):
        del progress
        return judged(memory, jnp.isfinite(scores), labels, tools, classes)

    def log_odds(memory, scores, labels):
        """[1, N] of few events; 0 where nothing is known, as without a fit."""
        fitted = memory.fitted
        many = division.log_odds(fitted, memory.counts[None], labels)
        known = division.ready(fitted, labels) & jnp.isfinite(scores)
        return jnp.where(known, -many, 0.0)

    return method(
        nets,
        objective,
        memory=untrained(division.unfitted(tools, 1, classes), task.num_examples),
        views=2,
        refresh=refresh,
        log_odds=log_odds,
    )
