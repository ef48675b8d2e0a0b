"""Optimisers against torch's formulas, worked out by hand."""

import jax
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
        'decay_factors': (0.1,),
        'classifier_learning_rate': 0.0,
        'classifier_decay_epochs': (),
        'classifier_decay_factors': (),
        'late_beta1': 0.9,
    }
    return ConfigDict(fields | changes)


def first_update(transformation, weight, gradient, steps_per_epoch=5):
    params = jnp.array([weight])
    state = transformation.init(params)
    updates, state = transformation.update(
        jnp.array([gradient]), state, params, steps_per_epoch=steps_per_epoch
    )
    return float(updates[0]), state


def test_step_schedule_by_hand():
    """5 steps an epoch: the rate falls with the first step of epochs 10 and 20."""
    rate = optimizer.learning_rate('step', 1.0, (10, 20), (0.1,))
    found = [float(rate(step, 5)) for step in (0, 49, 50, 99, 100, 1000)]
    np.testing.assert_allclose(found, [1, 1, 0.1, 0.1, 0.01, 0.01], rtol=1e-6)


def test_step_schedule_with_a_factor_for_each_epoch():
    """The release of DMUE halves, takes a fifth, and goes up again."""
    rate = optimizer.learning_rate('step', 1e-4, (6, 12, 22), (0.5, 0.2, 5.0))
    found = [float(rate(step, 2)) for step in (11, 12, 24, 44)]
    np.testing.assert_allclose(found, [1e-4, 5e-5, 1e-5, 5e-5], rtol=1e-5)


def test_exponential_schedule_by_hand():
    """3 steps an epoch, constant within it."""
    rate = optimizer.learning_rate('exponential', 1.0, (), (0.9,))
    found = [float(rate(step, 3)) for step in (0, 2, 3, 5, 6)]
    np.testing.assert_allclose(found, [1, 1, 0.9, 0.9, 0.81], rtol=1e-6)


def test_linear_schedule_by_hand():
    """Constant to epoch 100, half way down at 150, 0 from 200 on; constant within an
    epoch."""
    rate = optimizer.learning_rate('linear', 0.1, (100, 200), (0.1,))
    steps = (0, 199, 200, 201, 202, 300, 301, 400, 500)
    found = [float(rate(step, 2)) for step in steps]
    expected = [0.1, 0.1, 0.1, 0.1, 0.099, 0.05, 0.05, 0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize('gradient', [3.0, -0.2])
def test_first_adam_step_is_the_rate_against_the_sign(gradient):
    """m / sqrt(v) = g / |g| after bias correction."""
    update, _ = first_update(optimizer.make(config()), 2.0, gradient)
    np.testing.assert_allclose(update, -0.1 * np.sign(gradient), rtol=1e-5)


def test_weight_decay_enters_the_moments():
    """Gradient 0, weight 2, decay .5: g = 1, so Adam takes a whole step; adamw would
    take 0.1 * 0.5 * 2."""
    transformation = optimizer.make(config(weight_decay=0.5))
    update, _ = first_update(transformation, 2.0, 0.0)
    np.testing.assert_allclose(update, -0.1, rtol=1e-5)


def test_sgd_with_momentum_by_hand():
    """v1 = 1, v2 = .9 + 1: steps of -.1 and -.19."""
    transformation = optimizer.make(config(name='sgd'))
    update, state = first_update(transformation, 0.0, 1.0)
    np.testing.assert_allclose(update, -0.1, rtol=1e-6)
    updates, _ = transformation.update(
        jnp.array([1.0]), state, jnp.array([-0.1]), steps_per_epoch=5
    )
    np.testing.assert_allclose(updates, [-0.19], rtol=1e-6)


def test_bias_and_norm_are_decayed_too():
    transformation = optimizer.make(config(weight_decay=0.5))
    params = {'kernel': jnp.ones(2), 'bias': jnp.ones(2)}
    zero = {'kernel': jnp.zeros(2), 'bias': jnp.zeros(2)}
    state = transformation.init(params)
    updates, _ = transformation.update(zero, state, params, steps_per_epoch=5)
    moved = optax.apply_updates(params, updates)
    np.testing.assert_allclose(moved['bias'], moved['kernel'])
    assert moved['bias'][0] < 1


def test_the_classifier_has_a_rate_of_its_own():
    """First Adam steps are the rates: .1 and 2, at epoch 10 a tenth and a half."""
    transformation = optimizer.make(
        config(
            classifier_learning_rate=2.0,
            classifier_decay_epochs=(10,),
            classifier_decay_factors=(0.5,),
        )
    )
    params = {
        'classifier': {'kernel': jnp.ones(1)},
        'backbone': {'kernel': jnp.ones(1)},
    }
    state = transformation.init(params)
    found = []
    for _ in range(11):
        updates, state = transformation.update(params, state, params, steps_per_epoch=1)
        found.append([float(leaf[0]) for leaf in jax.tree.leaves(updates)])
    np.testing.assert_allclose(found[0], [-0.1, -2.0], rtol=1e-5)
    np.testing.assert_allclose(found[10], [-0.01, -1.0], rtol=1e-5)


def test_late_beta1_by_hand():
    """beta1 .5 from step 1 on: m = .1, then .5 * .1 + .5 * 3 = 1.55, over 1 - .5^2;
    v = .001, then .999 * .001 + .001 * 9 = .009999, over 1 - .999^2."""
    transformation = optimizer.make(
        config(late_beta1=0.5, decay_epochs=(1,), schedule='exponential')
    )
    update, state = first_update(transformation, 0.0, 1.0, steps_per_epoch=1)
    np.testing.assert_allclose(update, -0.1, rtol=1e-5)
    updates, _ = transformation.update(
        jnp.array([3.0]), state, jnp.array([0.0]), steps_per_epoch=1
    )
    m, v = 1.55 / 0.75, 0.009999 / (1 - 0.999**2)
    np.testing.assert_allclose(updates, [-0.1 * 0.1 * m / v**0.5], rtol=1e-4)


def test_cosine_schedule_by_hand():
    """From epoch 1 to 5: (1 + cos(pi e / 4)) / 2 of the rate, then 0."""
    rate = optimizer.learning_rate('cosine', 0.2, (1, 5), (0.1,))
    found = [float(rate(step, 2)) for step in (0, 3, 4, 5, 6, 10, 20)]
    quarter = 0.1 * (1 + 2**-0.5)
    np.testing.assert_allclose(
        found, [0.2, 0.2, quarter, quarter, 0.1, 0, 0], atol=1e-8
    )


def test_adamw_takes_decay_behind_the_moments():
    """torch's AdamW: gradient 3, weight 2, decay .5: the step is -.1 (1 + .5 * 2)."""
    transformation = optimizer.make(
        config(name='adamw', learning_rate=0.1, weight_decay=0.5)
    )
    update, _ = first_update(transformation, 2.0, 3.0)
    np.testing.assert_allclose(update, -0.2, rtol=1e-5)


def test_rates_of_an_epoch_are_those_of_its_steps():
    """.1 falls tenfold at epochs 10 and 20; the classifier's halves at epoch 1."""
    one = [optimizer.rates_of_epoch(config(), epoch) for epoch in (0, 9, 10, 20)]
    assert one == [{'learning_rate': rate} for rate in (0.1, 0.1, 0.01, 0.001)]
    own = config(
        classifier_learning_rate=3.0,
        classifier_decay_epochs=(1,),
        classifier_decay_factors=(0.5,),
    )
    wanted = {'learning_rate': 0.1, 'classifier_learning_rate': 1.5}
    assert optimizer.rates_of_epoch(own, 1) == wanted
