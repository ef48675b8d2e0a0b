"""Mixing, soft labels and what is measured on them, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import losses, mixup

TWO = jnp.array([[1.0, 0.0], [0.0, 1.0]], jnp.float32)


def of(probs):
    """Logits of given probabilities."""
    return jnp.log(jnp.asarray(probs, jnp.float32))


def test_mixed_by_hand():
    """3/4 of [1 2] and 1/4 of [2 1]: [1.25 1.75]."""
    values = jnp.array([1.0, 2.0], jnp.float32)
    found = mixup.mixed(values, jnp.array([1, 0]), jnp.float32(0.75))
    np.testing.assert_allclose(found, [1.25, 1.75])


def test_alpha_0_mixes_nothing():
    images = jnp.arange(24.0, dtype=jnp.float32).reshape(2, 2, 2, 3)
    found, targets = mixup.batch(jax.random.key(0), images, TWO, 0)
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(targets, TWO)


def test_the_larger_part_is_the_own():
    """Beta(4, 4) folded at 1/2: within [1/2, 1], mean .5 + E|x - .5| = .637."""
    draw = jax.vmap(lambda key: mixup.coefficient(key, 4.0))
    found = draw(jax.random.split(jax.random.key(0), 4000))
    assert float(found.min()) >= 0.5
    assert float(found.max()) <= 1.0
    np.testing.assert_allclose(found.mean(), 0.637, atol=0.01)


@pytest.mark.parametrize(
    'chosen', [[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 1, 0]]
)
def test_partners_are_a_permutation_of_the_chosen(chosen):
    mask = np.array(chosen, bool)
    find = jax.vmap(lambda key: mixup.partners_among(key, jnp.asarray(mask)))
    found = np.asarray(find(jax.random.split(jax.random.key(0), 60)))
    rows = np.arange(5)
    for each in found:
        np.testing.assert_array_equal(np.sort(each[mask]), rows[mask])
        np.testing.assert_array_equal(each[~mask], rows[~mask])
    for row in rows[mask]:  # any chosen row may be any one's partner
        assert set(found[:, row]) == set(rows[mask])


def test_batch_mixes_images_and_targets_alike():
    """With the targets as images, both results are the same."""
    images = jnp.broadcast_to(TWO[:, None, None], (2, 1, 1, 2))
    found, targets = mixup.batch(jax.random.key(3), images, TWO, 4.0)
    np.testing.assert_allclose(found[:, 0, 0], targets, rtol=1e-6)


def test_soft_cross_entropy_by_hand():
    """-.75 ln .8 - .25 ln .2 = .5697; with a hard target the cross-entropy."""
    logits = of([[0.8, 0.2]])
    found = mixup.soft_cross_entropy(logits, jnp.array([[0.75, 0.25]], jnp.float32))
    np.testing.assert_allclose(found, [0.5697], atol=1e-4)
    hard = mixup.soft_cross_entropy(logits, TWO[1:])
    np.testing.assert_allclose(
        hard, losses.cross_entropy(logits, jnp.array([1])), rtol=1e-6
    )


def test_divergence_by_hand():
    """KL([.75 .25], [.8 .2]) = .75 ln(.75/.8) + .25 ln(.25/.2) = .00738."""
    target = jnp.array([[0.75, 0.25]], jnp.float32)
    found = mixup.divergence(of([[0.8, 0.2]]), target)
    np.testing.assert_allclose(found, [0.00738], atol=1e-5)
    np.testing.assert_allclose(mixup.divergence(of(target), target), [0.0], atol=1e-6)
    hard = mixup.divergence(of([[0.8, 0.2]]), TWO[:1])
    np.testing.assert_allclose(hard, [-np.log(0.8)], rtol=1e-5)


def test_divergence_has_the_gradient_of_the_cross_entropy():
    logits, target = of([[0.5, 0.3, 0.2]]), jnp.array([[1.0, 0.0, 0.0]], jnp.float32)
    one, two = (
        jax.grad(lambda z, f=function: jnp.sum(f(z, target)))(logits)
        for function in (mixup.divergence, mixup.soft_cross_entropy)
    )
    np.testing.assert_allclose(one, two, rtol=1e-6)
    np.testing.assert_allclose(one, [[-0.5, 0.3, 0.2]], atol=1e-6)


def test_squared_error_by_hand():
    """([.8 .2] - [.5 .5])^2 = [.09 .09], mean .09."""
    target = jnp.array([[0.5, 0.5]], jnp.float32)
    found = mixup.squared_error(of([[0.8, 0.2]]), target)
    np.testing.assert_allclose(found, [0.09], rtol=1e-5)


def test_sharpen_by_hand():
    """T = 1/2 squares: [.6 .3 .1] -> [.36 .09 .01] / .46."""
    probs = jnp.array([0.6, 0.3, 0.1], jnp.float32)
    found = mixup.sharpen(probs, 0.5)
    np.testing.assert_allclose(found, np.array([36, 9, 1]) / 46, rtol=1e-5)
    np.testing.assert_allclose(mixup.sharpen(probs, 1.0), probs, rtol=1e-5)
    np.testing.assert_allclose(mixup.sharpen(TWO, 0.5), TWO, atol=1e-6)


def test_imbalance_by_hand():
    """Predictions [.9 .1] and [.1 .9]: mean [.5 .5], 0. Both [.9 .1]:
    .5 ln(.5/.9) + .5 ln(.5/.1) = .5108."""
    even = mixup.imbalance(of([[0.9, 0.1], [0.1, 0.9]]))
    np.testing.assert_allclose(even, 0.0, atol=1e-6)
    uneven = mixup.imbalance(of([[0.9, 0.1], [0.9, 0.1]]))
    np.testing.assert_allclose(uneven, 0.5108, atol=1e-4)


def test_a_class_never_predicted_leaves_the_imbalance_finite():
    logits = jnp.array([[200.0, -200.0]], jnp.float32)
    value, gradient = jax.value_and_grad(mixup.imbalance)(logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_entropy_by_hand():
    """Uniform over 4: ln 4; sure: 0."""
    found = mixup.entropy(of([[0.25] * 4, [1.0, 1e-30, 1e-30, 1e-30]]))
    np.testing.assert_allclose(found, [np.log(4), 0.0], atol=1e-6)
