"""Wrong labels from features: the regression's optimum, T's EM, the order, the rate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from fer_jax.numerics import axes, judging, regression, transition


def blobs(n, classes, dims=12, apart=2.2, seed=0):
    """Features [n, dims] on their axes, and true classes."""
    generator = np.random.default_rng(seed)
    true = generator.permutation(np.arange(n) % classes)
    centres = apart * generator.normal(size=(classes, dims)) / np.sqrt(dims) * 2
    x = centres[true] + generator.normal(size=(n, dims))
    return axes.uncorrelated(x.astype(np.float32)), true


def noisy(true, rate, classes, seed=1):
    generator = np.random.default_rng(seed)
    moved = generator.random(len(true)) < rate
    return np.where(
        moved, (true + generator.integers(1, classes, len(true))) % classes, true
    )


def fitted(x, given, classes, matrix=None, iterations=400, l2=0.1):
    place = jnp.zeros(len(x), jnp.int32)  # the last problem has all rows
    return regression.fit(
        jnp.asarray(x), jax.nn.one_hot(given, classes), place, matrix,
        folds=1, l2=l2, iterations=iterations,
    )  # fmt: skip


def test_the_optimum_is_scikit_learns():
    """Its C is 1 / (n l2) for a mean loss; 5,000 rows are two blocks here."""
    x, true = blobs(5000, 4, dims=6)
    given = noisy(true, 0.3, 4)
    ours = fitted(x / 8, given, 4)
    theirs = LogisticRegression(C=1 / (0.1 * len(x)), solver='newton-cg', tol=1e-7)
    theirs.fit(x / 8, given)
    wanted = theirs.coef_.T - theirs.coef_.T.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(ours.weights[:, -1], wanted, atol=1e-4)
    bias = np.asarray(ours.bias[-1] - ours.bias[-1].mean())
    np.testing.assert_allclose(
        bias, theirs.intercept_ - theirs.intercept_.mean(), atol=1e-4
    )
    twice = fitted(np.tile(x / 8, (2, 1)), np.tile(given, 2), 4)
    np.testing.assert_allclose(twice.weights[:, -1], ours.weights[:, -1], atol=1e-4)


def test_each_row_is_judged_by_the_problem_that_left_it_out():
    x, given = blobs(60, 3, dims=4)
    place = np.arange(60, dtype=np.int32) % 3
    found = regression.fit(
        jnp.asarray(x), jax.nn.one_hot(given, 3), jnp.asarray(place),
        folds=3, l2=0.1, iterations=200,
    )  # fmt: skip
    logits = regression.left_out(found, jnp.asarray(x), jnp.asarray(place))
    for fold in range(3):
        out = place == fold
        alone = fitted(x[~out], given[~out], 3, iterations=400)
        np.testing.assert_allclose(
            logits[out], x[out] @ alone.weights[:, -1] + alone.bias[-1][None], atol=2e-2
        )


def test_em_is_that_of_a_plain_restatement():
    _, true = blobs(80, 3, dims=4)
    given, matrix = noisy(true, 0.3, 3), np.asarray(transition.uniform(0.3, 3))
    np.testing.assert_allclose(matrix, 0.15 + np.eye(3) * 0.55, atol=1e-7)
    logits = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    for _ in range(3):
        joint = special.softmax(logits.astype(np.float64), 1) * matrix[:, given].T
        posterior = joint / joint.sum(axis=1, keepdims=True)
        found = transition.posterior(logits, given, matrix)
        np.testing.assert_allclose(found, posterior, atol=1e-6)
        own = joint[np.arange(80), given]
        np.testing.assert_allclose(
            transition.log_odds(logits, given, matrix),
            np.log(own / (joint.sum(axis=1) - own)), atol=1e-4,
        )  # fmt: skip
        np.testing.assert_allclose(
            transition.likelihood(logits, given, matrix),
            np.log(joint.sum(axis=1)).mean(), atol=1e-5,
        )  # fmt: skip
        counts = np.stack([posterior[given == k].sum(axis=0) for k in range(3)], 1)
        rate = max(1 - np.trace(counts) / 80, 0.02)
        counts += 10 * ((1 - rate) * np.eye(3) + rate / 2 * (1 - np.eye(3)))
        matrix = transition.update(found, given, 10.0)
        np.testing.assert_allclose(
            matrix, counts / counts.sum(axis=1, keepdims=True), atol=1e-5
        )
        matrix = np.asarray(matrix)


def test_the_gradient_through_t_is_that_of_the_loss():
    x, given = blobs(50, 3, dims=4)
    matrix = jnp.array([[0.7, 0.2, 0.1], [0.0, 0.9, 0.1], [0.3, 0.3, 0.4]])
    found = fitted(x / 8, given, 3, matrix, iterations=2000)

    def loss(weights, bias):
        seen = jax.nn.softmax(x / 8 @ weights + bias[None]) @ matrix
        own = seen[jnp.arange(50), given]
        return -jnp.log(own).mean() + 0.05 * jnp.square(weights).sum()

    slopes = jax.grad(loss, (0, 1))(found.weights[:, -1], found.bias[-1])
    assert max(float(jnp.abs(slope).max()) for slope in slopes) < 1e-3


def test_wrong_labels_are_found_and_the_rate_moves_no_order():
    x, true = blobs(600, 4)
    given = noisy(true, 0.3, 4)
    found = judging.judge(x, given, 4)
    wrong = given != true
    first = np.argsort(found.log_odds, kind='stable')[: wrong.sum()]
    assert wrong[first].mean() > 0.85
    assert abs(found.estimate - wrong.mean()) < 0.08
    low, high = found.interval
    assert low < wrong.mean() < high
    np.testing.assert_allclose((1 - found.right).mean(), found.estimate, atol=1e-6)
    assert (found.suggested[wrong] == true[wrong]).mean() > 0.8
    told = judging.judge(x, given, 4, rate=0.05)
    np.testing.assert_array_equal(told.log_odds, found.log_odds)
    np.testing.assert_allclose((1 - told.right).mean(), 0.05, atol=1e-6)


def test_order_of_examples_and_names_of_classes_do_not_matter():
    x, true = blobs(300, 4)
    given = noisy(true, 0.2, 4)
    found = judging.judge(x, given, 4)
    generator = np.random.default_rng(0)
    mixed, names = generator.permutation(300), generator.permutation(4)
    other = judging.judge(x[mixed], names[given[mixed]], 4)
    np.testing.assert_allclose(other.log_odds, found.log_odds[mixed], atol=2e-2)
    np.testing.assert_allclose(
        other.transition[np.ix_(names, names)], found.transition, atol=2e-3
    )


def test_copies_of_a_face_are_left_out_together():
    x, given = blobs(100, 4)
    place = judging.places(np.tile(x, (2, 1)), np.tile(given, 2), 4, 5, 0)
    np.testing.assert_array_equal(place[:100], place[100:])
    assert set(np.bincount(place)) == {40}


def test_folds_have_their_part_of_rare_classes():
    x, given = blobs(200, 4)
    given[:] = 0
    given[[3, 50, 90, 120, 199]] = 2
    place = judging.places(x, given, 4, 5, 1)
    assert sorted(place[given == 2]) == [0, 1, 2, 3, 4]
    assert set(np.bincount(place)) == {40}
    assert (place != judging.places(x, given, 4, 5, 0)).any()


@pytest.mark.parametrize(
    ('classes', 'n', 'rate'),
    [(2, 60, 0.3), (100, 300, 0.1), (4, 80, 0.0), (4, 80, 1.0)],
)
def test_any_number_of_classes_without_noise_and_with_nothing_else(classes, n, rate):
    x, true = blobs(n, classes)
    found = judging.judge(x, noisy(true, rate, classes), classes)
    assert np.isfinite(found.log_odds).all()
    assert ((found.right > 0) & (found.right < 1)).all()
    low, high = found.interval
    assert 0 <= low <= found.estimate <= high <= 1
    assert high >= 3 / n  # the rule of three, where no label is contradicted
    np.testing.assert_allclose(found.transition.sum(axis=1), 1, atol=1e-5)
    assert set(found.suggested) <= set(range(classes))


def test_features_that_are_constant_and_classes_that_are_missing():
    given = np.array([0] * 30 + [1] * 10)
    found = judging.judge(np.zeros((40, 5), np.float32), given, 3)
    assert np.isfinite(found.right).all()
    for label in (0, 1):  # all alike of a class: judged alike
        assert np.ptp(found.log_odds[given == label]) < 0.2
    assert found.log_odds[0] > found.log_odds[-1]


def test_t_is_believed_where_it_explains_labels():
    """By estimated rate, nats a label over a uniform matrix, and number of labels."""
    assert judging.decided_by(0.1, 0.5, 9000) == 'regression'
    assert judging.decided_by(0.3, 0.005, 9000) == 'both'
    assert judging.decided_by(0.3, 0.02, 9000) == 'T'
    assert judging.decided_by(0.3, 0.005, 1000) == 'T'


def test_the_best_uniform_matrix_is_that_of_a_plain_restatement():
    generator = np.random.default_rng(0)
    logits, given = generator.normal(size=(90, 3)), generator.integers(0, 3, 90)
    found = [
        np.log((special.softmax(factor * logits, 1) @ uniform)[np.arange(90), given])
        for factor in judging.SHARPER
        for rate in judging.UNIFORM
        for uniform in [(1 - 1.5 * rate) * np.eye(3) + rate / 2]
    ]
    wanted = max(each.mean() for each in found)
    assert float(judging.likeliest(logits, given)) == pytest.approx(wanted, abs=1e-5)


def test_copies_of_all_faces_change_nothing_much():
    """Pseudo-counts weigh half as much then, so not to the bit."""
    x, true = blobs(300, 4)
    given = noisy(true, 0.3, 4)
    once = judging.judge(x, given, 4)
    twice = judging.judge(np.tile(x, (2, 1)), np.tile(given, 2), 4)
    np.testing.assert_allclose(twice.plain[:300], twice.plain[300:], atol=1e-4)
    np.testing.assert_allclose(twice.plain[:300], once.plain, atol=1e-2)
    np.testing.assert_allclose(twice.transition, once.transition, atol=0.1)
    assert np.corrcoef(twice.log_odds[:300], once.log_odds)[0, 1] > 0.99


def test_evidence_is_read_through_the_matrix_of_its_labels():
    """Class 1 is labelled 0 in half of all cases, and nothing else is wrong: labels 0
    are to be doubted, and most where class 1 is likely."""
    generator = np.random.default_rng(0)
    true = np.arange(900) % 3
    given = np.where((true == 1) & (generator.random(900) < 0.5), 0, true)
    probs = special.softmax(
        1.5 * np.eye(3)[true] + generator.normal(size=(900, 3)), axis=1
    )
    found = judging.of_evidence(probs, given)
    wrong = given != true
    own = special.logit(probs[np.arange(900), given])
    assert wrong[np.argsort(own)[:50]].mean() < 0.86
    assert wrong[np.argsort(found)[:50]].mean() > 0.88
    moved = [(found - own)[given == label].mean() for label in range(3)]
    assert moved[0] + 1 < min(moved[1:])
    names = np.array([2, 0, 1])
    other = judging.of_evidence(probs[:, np.argsort(names)], names[given])
    np.testing.assert_allclose(other, found, atol=1e-3)
