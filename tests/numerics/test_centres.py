"""Class centres against loops over examples and numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import centres

X = jnp.array([[2.0, 0.0], [4.0, 2.0], [1.0, 1.0]], jnp.float32)
LABELS = jnp.array([0, 0, 1], jnp.int32)
OLD = jnp.array([[0.0, 0.0], [3.0, 1.0], [7.0, 7.0]], jnp.float32)


def sums():
    return centres.class_sums(X, LABELS, jnp.ones(3, jnp.float32), 3)


def test_wen_by_a_loop_over_examples():
    """Delta_j = sum_i (c_j - x_i) / (1 + n_j), c_j - .5 Delta_j."""
    expected = np.array(OLD)
    for j in range(3):
        members = [i for i in range(3) if LABELS[i] == j]
        delta = sum((OLD[j] - X[i] for i in members), jnp.zeros(2)) / (1 + len(members))
        expected[j] = OLD[j] - 0.5 * delta
    np.testing.assert_allclose(centres.moved(OLD, *sums(), 'wen', 0.5), expected)
    np.testing.assert_allclose(expected[0], [1.0, 1 / 3], rtol=1e-6)


@pytest.mark.parametrize(
    ('update', 'first', 'second'),
    [('batch_mean', (3.0, 1.0), (1.0, 1.0)), ('ema', (0.75, 0.25), (2.5, 1.0))],
)
def test_the_other_rules_by_hand(update, first, second):
    """Means (3, 1) and (1, 1); ema with rate .25 goes a quarter of the way."""
    rate = jnp.float32(0.25)
    found = centres.moved(OLD, *sums(), update, rate)
    np.testing.assert_allclose(found[:2], [first, second])


@pytest.mark.parametrize('update', centres.UPDATES)
def test_an_absent_class_stays(update):
    found = centres.moved(OLD, *sums(), update, jnp.float32(0.5))
    np.testing.assert_array_equal(found[2], OLD[2])


def test_distance_and_its_gradient():
    """||(2, 0)||^2 = 4, ||(4, 2)||^2 = 20, ||(1, 1) - (3, 1)||^2 = 4; the gradient of
    the sum is 2 (x - c), and 0 for the centres."""

    def total(x, old):
        return jnp.sum(centres.squared_distances(x, old, LABELS))

    np.testing.assert_allclose(
        centres.squared_distances(X, OLD, LABELS), [4.0, 20.0, 4.0]
    )
    to_x, to_centres = jax.grad(total, argnums=(0, 1))(X, OLD)
    np.testing.assert_allclose(to_x, 2 * (X - OLD[LABELS]))
    np.testing.assert_array_equal(to_centres, 0.0)


def test_padding_counts_for_nothing():
    mask = jnp.array([1.0, 0.0, 1.0], jnp.float32)
    found, counts = centres.class_sums(X, LABELS, mask, 3)
    np.testing.assert_allclose(found, [[2, 0], [1, 1], [0, 0]])
    np.testing.assert_allclose(counts, [1, 1, 0])
