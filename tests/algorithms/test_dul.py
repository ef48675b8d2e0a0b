"""DUL's divergence and draw by hand, its limits, what evaluation leaves out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, dul
from fer_jax.nets import networks
from fer_jax.nets.gaussian import Gaussian
from fer_jax.numerics import losses

NOW = Progress(jnp.int32(0), jnp.int32(0))


def make(small, **settings):
    return algorithms.make(
        'dul',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


@pytest.fixture
def batch(small):
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None], jnp.asarray(small.labels[:12]), jnp.arange(12)
    )


def with_log_var(params, value):
    """Parameters under which log_var is `value` for every image and dimension."""
    norm = params['log_var']['norm']
    fixed = {
        'scale': jnp.zeros_like(norm['scale']),
        'bias': jnp.full_like(norm['bias'], value),
    }
    return params | {'log_var': params['log_var'] | {'norm': fixed}}


def test_divergence_by_hand():
    """mu (1, 0), variance (1, 4): -1/2 [(1 + 0 - 1 - 1) + (1 + ln 4 - 0 - 4)]
    = 2 - ln 2. N(0, I) has none."""
    found = dul.divergence(
        jnp.array([[1.0, 0.0], [0.0, 0.0]]), jnp.array([[0.0, np.log(4.0)], [0.0, 0.0]])
    )
    np.testing.assert_allclose(found, [2 - np.log(2.0), 0.0], rtol=1e-6)


def test_divergence_is_the_mean_log_ratio():
    """Monte Carlo: E[log N(e; mu, s^2) - log N(e; 0, 1)] of 2e5 draws."""
    rng = np.random.default_rng(0)
    mu, log_var = np.array([0.7, -1.2]), np.array([0.4, -0.9])
    noise = rng.normal(size=(200_000, 2))
    e = mu + noise * np.exp(log_var / 2)
    ratio = 0.5 * np.sum(e**2 - noise**2 - log_var, axis=1)
    found = dul.divergence(jnp.asarray(mu), jnp.asarray(log_var))
    np.testing.assert_allclose(found, ratio.mean(), rtol=0.02)


def test_logits_of_a_draw_are_the_draw_classified():
    rng = np.random.default_rng(1)
    mu, log_var, noise = rng.normal(size=(3, 1, 6, 4))
    kernel, bias = rng.normal(size=(1, 4, 3)), rng.normal(size=3)
    e = mu + noise * np.sqrt(np.exp(log_var))
    arrays = (mu @ kernel + bias, log_var, noise, kernel)
    found = dul.drawn(*(jnp.asarray(x, jnp.float32) for x in arrays))
    np.testing.assert_allclose(found, e @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_without_variance_and_divergence_it_is_plain(small, batch, key):
    """log_var -100: loss and gradient are those of the mean's cross-entropy."""
    algorithm = make(small, kl_weight=0.0, dropout=0.0)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    params = with_log_var(params, -100.0)

    def loss(params):
        return algorithm.objective(params, stats, (), batch, NOW, key)[0]

    nets = networks(Gaussian(small.backbone, 3, dropout=0.0), 1, 'unroll')

    def plain(params):
        (logits, _, _), _ = nets.train(params, stats, key, batch.images[0])
        return jnp.mean(losses.cross_entropy(logits, batch.labels[None]))

    found, gradient = jax.jit(jax.value_and_grad(loss))(params)
    wanted, others = jax.jit(jax.value_and_grad(plain))(params)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(others)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_loss_is_cross_entropy_and_weighted_divergence(small, batch, key):
    """log_var ln 4: 1/2 sum_d (mu^2 + 4 - 1 - ln 4), its mean times .5; and the noise
    differs from key to key."""
    algorithm = make(small, kl_weight=0.5, dropout=0.0)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    params = with_log_var(params, np.log(4.0))
    objective = jax.jit(algorithm.objective)
    loss, aux = objective(params, stats, memory, batch, NOW, key)
    mu = np.asarray(aux.embeddings[0], np.float64)
    wanted = np.mean(0.5 * np.sum(mu**2 + 3 - np.log(4.0), axis=1))
    np.testing.assert_allclose(aux.metrics['divergence'], wanted, rtol=1e-5)
    np.testing.assert_allclose(loss - aux.metrics['loss_ce'], wanted / 2, rtol=1e-5)
    other, _ = objective(params, stats, memory, batch, NOW, jax.random.key(5))
    assert abs(other - loss) > 1e-3


def test_the_draw_teaches_the_variance(small, batch, key):
    algorithm = make(small, kl_weight=0.0)
    params, *rest = jax.jit(algorithm.init)(key, batch.images[0])

    def loss(params):
        return algorithm.objective(params, *rest, batch, NOW, key)[0]

    gradient = jax.jit(jax.grad(loss))(params)
    assert np.abs(gradient['log_var']['linear']['kernel']).max() > 1e-5


def test_evaluation_is_of_the_mean(small, batch, key):
    algorithm = make(small)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    predict = jax.jit(algorithm.predict)
    found = predict(params, stats, batch.images[0])
    others = predict(with_log_var(params, 5.0), stats, batch.images[0])
    for a, b in zip(found, others):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'kl_weight': -0.1}, 'kl_weight must be 0 or more, got -0.1'),
        ({'dropout': 1.0}, r'dropout must be in \[0, 1\)'),
        ({'embedding_size': 0}, 'embedding_size must be 1 or more'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)
