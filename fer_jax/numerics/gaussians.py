"""Two-component Gaussian mixtures over one number per example (DivideMix).

    p(x) = sum_k share_k Normal(x; mean_k, variance_k)

by EM as scikit-learn does it: hard responsibilities from two-means first, a floor added
to each variance, at most ten iterations, fewer once the mean log-likelihood changes by
less than the tolerance. That early stop is part of the method: converged, the broad
component of the wrong labels eats into the right ones.

Differs from scikit-learn: two-means starts from the least and the largest value, so
that nothing is drawn; the component of the larger mean is always the second; float32;
log-odds that turn outside the two means are held there (see `log_odds`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

LEAST_MASS = 1e-6  # of a component, so that its moments are numbers
LEAST_SPREAD = 1e-9  # variance below which all values are the same number
ROUNDS = 10  # of two-means


class Mixture(NamedTuple):
    """Two Gaussians and their shares; the second has the larger mean."""

    mean: jax.Array  # [..., 2] float32
    variance: jax.Array  # [..., 2] float32, > 0
    share: jax.Array  # [..., 2] float32, sums to 1


def start() -> Mixture:
    """A Mixture to hold the place of the first fit: means 0 and 1, equal otherwise."""
    return Mixture(
        mean=jnp.array([0.0, 1.0], jnp.float32),
        variance=jnp.array([0.1, 0.1], jnp.float32),
        share=jnp.array([0.5, 0.5], jnp.float32),
    )


def fit(
    x: jax.Array,
    mask: jax.Array,
    iterations: int = 10,
    tolerance: float = 1e-2,
    floor: float = 5e-4,
) -> tuple[Mixture, jax.Array]:
    """Mixture of the values x, and whether it means anything.

    E: r_k(x) ~ share_k Normal(x; mean_k, variance_k)
    M: mean and variance of x under r_k, plus `floor`; share_k = mean of r_k

    A pure function of fixed shapes: jit it and vmap it over peers.

    Args:
      x: [N] numbers, of the order of 1; those that are not finite are left out.
      mask: [N] bool, False for entries to leave out.
      iterations: how often E and M are done at most.
      tolerance: a smaller change of the mean log-likelihood ends the fit.
      floor: added to each variance (reg_covar of scikit-learn).

    Returns:
      The Mixture, leaves [2], always finite; and valid, [] bool: False when fewer than
      two values, or only equal ones, were left.
    """
    x = x.astype(jnp.float32)
    used = mask & jnp.isfinite(x)
    x = jnp.where(used, x, 0.0)
    mask = used.astype(jnp.float32)

    def improve(_, carry):
        mixture, before, done = carry
        joint = _log_joint(mixture, x)
        likelihood = jax.nn.logsumexp(joint, axis=0)
        now = jnp.sum(mask * likelihood) / jnp.maximum(jnp.sum(mask), 1.0)
        better = _match(x, mask[None] * jnp.exp(joint - likelihood[None]), floor)
        kept = jax.tree.map(lambda a, b: jnp.where(done, a, b), mixture, better)
        return kept, now, done | (jnp.abs(now - before) < tolerance)

    first = _match(x, mask[None] * _two_means(x, used), floor)
    carry = first, jnp.float32(-jnp.inf), jnp.bool_(False)
    mixture, _, _ = jax.lax.fori_loop(0, iterations, improve, carry)
    swap = mixture.mean[0] > mixture.mean[1]
    mixture = Mixture(*(jnp.where(swap, leaf[::-1], leaf) for leaf in mixture))
    finite = jnp.isfinite(jnp.stack(mixture)).all()
    mixture = jax.tree.map(
        lambda fitted, held: jnp.where(finite, fitted, held), mixture, start()
    )
    return mixture, finite & (_variance(x, mask) > LEAST_SPREAD)


def log_odds(mixture: Mixture, x: jax.Array) -> jax.Array:
    """g(x) = log(s_1 / s_0), s_k = share_k Normal(x; mean_k, variance_k), rising in x.

    g is quadratic: with v_1 > v_0 it dips at x* = m_0 - v_0 (m_1 - m_0) / (v_1 - v_0)
    below both means, with v_1 < v_0 it peaks at x* above both. Beyond x* the broader
    component would claim what lies furthest from it; there g goes on with slope 1,
    which leaves its value and keeps the ranking.

    Args:
      mixture: one Mixture, leaves [2]; vmap over peers.
      x: [...] numbers.

    Returns:
      [...] float32.
    """
    x = x.astype(jnp.float32)
    mean, variance, share = mixture
    turns = variance[0] != variance[1]
    wider = jnp.where(turns, variance[1] - variance[0], 1.0)
    turn = mean[0] - variance[0] * (mean[1] - mean[0]) / wider
    bounded = jnp.where(wider > 0.0, jnp.maximum(x, turn), jnp.minimum(x, turn))
    held = jnp.where(turns, bounded, x)
    wrong, right = (
        jnp.log(jnp.maximum(share[k], LEAST_MASS))
        - 0.5 * jnp.log(variance[k])
        - jnp.square(held - mean[k]) / (2.0 * variance[k])
        for k in (0, 1)
    )
    return right - wrong + (x - held)


def upper(mixture: Mixture, x: jax.Array) -> jax.Array:
    """Posterior of component 1 at x, [...] float32: sigmoid of the log-odds."""
    return jax.nn.sigmoid(log_odds(mixture, x))


def _log_joint(mixture, x):
    """[2, N]: log(share_k Normal(x; mean_k, variance_k)), up to a constant."""
    mean, variance, share = (leaf[:, None] for leaf in mixture)
    share = jnp.maximum(share, LEAST_MASS)
    distance = jnp.square(x[None] - mean) / variance
    return jnp.log(share) - 0.5 * (jnp.log(variance) + distance)


def _match(x, responsibilities, floor):
    """The M-step: the Mixture of the moments of x under responsibilities [2, N]."""
    mass = jnp.maximum(jnp.sum(responsibilities, axis=1), LEAST_MASS)
    mean = jnp.sum(responsibilities * x[None], axis=1) / mass
    distance = jnp.square(x[None] - mean[:, None])
    variance = jnp.sum(responsibilities * distance, axis=1) / mass + floor
    return Mixture(mean, variance, mass / jnp.sum(mass))


def _two_means(x, used):
    """[2, N] float32: 1 for the nearer of two centres, after Lloyd's iterations."""
    low = jnp.min(jnp.where(used, x, jnp.inf), initial=jnp.inf)
    high = jnp.max(jnp.where(used, x, -jnp.inf), initial=-jnp.inf)

    def upper(centres):
        return x > 0.5 * (centres[0] + centres[1])

    def move(_, centres):
        high = upper(centres)
        return jnp.stack([_mean(x, used & ~high), _mean(x, used & high)])

    centres = jnp.stack([low, high])
    centres = jnp.where(jnp.isfinite(centres), centres, 0.0)
    high = upper(jax.lax.fori_loop(0, ROUNDS, move, centres))
    return jnp.stack([~high, high]).astype(jnp.float32)


def _mean(x, chosen):
    """Mean of x where chosen; 0 when nothing is."""
    count = jnp.sum(chosen.astype(jnp.float32))
    return jnp.sum(jnp.where(chosen, x, 0.0)) / jnp.maximum(count, 1.0)


def _variance(x, mask):
    """Variance of x where mask is 1; 0 when nothing is left."""
    count = jnp.maximum(jnp.sum(mask), 1.0)
    centre = jnp.sum(mask * x) / count
    return jnp.sum(mask * jnp.square(x - centre)) / count
