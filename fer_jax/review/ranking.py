"""The order in which labels are shown, and how it learns from decisions."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from fer_jax.analysis import sampled
from fer_jax.data.corrections import Decision
from fer_jax.numerics import judging, kinds, reviewing
from fer_jax.review.ground import Ground
from fer_jax.review.subject import Subject

Said = Sequence[tuple[int, Decision]]  # what was decided, with the row that it is of

FIRST = 200  # labels at the head of the order, of which it is said how many are new
ENOUGH = 50  # labels of a random sample from which probabilities are calibrated
UNKNOWN = 0  # place in kinds.KINDS


class Ranking(NamedTuple):
    """What is thought of N labels, and the order that follows."""

    version: int
    after: int  # decisions that it was learned from
    log_odds: np.ndarray  # [N] float64 that given labels are right
    right: np.ndarray  # [N] float64 in [0, 1]
    suggested: np.ndarray  # [N] int32
    kind: np.ndarray  # [N] int8, places in kinds.KINDS
    order: np.ndarray  # [N] int32, rows, those to look at first first
    moved: int  # labels among the first FIRST that were not there before


def begun(subject: Subject) -> Ranking:
    """The Ranking of the audit, before anything else is known."""
    none = np.full(len(subject.ids), UNKNOWN, np.int8)
    return Ranking(
        version=0,
        after=0,
        log_odds=subject.log_odds,
        right=subject.right,
        suggested=subject.suggested,
        kind=none,
        order=ordered(subject.log_odds, none),
        moved=0,
    )


def learned(
    subject: Subject, ground: Ground, decisions: Said, before: Ranking
) -> Ranking:
    """The next Ranking, from all that was decided so far."""
    given, decided = subject.given, taught(subject, decisions)
    if decisions:
        labels = jnp.asarray(given)
        belief = reviewing.learn(
            ground.belief, decided, ground.features, labels, ground.place
        )
        log_odds = reviewing.log_odds(belief, labels)
        if subject.trained:  # the run saw the faces for epochs; decisions add to that
            log_odds = (log_odds + subject.log_odds) / 2
    else:
        belief, log_odds = ground.belief, subject.log_odds
    posterior = np.asarray(belief.posterior)
    shares = np.asarray(decided.shares)
    now = np.where(shares.any(axis=1), shares.argmax(axis=1), given)
    kind = kinds.of(
        posterior, now, same=ground.twins, far=ground.far, seen=ground.contrast
    )
    order = ordered(log_odds, kind)
    return Ranking(
        version=before.version + 1,
        after=len(decisions),
        log_odds=log_odds,
        right=chances(subject, log_odds, decisions),
        suggested=posterior.argmax(axis=1).astype(np.int32)
        if decisions
        else subject.suggested,
        kind=kind,
        order=order,
        moved=len(np.setdiff1d(order[:FIRST], before.order[:FIRST])),
    )


def ordered(log_odds: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """[N] int32: rows, twins that disagree first, then the least trusted labels."""
    certain = kind == kinds.KINDS.index('twin')
    return np.lexsort((log_odds, ~certain)).astype(np.int32)


def taught(subject: Subject, decisions: Said) -> reviewing.Decided:
    """Decisions as arrays of all N labels."""
    n, c = len(subject.ids), len(subject.names)
    shares, dropped = np.zeros((n, c), np.float32), np.zeros(n, bool)
    for row, one in decisions:
        if one.decision == 'drop':
            dropped[row] = True
        else:
            said = one.labels or (int(subject.given[row]),)
            shares[row, list(said)] = 1 / len(said)
    return reviewing.Decided(jnp.asarray(shares), jnp.asarray(dropped))


def judged_sample(subject: Subject, decisions: Said) -> tuple[np.ndarray, np.ndarray]:
    """(rows [n], whether their labels are right [n]) of a random sample's decisions.

    Dropped faces have no right label, so they are none of these; of two classes that
    fit either one is right.
    """
    judged = [
        (row, one) for row, one in decisions if one.sample and one.decision != 'drop'
    ]
    rows = np.array([row for row, _ in judged], int)
    right = [
        not one.labels or int(subject.given[row]) in one.labels for row, one in judged
    ]
    return rows, np.array(right, bool)


def chances(subject: Subject, log_odds: np.ndarray, decisions: Said) -> np.ndarray:
    """[N] probabilities that labels are right: by a random sample where there is one.

    The sample says what the audit's log-odds are worth, for its own labels are known
    by now.
    """
    rows, right = judged_sample(subject, decisions)
    if len(rows) < ENOUGH:
        rate = float((1 - subject.right).mean())
        return judging.expit(log_odds + judging.shift(log_odds, 1 - rate))
    before = np.concatenate([subject.log_odds[rows], log_odds])
    return sampled.calibrated(before, np.arange(len(rows)), right)[len(rows) :]
