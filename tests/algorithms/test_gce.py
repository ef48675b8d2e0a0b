"""Generalised cross-entropy by hand, and its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.algorithms import gce
from fer_jax.numerics import losses

LOGITS = jnp.log(jnp.array([[1.0, 2.0, 5.0], [4.0, 3.0, 1.0]]))  # probabilities / 8
LABELS = jnp.array([2, 0])


@pytest.mark.parametrize('q', [0.7, 0.25])
def test_loss_by_hand(q):
    """f_y = 5/8 and 4/8, so (1 - (5/8)^q) / q and (1 - (1/2)^q) / q."""
    wanted = [(1 - 0.625**q) / q, (1 - 0.5**q) / q]
    found = gce.generalised(losses.cross_entropy(LOGITS, LABELS), q)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_limits():
    """q = 0 is cross-entropy, and small q nearly; q = 1 is 1 - f_y, half the absolute
    difference |f - onehot(y)|_1."""
    plain = losses.cross_entropy(LOGITS, LABELS)
    np.testing.assert_array_equal(gce.generalised(plain, 0.0), plain)
    np.testing.assert_allclose(gce.generalised(plain, 1e-5), plain, rtol=1e-4)
    absolute = jnp.abs(jax.nn.softmax(LOGITS) - jax.nn.one_hot(LABELS, 3)).sum(axis=-1)
    np.testing.assert_allclose(gce.generalised(plain, 1.0), absolute / 2, rtol=1e-6)


@pytest.mark.parametrize('q', [0.0, 0.7, 1.0])
def test_the_gradient_is_the_weight_times_that_of_cross_entropy(q):
    def total(logits):
        return gce.generalised(losses.cross_entropy(logits, LABELS), q).sum()

    probs = jax.nn.softmax(LOGITS)
    weight = np.array([[0.625], [0.5]]) ** q
    wanted = weight * (probs - jax.nn.one_hot(LABELS, 3))
    np.testing.assert_allclose(jax.grad(total)(LOGITS), wanted, rtol=1e-5)


def test_a_label_that_is_not_believed_at_all_teaches_nothing():
    """f_y = e^-200: the loss is 1 / q, the gradient 0, not nan."""
    logits = jnp.array([0.0, 200.0])

    def loss(logits):
        return gce.generalised(losses.cross_entropy(logits, jnp.int32(0)), 0.7)

    value, gradient = jax.value_and_grad(loss)(logits)
    np.testing.assert_allclose(value, 1 / 0.7, rtol=1e-6)
    np.testing.assert_allclose(gradient, [0, 0], atol=1e-30)
