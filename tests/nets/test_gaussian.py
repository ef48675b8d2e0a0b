"""The branches by an independent restatement, and what they do not share."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.nets import BatchNorm, Features
from fer_jax.nets.gaussian import Branch, Gaussian


class Plain(nn.Module):
    """A backbone that returns its images as maps."""

    @nn.compact
    def __call__(self, images, train):
        return Features(images, jnp.mean(images, axis=(1, 2)))


@pytest.fixture(scope='module')
def images():
    rng = np.random.default_rng(0)
    return jnp.asarray(rng.normal(2.0, 3.0, (6, 2, 2, 3)), jnp.float32)


@pytest.fixture(scope='module')
def model():
    return Gaussian(Plain(), 4, embedding_size=5, dropout=0.4)


@pytest.fixture(scope='module')
def variables(model, images):
    return jax.jit(lambda key: model.init(key, images, False))(jax.random.key(0))


def normalised(x, axis):
    return (x - x.mean(axis)) / np.sqrt(x.var(axis) + 2e-5)


def test_a_branch_in_numpy(images):
    """norm over (B, h, w), flatten, linear, norm over B, scale and bias."""
    branch = Branch(5, 0.0)
    variables = branch.init(jax.random.key(1), images, False)
    rng = np.random.default_rng(1)
    params = jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), jnp.float32),
        variables['params'],
    )
    found, _ = branch.apply(
        variables | {'params': params}, images, True, mutable=['batch_stats']
    )
    x = np.asarray(images, np.float64)
    linear, norm = (jax.tree.map(np.asarray, params[n]) for n in ('linear', 'norm'))
    hidden = normalised(x, (0, 1, 2)).reshape(6, 12) @ linear['kernel'] + linear['bias']
    wanted = normalised(hidden, 0) * norm['scale'] + norm['bias']
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_parameters(variables):
    """2 branches: 12 * 5 + 5 linear, 2 * 5 norm; a classifier of 5 * 4 + 4. The norm of
    the maps has statistics and no parameters."""
    params, stats = variables['params'], variables['batch_stats']
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 2 * 75 + 24
    assert set(params) == {'mean', 'log_var', 'classifier'}
    assert set(params['mean']) == {'linear', 'norm'}
    assert stats['mean']['norm_maps']['var'].shape == (3,)


def test_logits_are_of_the_mean_and_evaluation_has_no_dropout(model, variables, images):
    logits, mean, _ = model.apply(variables, images, False)
    head = variables['params']['classifier']
    np.testing.assert_allclose(
        logits, mean @ head['kernel'] + head['bias'], rtol=1e-5, atol=1e-6
    )
    again, _, _ = model.apply(variables, images, False)
    np.testing.assert_array_equal(logits, again)


def test_dropout_is_drawn_for_each_branch(model, variables, images):
    """With equal parameters only their masks tell mean from log_var."""
    params = variables['params'] | {'log_var': variables['params']['mean']}
    equal = {**variables, 'params': params}

    def outputs(seed):
        return model.apply(
            equal,
            images,
            True,
            mutable=['batch_stats'],
            rngs={'dropout': jax.random.key(seed)},
        )[0]

    _, mean, log_var = outputs(0)
    assert np.abs(mean - log_var).max() > 0.1
    assert np.abs(mean - outputs(1)[1]).max() > 0.1
    _, mean, log_var = model.apply(equal, images, False)
    np.testing.assert_array_equal(mean, log_var)


def test_without_a_bias(images):
    model = Gaussian(Plain(), 4, bias=False)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, False))
    assert set(shapes['params']['classifier']) == {'kernel'}


def test_norm_without_parameters_is_that_of_scale_1_and_bias_0(images):
    plain, affine = BatchNorm(affine=False), BatchNorm()
    variables = affine.init(jax.random.key(0), images, False)
    assert 'params' not in plain.init(jax.random.key(0), images, False)
    found, stats = plain.apply(
        {'batch_stats': variables['batch_stats']}, images, True, mutable=['batch_stats']
    )
    wanted, others = affine.apply(variables, images, True, mutable=['batch_stats'])
    np.testing.assert_array_equal(found, wanted)
    for a, b in zip(jax.tree.leaves(stats), jax.tree.leaves(others)):
        np.testing.assert_array_equal(a, b)
