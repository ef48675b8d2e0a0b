"""A PT-style arm: small losses and a mean teacher (ReSup's section 4.6).

The Progressive Teacher (PT; Jiang and Deng, "Boosting Facial Expression Recognition by
a Semi-Supervised Progressive Teacher") has no public training code. From its abstract:
labelled samples are selected progressively for the classification loss, and a
consistency loss teaches what unlabelled images can. Put together from these parts, with
a mean teacher:

    K     = the n = floor((1 - R(e)) B) examples of smallest CE of the student
    L     = 1/n sum_{i in K} CE_i + c(e) 1/B sum_i 1/C sum_k (f_ik - f'_ik)^2
    c(e)  = consistency exp(-5 (1 - e / consistency_ramp_epochs)^2), then constant
    theta'_t = a theta'_{t-1} + (1 - a) theta_t,   a = min(1 - 1 / (t + 1), decay)

with f = softmax of the student on one augmented view and f' of the teacher on another,
R(e) the forget rate of Co-teaching (numerics.selection), e and t counted from 0. No
gradient reaches the teacher. The growing a (Tarvainen and Valpola 2017, in their code)
keeps the random start out of the average. The teacher sees its batches in train mode
and keeps batch statistics of its own, as there.

The teacher is what predicts and what scores labels. It lives among the statistics,
because prediction sees no memory; it lags the student by one step.

Differs from PT: no unlabelled images (PT adds 280,000 of AffectNet), one student and
one teacher, and settings of our own choice where nothing is known, consistency first.
The numbers that the ReSup paper prints for "the threshold of PT" (RAF-DB with 10, 20
and 30 % noise: 84.91, 77.93 and 72.46 %) are not to be expected of it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Prediction, Task, method, outcome
from fer_jax.numerics import losses, ramp, selection
from fer_jax.settings import Field

SETTINGS = {
    **selection.SETTINGS,
    'decay': Field(0.999, 'share of the old teacher in the new one', '[0, 1)'),
    'consistency': Field(10.0, 'weight of the squared difference', '[0, inf)'),
    'consistency_ramp_epochs': Field(
        5, 'until that weight is reached', '[0, inf)', 'epochs'
    ),
}


class Stats(NamedTuple):
    """Everything of the networks that gradients do not train; leaves [1, ...]."""

    student: Any  # batch statistics
    teacher: Any  # batch statistics
    teacher_params: Any


def averaged(teacher: Any, student: Any, step: jax.Array, decay: float) -> Any:
    """The teacher's parameters after one more student; step 0 copies the student."""
    rate = jnp.minimum(1 - 1 / (jnp.float32(step) + 1), decay)
    return jax.tree.map(lambda t, s: rate * t + (1 - rate) * s, teacher, student)


def make(
    task: Task,
    *,
    noise_rate: float = 0.2,
    ramp_epochs: int = 10,
    exponent: float = 1.0,
    decay: float = 0.999,
    consistency: float = 10.0,
    consistency_ramp_epochs: int = 5,
) -> Algorithm:
    """The arm as an Algorithm with one student and two views of each image.

    Args:
      noise_rate: tau, the fraction of wrong labels as the method is told, in [0, 1).
      ramp_epochs: T_k, epochs until the forget rate is noise_rate.
      exponent: c of the forget rate.
      decay: largest share of the old teacher in the new one, in [0, 1).
      consistency: weight of the squared difference, >= 0.
      consistency_ramp_epochs: epochs until that weight is reached.
    """
    nets = task.networks()

    def init(rng, images):
        params, stats = nets.init(rng, images)
        # copies: a step is given its state's buffers, and none of them twice
        teacher, teacher_params = jax.tree.map(jnp.copy, (stats, params))
        return params, Stats(stats, teacher, teacher_params), ()

    def objective(params, stats, memory, batch, progress, rng):
        own, other = batch.images
        rng, teacher_rng = jax.random.split(rng)
        teacher = averaged(
            stats.teacher_params, jax.lax.stop_gradient(params), progress.step, decay
        )
        (target, _), teacher_stats = nets.train(
            teacher, stats.teacher, teacher_rng, other
        )
        (logits, embeddings), student_stats = nets.train(
            params, stats.student, rng, own
        )
        cross_entropy = losses.cross_entropy(logits, batch.labels)
        forget = selection.forget_rate(
            progress.epoch + 1, noise_rate, ramp_epochs, exponent
        )
        count = selection.kept_count(forget, len(batch.labels))
        kept = selection.keep_smallest(cross_entropy, count).astype(jnp.float32)
        loss_ce = losses.weighted_mean(cross_entropy, kept)
        difference = jnp.mean(
            jnp.square(jax.nn.softmax(logits) - jax.nn.softmax(target))
        )
        weight = consistency * ramp.up(progress.epoch, consistency_ramp_epochs)
        loss = loss_ce + weight * difference
        return outcome(
            loss,
            batch,
            Stats(student_stats, teacher_stats, teacher),
            memory,
            logits,
            embeddings,
            weights=kept,
            loss_ce=loss_ce,
            difference=difference,
            forget_rate=forget,
        )

    def predict(params, stats, images):
        del params  # the teacher's are among the statistics
        return Prediction(*nets.predict(stats.teacher_params, stats.teacher, images))

    return method(nets, objective, init=init, predict=predict, views=2)
