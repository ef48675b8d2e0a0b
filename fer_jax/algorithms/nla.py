"""NLA: ambiguous labels weigh most, wrong ones least (Lee, Choi et al. 2025).

"Navigating Label Ambiguity for Facial Expression Recognition in the Wild". With
f = softmax(z), p = f_y and n the largest f of another class, the nearest negative:

    w = N((p, n); mu, S),  S = [[a, c], [c, a]],  a = s^2 + (s / r)^2
        right, p >= n:  mu = (.5, .5),   c = -e (s^2 - (s / r)^2)
        wrong, p < n:   mu = (.3, .15),  c = s^2 - (s / r)^2
    e = 1 - exp(-epoch / narrowing_epochs)
    L = 1/B sum_i [ (CE_i + w_i CE_i) / 2 + lambda JS(f_i, f'_i) ]

N is the density of a Gaussian of two dimensions, f' are the probabilities of the
mirrored view, JS the Jensen-Shannon divergence in nats. s and r are the spread along
the ridge of the density and its ratio to that across. Of the labels that the network
agrees with, those near p = n weigh most, the later the narrower; of the others, those
whose rival is sure weigh nothing.

The numbers are the release's for RAF-DB; configs/nla.py has those for AffectNet.
Networks with one view are those of EAC (eac.py): mirrored, by any recipe.

Differs from the released code
  * The weight is a constant. There the gradient goes through it, too, and moves (p, n)
    downhill in w; neither paper's abstract nor README says that it should.
  * lambda is per example: 16 = .5 times the release's batch of 32, over which it sums.
  * JS is about the mean of f and f'. There it is KL from the softmax of the mean of
    the logits to each, which is the same to second order, but not bounded by ln 2.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, eac, method, outcome
from fer_jax.numerics import losses
from fer_jax.settings import Field

AMBIGUOUS = (0.5, 0.5)  # mu of the labels that the network agrees with
SETTINGS = {
    'consistency': Field(16.0, 'lambda, weight of the divergence', '[0, inf)'),
    'narrowing_epochs': Field(
        4.0, 'time constant of e; the release: epochs / 15', '(0, inf)', 'epochs'
    ),
    'right_spread': Field(0.8, 's where label and prediction agree', '(0, inf)'),
    'right_ratio': Field(2.0, 'r there', '[1, inf)'),
    'wrong_spread': Field(0.91, 's where they do not', '(0, inf)'),
    'wrong_ratio': Field(6.0, 'r there', '[1, inf)'),
    'wrong_label': Field(0.3, 'p of mu there', '[0, 1]'),
    'wrong_rival': Field(0.15, 'n of mu there', '[0, 1]'),
}


def scores(probs: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    """p and n [...] of probs [..., C], C >= 2, and labels [...]."""
    own = jax.nn.one_hot(labels, probs.shape[-1], dtype=bool)
    own = jnp.broadcast_to(own, probs.shape)
    return (
        jnp.sum(jnp.where(own, probs, 0.0), axis=-1),
        jnp.max(jnp.where(own, 0.0, probs), axis=-1),
    )


def density(
    at: tuple[jax.Array, jax.Array],
    mean: tuple[float, float],
    spread: float,
    ratio: float,
    tilt: jax.Array | float,
) -> jax.Array:
    """N at (p, n), each [...]: S = [[a, c], [c, a]], c = tilt (s^2 - (s / r)^2).

    >>> origin = (jnp.array(0.0), jnp.array(0.0))
    >>> round(density(origin, (0.0, 0.0), 0.5, 1.0, 0.0).item(), 4)  # 1 / pi
    0.3183
    """
    along, across = spread**2, (spread / ratio) ** 2
    a, c = along + across, tilt * (along - across)
    p, n = (value - centre for value, centre in zip(at, mean))
    determinant = a * a - c * c
    distance = (a * (p * p + n * n) - 2 * c * p * n) / determinant
    return jnp.exp(-distance / 2) / (2 * jnp.pi * jnp.sqrt(determinant))


def divergence(logits: jax.Array, others: jax.Array) -> jax.Array:
    """JS [...] in nats, in [0, ln 2], of the softmax of logits and others [..., C]."""
    one, two = jax.nn.log_softmax(logits), jax.nn.log_softmax(others)
    middle = losses.log_mean(one, two)
    each = jnp.exp(one) * (one - middle) + jnp.exp(two) * (two - middle)
    return jnp.sum(each, axis=-1) / 2


def make(
    task: Task,
    *,
    consistency: float = 16.0,
    narrowing_epochs: float = 4.0,
    right_spread: float = 0.8,
    right_ratio: float = 2.0,
    wrong_spread: float = 0.91,
    wrong_ratio: float = 6.0,
    wrong_label: float = 0.3,
    wrong_rival: float = 0.15,
) -> Algorithm:
    """NLA as an Algorithm with one network; the defaults are the release's for RAF-DB.

    Args:
      consistency: lambda, weight of the divergence, >= 0.
      narrowing_epochs: time constant of e, > 0.
      right_spread, right_ratio: s and r where label and prediction agree.
      wrong_spread, wrong_ratio: s and r where they do not.
      wrong_label, wrong_rival: mu there.
    """
    nets = task.networks()

    def weight(logits, labels, epoch):
        at = scores(jax.nn.softmax(logits), labels)
        tilt = jnp.exp(-epoch.astype(jnp.float32) / narrowing_epochs) - 1
        right = density(at, AMBIGUOUS, right_spread, right_ratio, tilt)
        mean = wrong_label, wrong_rival
        wrong = density(at, mean, wrong_spread, wrong_ratio, 1.0)
        return jax.lax.stop_gradient(jnp.where(at[0] >= at[1], right, wrong))

    def objective(params, stats, memory, batch, progress, rng):
        first, second = jax.random.split(rng)
        (logits, embeddings), stats = nets.train(params, stats, first, batch.images[0])
        other = eac.other_view(batch)
        (mirrored, _), stats = nets.train(params, stats, second, other)
        weights = (1 + weight(logits, batch.labels, progress.epoch)) / 2
        loss_ce = jnp.mean(weights * losses.cross_entropy(logits, batch.labels))
        apart = jnp.mean(divergence(logits, mirrored))
        return outcome(
            loss_ce + consistency * apart,
            batch,
            stats,
            memory,
            logits,
            embeddings,
            weights,
            loss_ce=loss_ce,
            divergence=apart,
        )

    return method(nets, objective)
