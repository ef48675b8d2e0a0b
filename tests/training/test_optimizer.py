"""Optimisers against torch's formulas, worked out by hand."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from ml_collections import ConfigDict

from fer_jax.training import optimizer


def config(**changes):
    fields = {
        'name': 'adam',
        'learning_rate': 0.1,
        'weight_decay': 0.0,
        'momentum': 0.9,
        'schedule': 'step',
        'decay_epochs': (10, 20),
        'decay_factor': 0.1,
    }
    return ConfigDict(fields | changes)


def first_update(transformation, weight, gradient):
    params = jnp.array([weight])
    state = transformation.init(params)
    updates, state = transformation.update(jnp.array([gradient]), state, params)
    return float(updates[0]), state


def test_step_schedule_by_hand():
    """5 steps an epoch: the rate falls with the first step of epochs 10 and 20."""
    rate = optimizer.learning_rate('step', 1.0, (10, 20), 0.1, 5)
    found = [float(rate(step)) for step in (0, 49, 50, 99, 100, 1000)]
    np.testing.assert_allclose(found, [1, 1, 0.1, 0.1, 0.01, 0.01], rtol=1e-6)


def test_linear_schedule_by_hand():
    """Constant to epoch 100, half way down at 150, 0 from 200 on."""
    rate = optimizer.learning_rate('linear', 0.1, (100, 200), 0.1, 2)
    found = [float(rate(step)) for step in (0, 199, 200, 300, 400, 500)]
    np.testing.assert_allclose(found, [0.1, 0.1, 0.1, 0.05, 0, 0], atol=1e-7)


@pytest.mark.parametrize('gradient', [3.0, -0.2])
def test_first_adam_step_is_the_rate_against_the_sign(gradient):
    """m / sqrt(v) = g / |g| after bias correction."""
    update, _ = first_update(optimizer.make(config(), 5), 2.0, gradient)
    np.testing.assert_allclose(update, -0.1 * np.sign(gradient), rtol=1e-5)


def test_weight_decay_enters_the_moments():
    """Gradient 0, weight 2, decay .5: g = 1, so Adam takes a whole step; adamw would
    take 0.1 * 0.5 * 2."""
    transformation = optimizer.make(config(weight_decay=0.5), 5)
    update, _ = first_update(transformation, 2.0, 0.0)
    np.testing.assert_allclose(update, -0.1, rtol=1e-5)


def test_sgd_with_momentum_by_hand():
    """v1 = 1, v2 = .9 + 1: steps of -.1 and -.19."""
    transformation = optimizer.make(config(name='sgd'), 5)
    update, state = first_update(transformation, 0.0, 1.0)
    np.testing.assert_allclose(update, -0.1, rtol=1e-6)
    updates, _ = transformation.update(jnp.array([1.0]), state, jnp.array([-0.1]))
    np.testing.assert_allclose(updates, [-0.19], rtol=1e-6)


def test_bias_and_norm_are_decayed_too():
    transformation = optimizer.make(config(weight_decay=0.5), 5)
    params = {'kernel': jnp.ones(2), 'bias': jnp.ones(2)}
    zero = {'kernel': jnp.zeros(2), 'bias': jnp.zeros(2)}
    updates, _ = transformation.update(zero, transformation.init(params), params)
    moved = optax.apply_updates(params, updates)
    np.testing.assert_allclose(moved['bias'], moved['kernel'])
    assert moved['bias'][0] < 1
