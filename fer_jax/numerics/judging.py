"""Which given labels are wrong, from features of a frozen network: no network trained.

1. Regression out of fold (numerics.regression), plain and through a transition matrix T
   that rounds of EM find (numerics.transition). In each round the logits are sharpened
   by the factor under which the given labels are likeliest: the penalty makes them
   flat, and flat logits take half of the wrong labels for right ones.
2. The order is by log-odds that are as cautious as T is uninformative
   (decided_by):
   'both': the mean of those of the plain regression and of the one learned through T,
      each sharpened. Within a class this is what decides in any case.
   'T': half the latter read through T, half 'both', moved in each class to the share of
      right labels that T finds there. Only where T, of many labels, is likelier than a
      uniform matrix by GAIN: of symmetric noise it learns which faces are hard, and
      would doubt their classes.
   'regression': the plain one's. Where T finds fewer than FEW, it has too few wrong
      labels to learn from.
3. The probability: these log-odds, moved together until their mean is the rate. A rate
   that somebody gives moves probabilities and never the order.

All of it is done for two draws of folds, and the log-odds are averaged.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import regression, transition

FOLDS, DRAWS, ROUNDS = 5, 2, 6
ROUNDS_ALONE = 30  # where nothing is learned in a round
SMALLEST = 1e-6  # probability of a class
L2, ITERATIONS = 0.1, 20
PSEUDO = 100.0  # counts a row of T
FIRST = 0.3  # rate that T starts from
SHARPER = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 3.0)
FEW = 0.11  # estimated rate, below which T has no say
GAIN, MANY = 0.01, 5000  # nats a label that T has to gain, of so many labels or more
UNIFORM = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)  # rates it is held against
LEAST = 0.02  # share of right labels that any class keeps, and of wrong ones
LARGEST = 30.0  # of log-odds
UNSURE = 3.0  # the rate may be so many times smaller than estimated
UNSEEN = 3.0  # wrong labels that may be there where none is seen, at a level of 95 %


class Judged(NamedTuple):
    """What is said of N given labels."""

    log_odds: np.ndarray  # [N] float64 of being right: the order, whatever the rate
    plain: np.ndarray  # [N] float32, of the regression alone
    right: np.ndarray  # [N] float64 in (0, 1), with the rate as mean of 1 - right
    posterior: np.ndarray  # [N, C] float32, of each true class, through T
    suggested: np.ndarray  # [N] int32, the likeliest of them
    transition: np.ndarray  # [C, C] float32, T [true, given]
    estimate: float  # of the rate
    interval: tuple  # (low, high) that the rate is likely in
    by: str  # of decided_by, what decided about the order
    gain: float  # nats a label by which T is likelier than a uniform matrix
    agreement: (
        float  # share of given labels that the plain regression says, out of fold
    )


def judge(
    x: np.ndarray, given: np.ndarray, num_classes: int, rate: float | None = None
) -> Judged:
    """The Judged labels of a set.

    A permutation of examples or of classes permutes the result and changes nothing.

    Args:
      x: [N, D] float32, of axes.uncorrelated.
      given: [N] int in [0, C).
      num_classes: C, at least 2.
      rate: share of wrong labels in (0, 1), from who knows it; None: estimated.
    """
    features, labels = jnp.asarray(x), jnp.asarray(given, jnp.int32)
    targets = jax.nn.one_hot(labels, num_classes)
    found = []
    for draw in range(DRAWS):
        place = jnp.asarray(places(x, given, num_classes, FOLDS, draw))
        found.append(_one_draw(features, labels, targets, place, num_classes))
    plain, read, both, posterior, matrix, agreement, gain = (
        np.mean([one[i] for one in found], axis=0) for i in range(7)
    )
    estimate, agreement = float(1 - expit(read).mean()), float(agreement)
    by = decided_by(estimate, float(gain), len(given))
    if by == 'T':
        log_odds = (read + moved(both, expit(read), given, num_classes)) / 2
    else:
        log_odds = both if by == 'both' else plain
    log_odds = np.clip(log_odds, -LARGEST, LARGEST).astype(np.float64)
    low = min(estimate / UNSURE, 1 - agreement)
    return Judged(
        log_odds=log_odds,
        plain=plain,
        right=expit(log_odds + shift(log_odds, 1 - (rate or estimate))),
        posterior=posterior,
        suggested=posterior.argmax(axis=1).astype(np.int32),
        transition=matrix,
        estimate=estimate,
        interval=(low, max(1 - agreement, estimate, UNSEEN / len(given))),
        by=by,
        gain=float(gain),
        agreement=agreement,
    )


def of_evidence(probs: np.ndarray, given: np.ndarray) -> np.ndarray:
    """[N] log-odds of being right: class probabilities read through their own T.

    T is found as in `judge`, by rounds of EM, but nothing is learned anew.

    Args:
      probs: [N, C], what networks said of each example; in sample, as a run's evidence.
      given: [N] int in [0, C).
    """
    labels = jnp.asarray(given, jnp.int32)
    logits = jnp.log(jnp.maximum(jnp.asarray(probs, jnp.float32), SMALLEST))
    matrix = transition.uniform(FIRST, probs.shape[1])
    for _ in range(ROUNDS_ALONE):
        now = logits * sharpest(logits, labels, matrix)
        posterior = transition.posterior(now, labels, matrix)
        matrix = transition.update(posterior, labels, PSEUDO)
    return np.asarray(transition.log_odds(now, labels, matrix))


def decided_by(estimate: float, gain: float, count: int) -> str:
    """'regression', 'both' or 'T', by estimated rate, gain of T, number of labels."""
    if estimate < FEW:
        return 'regression'
    return 'T' if count < MANY or gain >= GAIN else 'both'


def _one_draw(x, given, targets, place, num_classes):
    """Log-odds [N] (plain; read through T; mean of both, read without), posteriors, T,
    agreement, gain."""

    def logits(matrix):
        # waited for: what is queued behind would have its memory already
        fit = jax.block_until_ready(
            regression.fit(
                x, targets, place, matrix, folds=FOLDS, l2=L2, iterations=ITERATIONS
            )
        )
        return jax.block_until_ready(regression.left_out(fit, x, place))

    first = logits(None)
    matrix = transition.uniform(FIRST, num_classes)
    for last in (*[False] * ROUNDS, True):
        now = logits(matrix)
        now = now * sharpest(now, given, matrix)
        posterior = transition.posterior(now, given, matrix)
        if not last:
            matrix = transition.update(posterior, given, PSEUDO)
    alone = first * sharpest(first, given, jnp.eye(num_classes))
    both = transition.log_odds(alone, given) + transition.log_odds(now, given)
    return [
        np.asarray(each)
        for each in (
            transition.log_odds(first, given),
            transition.log_odds(now, given, matrix),
            both / 2,
            posterior,
            matrix,
            (first.argmax(axis=1) == given).mean(),
            transition.likelihood(now, given, matrix) - likeliest(now, given),
        )
    ]


@jax.jit
def sharpest(logits: jax.Array, given: jax.Array, matrix: jax.Array) -> jax.Array:
    """The factor of SHARPER under which the given labels are likeliest."""
    return jnp.array(SHARPER)[_likelihoods(logits, given, matrix).argmax()]


@jax.jit
def likeliest(logits: jax.Array, given: jax.Array) -> jax.Array:
    """Mean log-likelihood of the given labels by the best uniform matrix and factor."""
    rates, c = jnp.array(UNIFORM), logits.shape[1]
    return jax.lax.map(
        lambda rate: _likelihoods(logits, given, transition.uniform(rate, c)).max(),
        rates,
    ).max()


def _likelihoods(logits, given, matrix):
    """Those of the given labels, by each factor of SHARPER."""
    return jax.lax.map(
        lambda factor: transition.likelihood(factor * logits, given, matrix),
        jnp.array(SHARPER),
    )


def moved(
    log_odds: np.ndarray, right: np.ndarray, given: np.ndarray, num_classes: int
) -> np.ndarray:
    """Log-odds [N], moved class by class to the mean of `right` [N] in the class."""
    found = np.array(log_odds, np.float64)
    for label in range(num_classes):
        inside = given == label
        if inside.any():
            share = np.clip(right[inside].mean(), LEAST, 1 - LEAST)
            found[inside] += shift(found[inside], share)
    return found


def shift(log_odds: np.ndarray, share: float) -> float:
    """What has to be added to log-odds so that their probabilities have this mean."""
    far = float(np.abs(log_odds).max()) + LARGEST
    low, high = -far, far
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if expit(log_odds + middle).mean() < share else (low, middle)
        )
    return (low + high) / 2


def expit(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-values)), float64."""
    return 1 / (1 + np.exp(-np.clip(np.asarray(values, np.float64), -700, 700)))


def places(
    x: np.ndarray, given: np.ndarray, num_classes: int, folds: int, axis: int
) -> np.ndarray:
    """[N] int32: the fold of each example, by what it is and not by its row.

    Along one axis, class by class, folds are dealt in turn: so each has its part of
    every class and of all along the axis, and five examples of a class go to five
    folds. Copies of a face go to one fold, for a copy vouches for its twin.

    Args:
      x: [N, D], of axes.uncorrelated.
      axis: column of x, modulo D; another one is another draw.
    """
    n, d = x.shape
    count = np.bincount(given, minlength=num_classes)
    along = x[:, axis % d].astype(np.float64)
    mean = np.bincount(given, along, num_classes) / np.maximum(count, 1)
    rank = np.empty(num_classes, int)
    rank[np.lexsort((mean, count))] = np.arange(num_classes)
    order = np.lexsort((rank[given], *x[:, : min(d, 8)].T[::-1]))
    steps = np.abs(np.diff(x[order][:, :8], axis=0)).max(axis=1, initial=0)
    new = np.r_[True, steps > 1e-4 * np.sqrt(np.square(x).sum(axis=1).mean())]
    if new.sum() < min(2 * folds, n):  # all alike: copies of nothing in particular
        new[:] = True
    firsts = order[new]
    dealt = np.empty(len(firsts), np.int32)
    dealt[np.lexsort((along[firsts], rank[given[firsts]]))] = (
        np.arange(len(firsts)) % folds
    )
    found = np.empty(n, np.int32)
    found[order] = dealt[np.cumsum(new) - 1]
    return found
