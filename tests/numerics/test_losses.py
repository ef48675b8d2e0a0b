"""Similarity and losses against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import losses

LOGITS = jnp.log(jnp.array([1.0, 2.0, 5.0]))  # softmax: [1, 2, 5] / 8


def test_similarity_by_hand():
    """f_y / ||f|| = 2 / sqrt(1 + 4 + 25) = 2 / sqrt(30); the factor 1 / 8 cancels."""
    s = losses.similarity(LOGITS, jnp.int32(1))
    np.testing.assert_allclose(s, 2 / np.sqrt(30), rtol=1e-6)


def test_cross_entropy_by_hand():
    """-log p_2 = ln(8 / 5)."""
    loss = losses.cross_entropy(LOGITS, jnp.int32(2))
    np.testing.assert_allclose(loss, np.log(8 / 5), rtol=1e-6)


def test_log_odds_by_hand():
    """p_1 = 2 / 8, so ln(2 / 6)."""
    odds = losses.log_odds(LOGITS, jnp.int32(1))
    np.testing.assert_allclose(odds, np.log(2 / 6), rtol=1e-6)


def test_log_odds_do_not_saturate():
    """Logits 100, 0, 0: p_0 is 1 in float32, its log-odds are 100 - ln 2."""
    logits = jnp.array([100.0, 0.0, 0.0])
    odds = losses.log_odds(logits, jnp.int32(0))
    np.testing.assert_allclose(odds, 100 - np.log(2), rtol=1e-6)
    slope = jax.grad(losses.log_odds)(logits, jnp.int32(0))
    np.testing.assert_allclose(slope, [1.0, -0.5, -0.5], rtol=1e-6)


@pytest.mark.parametrize('num_classes', [7, 8, 100])
def test_similarity_of_a_uniform_prediction_is_one_over_root_c(num_classes):
    s = losses.similarity(jnp.full((3, num_classes), 2.5), jnp.arange(3))
    np.testing.assert_allclose(s, np.full(3, num_classes**-0.5), rtol=1e-6)


def test_similarity_with_a_single_rival():
    """p = .9 against one rival: .9 / sqrt(.81 + .01) = .99388 (METHODS 2.2)."""
    s = losses.similarity(jnp.log(jnp.array([0.9, 0.1])), jnp.int32(0))
    np.testing.assert_allclose(s, 0.9 / np.sqrt(0.82), rtol=1e-6)


def test_similarity_keeps_the_leading_axes_and_does_not_depend_on_a_shift():
    rng = np.random.default_rng(0)
    logits = jnp.asarray(rng.normal(size=(2, 5, 7)), jnp.float32)
    labels = jnp.asarray(rng.integers(0, 7, (2, 5)), jnp.int32)
    s = losses.similarity(logits, labels)
    assert s.shape == (2, 5)
    np.testing.assert_allclose(losses.similarity(logits + 50.0, labels), s, rtol=1e-5)


@pytest.mark.parametrize('gap', [0.0, 20.0, 88.0, 1e4])
@pytest.mark.parametrize('label', [0, 1])
def test_similarity_and_its_gradient_are_finite_at_the_ends(gap, label):
    logits = jnp.array([gap, 0.0, 0.0])
    s, slope = jax.value_and_grad(losses.similarity)(logits, jnp.int32(label))
    assert 0.0 <= s <= 1.0
    assert np.isfinite(slope).all()


def test_similarity_of_half_precision_logits_is_float32():
    s = losses.similarity(jnp.zeros((2, 4), jnp.bfloat16), jnp.zeros(2, jnp.int32))
    assert s.dtype == jnp.float32
    np.testing.assert_allclose(s, [0.5, 0.5], rtol=1e-6)


def test_similarity_gradient_by_hand():
    """Two classes, t = f_1 / f_0 = e^(z_1 - z_0): S_0 = (1 + t^2)^(-1/2).

    At z = 0, t = 1 and dS_0 / dz_0 = t^2 (1 + t^2)^(-3/2) = 2^(-3/2).
    """
    slope = jax.grad(losses.similarity)(jnp.zeros(2), jnp.int32(0))
    np.testing.assert_allclose(slope, [2**-1.5, -(2**-1.5)], rtol=1e-6)


def test_weighted_mean_by_hand():
    """(1 * 2 + 3 * 4) / (1 + 3) = 3.5."""
    mean = losses.weighted_mean(jnp.array([2.0, 4.0]), jnp.array([1.0, 3.0]))
    np.testing.assert_allclose(mean, 3.5)


def test_weighted_mean_of_an_empty_selection_is_zero_in_value_and_gradient():
    def mean(values):
        return losses.weighted_mean(values, jnp.zeros(2, bool))

    value, slope = jax.value_and_grad(mean)(jnp.array([jnp.nan, 1.0]))
    assert value == 0.0
    np.testing.assert_array_equal(slope, [0.0, 0.0])


def test_weighted_mean_with_a_mask_equals_the_mean_of_the_selected():
    values = jnp.array([1.0, jnp.inf, 3.0])
    mean = losses.weighted_mean(values, jnp.array([True, False, True]))
    np.testing.assert_allclose(mean, 2.0)
