"""What a person's decisions say of the labels that nobody has looked at yet.

A belief is P(true = k | face, given label) of each example, out of fold, and a
transition matrix T [true, given]. After some decisions it is learned on from:

    1. targets: beliefs, and of decided examples the decision; dropped ones are out
    2. z: regression of targets to features (numerics.regression), out of fold, with
       half the penalty of `judging`, for beliefs say more than labels; sharpened, too
    3. beliefs: softmax(z)_k T_ky, decided ones as they were decided
    4. T: sums of beliefs by given class, with PSEUDO counts a row of a uniform matrix

Decisions are of the labels most doubted, not of a random sample: what they say about T
is seen beside the beliefs of all the others, and not by itself.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import judging, regression, transition

ROUNDS = 5
PSEUDO = 20.0  # counts a row of T
L2 = judging.L2 / 2  # of a regression of beliefs


class Belief(NamedTuple):
    """What is believed of N labels."""

    posterior: jax.Array  # [N, C] float32, of each true class
    transition: jax.Array  # [C, C] float32, T [true, given]
    fit: regression.Fit  # of the posteriors to the features


class Decided(NamedTuple):
    """What a person said of N labels; of most of them nothing."""

    shares: (
        jax.Array
    )  # [N, C] float32: one row sums to 1 where a class, or two, are said
    dropped: jax.Array  # [N] bool: no face, or none of the classes


def begin(
    x: jax.Array, given: jax.Array, place: jax.Array, matrix: jax.Array
) -> Belief:
    """The Belief before any decision.

    Args:
      x: [N, D] float32, of axes.uncorrelated.
      given: [N] int32 in [0, C).
      place: [N] int32, the fold of each example, of judging.places.
      matrix: [C, C] float32, T of judging.judge.
    """
    targets = jax.nn.one_hot(given, len(matrix))
    fit = _fit(x, targets, place, matrix, judging.L2)
    posterior = transition.posterior(regression.left_out(fit, x, place), given, matrix)
    return Belief(posterior, matrix, fit)


def learn(
    belief: Belief, decided: Decided, x: jax.Array, given: jax.Array, place: jax.Array
) -> Belief:
    """The Belief after decisions; the rest as for `begin`."""
    said = decided.shares.sum(axis=1) > 0
    kept = jnp.where(decided.dropped, -1, place)
    posterior, matrix = belief.posterior, belief.transition
    for _ in range(ROUNDS):
        posterior = jnp.where(said[:, None], decided.shares, posterior)
        fit = _fit(x, posterior, kept, None, L2)
        logits = regression.left_out(fit, x, place)
        # zeros are as likely by any factor: dropped labels have no say in it
        heard = jnp.where(decided.dropped[:, None], 0, logits)
        logits = logits * judging.sharpest(heard, given, matrix)
        posterior = transition.posterior(logits, given, matrix)
        posterior = jnp.where(said[:, None], decided.shares, posterior)
        inside = jnp.where(decided.dropped[:, None], 0, posterior)
        matrix = transition.update(inside, given, PSEUDO)
    return Belief(posterior, matrix, fit)


def _fit(x, targets, place, matrix, l2):
    return regression.fit(
        x,
        targets,
        place,
        matrix,
        folds=judging.FOLDS,
        l2=l2,
        iterations=judging.ITERATIONS,
    )


def log_odds(belief: Belief, given: jax.Array) -> np.ndarray:
    """[N] float64 that given labels are right, in +-judging.LARGEST."""
    own = np.take_along_axis(
        np.asarray(belief.posterior), np.asarray(given)[:, None], 1
    )
    own = own[:, 0].astype(np.float64)
    least = np.exp(-judging.LARGEST)
    return np.log(own + least) - np.log1p(least - own)
