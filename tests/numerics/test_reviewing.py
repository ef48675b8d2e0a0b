"""What decisions about some labels say of the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import axes, judging, reviewing, transition

CLASSES, NUM = 3, 300


@pytest.fixture(scope='module')
def faces():
    """Features on their axes, true and given labels: class 0 is called 1 half the
    time, as people confuse them; the features do not tell these two apart well."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, CLASSES, NUM)
    centres = np.array([[0, 0], [1.5, 0], [0, 6]])
    features = centres[true] + rng.standard_normal((NUM, 2))
    features = np.concatenate([features, rng.standard_normal((NUM, 4))], 1)
    given = np.where((true == 0) & (rng.random(NUM) < 0.5), 1, true)
    return axes.uncorrelated(features.astype(np.float32)), true, given


def undecided(count=NUM):
    return np.zeros((count, CLASSES), np.float32), np.zeros(count, bool)


def learned(faces, shares, dropped, order=slice(None)):
    x, _, given = faces
    place = judging.places(x, given, CLASSES, judging.FOLDS, 0)
    x, given, place = (jnp.asarray(each[order]) for each in (x, given, place))
    belief = reviewing.begin(x, given, place, transition.uniform(0.2, CLASSES))
    decided = reviewing.Decided(jnp.asarray(shares[order]), jnp.asarray(dropped[order]))
    return jax.device_get(reviewing.learn(belief, decided, x, given, place))


def test_what_was_decided_is_believed(faces):
    shares, dropped = undecided()
    shares[4, 2], shares[9, :2] = 1, 0.5
    belief = learned(faces, shares, dropped)
    np.testing.assert_array_equal(belief.posterior[[4, 9]], shares[[4, 9]])
    np.testing.assert_allclose(belief.posterior.sum(axis=1), 1, rtol=1e-5)


def test_the_matrix_of_a_set_that_is_all_decided_is_counted(faces):
    """Counts by (true, given), and 20 a row of the uniform matrix of the rate."""
    _, true, given = faces
    shares, dropped = undecided()
    shares[np.arange(NUM), true] = 1
    counts = np.zeros((CLASSES, CLASSES))
    np.add.at(counts, (true, given), 1)
    rate = (true != given).mean()
    counts += 20 * np.where(np.eye(CLASSES), 1 - rate, rate / 2)
    wanted = counts / counts.sum(axis=1, keepdims=True)
    found = learned(faces, shares, dropped).transition
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_nothing_is_learned_from_what_was_dropped(faces):
    x, _, given = faces
    shares, dropped = undecided()
    dropped[:20] = True
    other = np.where(dropped, (given + 1) % CLASSES, given)
    place = jnp.asarray(judging.places(x, given, CLASSES, judging.FOLDS, 0))
    found = []
    for labels in (given, other):
        labels = jnp.asarray(labels)
        belief = reviewing.Belief(jnp.full((NUM, CLASSES), 1 / 3), jnp.eye(3), None)
        decided = reviewing.Decided(jnp.asarray(shares), jnp.asarray(dropped))
        found.append(reviewing.learn(belief, decided, jnp.asarray(x), labels, place))
    first, second = (jax.device_get(belief) for belief in found)
    np.testing.assert_allclose(first.transition, second.transition, atol=1e-6)
    np.testing.assert_allclose(first.posterior[20:], second.posterior[20:], atol=1e-5)


def test_decisions_about_some_tell_of_others(faces):
    """Of labels 1, those that the reviewer calls 0 teach where 0 is called 1."""
    _, true, given = faces
    shares, dropped = undecided()
    reviewed = np.flatnonzero(given == 1)[::2]
    shares[reviewed, true[reviewed]] = 1
    left = np.setdiff1d(np.arange(NUM), reviewed)
    wrong = (true != given)[left]

    def auroc(trust):
        return (trust[left][wrong][:, None] < trust[left][~wrong][None]).mean()

    before = reviewing.log_odds(learned(faces, *undecided()), given)
    after = reviewing.log_odds(learned(faces, shares, dropped), given)
    assert auroc(after) > auroc(before) + 0.01
    # half of class 0 is called 1, of the others none
    matrix = learned(faces, shares, dropped).transition
    assert abs(matrix[0, 1] - 0.5) < 0.15
    assert matrix[2, 1] < 0.05


def test_the_order_of_examples_does_not_matter(faces):
    shares, dropped = undecided()
    shares[3, 0], dropped[7] = 1, True
    order = np.random.default_rng(1).permutation(NUM)
    plain, turned = (learned(faces, shares, dropped, o) for o in (slice(None), order))
    np.testing.assert_allclose(plain.posterior[order], turned.posterior, atol=1e-4)
    np.testing.assert_allclose(plain.transition, turned.transition, atol=1e-4)


def test_log_odds_are_those_of_the_given_label_and_finite():
    posterior = jnp.array([[0.8, 0.2], [1.0, 0.0], [1.0, 0.0]])
    belief = reviewing.Belief(posterior, jnp.eye(2), None)
    found = reviewing.log_odds(belief, np.array([0, 0, 1]))
    np.testing.assert_allclose(found, [np.log(4), 30, -30], rtol=1e-5)
