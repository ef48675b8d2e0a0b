"""The factors of balanced weights, by hand."""

import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import balance


def test_class_variance_by_hand():
    """20 of each class. Class 0: .4 and .6, variance .01; class 1: .3 and .7, .04;
    class 2: constant, 0. Over the largest: .25, 1, and 0 lifted to .1."""
    scores = jnp.array([0.4, 0.6] * 10 + [0.3, 0.7] * 10 + [0.5] * 20)
    labels = jnp.repeat(jnp.arange(3), 20)
    found = balance.class_variance(scores, labels, 3)
    np.testing.assert_allclose(found, [0.25, 1.0, 0.1], rtol=1e-4)


def test_class_variance_leaves_small_classes_alone():
    scores = jnp.array([0.3, 0.7] * 10 + [0.5] * 19)
    labels = jnp.array([0] * 20 + [1] * 19)
    np.testing.assert_allclose(balance.class_variance(scores, labels, 2), [1.0, 1.0])


def test_class_prior_of_raf_db():
    """RAF-DB's class sizes give the divisors of docs/methods.md."""
    counts = [1290, 281, 717, 4772, 1982, 705, 2524]
    labels = jnp.asarray(np.repeat(np.arange(7), counts))
    wanted = [0.396, 0.094, 0.231, 1.0, 0.570, 0.228, 0.687]
    np.testing.assert_allclose(balance.class_prior(labels, 7), wanted, atol=6e-4)
