"""BatchNorm: torch's numbers by hand, large offsets, precision, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.nets import BatchNorm, resnet
from fer_jax.nets.norm import masked


def normalise(x, train, scale=1.0, bias=0.0, mean=0.0, var=1.0, **options):
    """Output and the running statistics afterwards, one value per channel given."""
    full = jnp.full(x.shape[-1:], 1.0)
    variables = {
        'params': {'scale': scale * full, 'bias': bias * full},
        'batch_stats': {'mean': mean * full, 'var': var * full},
    }
    out, new = BatchNorm(**options).apply(variables, x, train, mutable=['batch_stats'])
    return out, new['batch_stats']


def test_training_by_hand():
    """x = 1, 3, 5, 7: mean 4, biased variance 5, unbiased 20 / 3.

    With scale 2, bias 1: (x - 4) 2 / sqrt(5 + 1e-5) + 1.
    Running from 0 and 1: .9 * 0 + .1 * 4 = .4; .9 * 1 + .1 * 20 / 3 = 1.5666667.
    """
    x = jnp.array([1.0, 3.0, 5.0, 7.0]).reshape(2, 2, 1, 1)
    out, stats = normalise(x, True, scale=2.0, bias=1.0)
    expected = np.array([-3.0, -1.0, 1.0, 3.0]) * 2 / np.sqrt(5.00001) + 1
    np.testing.assert_allclose(out.ravel(), expected, rtol=1e-6)
    np.testing.assert_allclose(stats['mean'], [0.4], rtol=1e-6)
    np.testing.assert_allclose(stats['var'], [0.9 + 2 / 3], rtol=1e-6)


def test_evaluation_by_hand():
    """(x - 2) 3 / sqrt(4 + 1e-5) - 1 at x = 6 is 4.9999925; statistics stay."""
    out, stats = normalise(
        jnp.full((1, 1, 1, 2), 6.0), False, scale=3.0, bias=-1.0, mean=2.0, var=4.0
    )
    np.testing.assert_allclose(out.ravel(), 12 / np.sqrt(4.00001) - 1, rtol=1e-6)
    np.testing.assert_array_equal(stats['mean'], [2.0, 2.0])
    np.testing.assert_array_equal(stats['var'], [4.0, 4.0])


def test_momentum_is_the_share_of_the_batch():
    """Momentum 1 forgets the past: mean 2, unbiased variance ((-2)^2 + 2^2) / 1 = 8."""
    x = jnp.array([[0.0], [4.0]])
    _, stats = normalise(x, True, mean=9.0, var=9.0, momentum=1.0)
    np.testing.assert_allclose([stats['mean'][0], stats['var'][0]], [2.0, 8.0])


@pytest.mark.parametrize('offset', [0.0, 1e2, -1e4])
def test_variance_survives_a_large_mean(offset):
    """E[x^2] - E[x]^2 in float32 has lost the unit variance at a mean of 1e4."""
    noise = np.random.default_rng(0).normal(size=(16, 6, 6, 8)).astype(np.float32)
    x = (noise + np.float32(offset)).astype(np.float32)
    out, stats = normalise(jnp.asarray(x), True, momentum=1.0)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(
        stats['var'], exact.var(axis=(0, 1, 2), ddof=1), rtol=1e-4
    )
    centred = exact - exact.mean(axis=(0, 1, 2))
    expected = centred / np.sqrt(exact.var(axis=(0, 1, 2)) + 1e-5)
    np.testing.assert_allclose(out, expected, atol=2e-6 * max(1e2, abs(offset)))


def test_a_dead_channel_gives_its_bias():
    out, stats = normalise(jnp.full((4, 3, 3, 2), 7.0), True, bias=0.5)
    np.testing.assert_array_equal(out, np.full((4, 3, 3, 2), 0.5))
    np.testing.assert_allclose(stats['var'], [0.9, 0.9], rtol=1e-6)


def test_gradient_by_hand():
    """x = -1, 1 (mean 0, variance 1) with weights g = 1, 0 and epsilon 0.

    dL/dx_i = g_i - mean(g) - xhat_i mean(g xhat) = (1 - .5 - .5, 0 - .5 + .5) = 0, 0:
    two points always normalise to -1, 1. dL/dscale = sum g xhat = -1, dL/dbias = 1.
    """

    def loss(x, scale, bias):
        out, _ = normalise(x, True, scale=scale, bias=bias, epsilon=0.0)
        return out[0, 0]

    x = jnp.array([[-1.0], [1.0]])
    by_x, by_scale, by_bias = jax.grad(loss, (0, 1, 2))(x, 1.0, 0.0)
    np.testing.assert_allclose(by_x, [[0.0], [0.0]], atol=1e-6)
    np.testing.assert_allclose([by_scale, by_bias], [-1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize('train', [True, False])
def test_gradient_equals_finite_differences(train):
    """Of sum(w y) with w of any sign, by central differences of .01 in every value."""
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.normal(2.0, 1.5, (3, 2, 2, 2)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=x.shape), jnp.float32)

    @jax.jit
    def loss(x):
        return jnp.sum(weights * normalise(x, train, scale=1.3, mean=1.0, var=2.0)[0])

    shifts = 0.01 * jnp.eye(x.size).reshape(-1, *x.shape)
    numeric = jax.vmap(lambda d: (loss(x + d) - loss(x - d)) / 0.02)(shifts)
    np.testing.assert_allclose(
        jax.grad(loss)(x).ravel(), numeric, atol=2e-3 * float(jnp.abs(numeric).max())
    )


def test_bfloat16_keeps_float32_statistics():
    """300 is a bfloat16 number, 1 / 256 apart from nothing: the mean must not round."""
    x = jnp.array([[256.0], [258.0], [258.0], [258.0]], jnp.bfloat16)
    out, stats = normalise(x, True, dtype=jnp.bfloat16, momentum=1.0)
    assert out.dtype == jnp.bfloat16
    assert stats['mean'].dtype == stats['var'].dtype == jnp.float32
    np.testing.assert_allclose([stats['mean'][0], stats['var'][0]], [257.5, 1.0])


def test_a_single_value_per_channel_is_refused_in_training():
    with pytest.raises(ValueError, match='2 values per channel'):
        normalise(jnp.ones((1, 1, 1, 4)), True)
    assert normalise(jnp.ones((1, 1, 1, 4)), False)[0].shape == (1, 1, 1, 4)


def test_masked_training_by_hand():
    """Rows 1, 3 and 5, 7 count, 100 and -100 do not: the numbers of the first test."""
    x = jnp.array([[1.0, 3.0], [100.0, -100.0], [5.0, 7.0]])[..., None]
    mask = jnp.array([True, False, True])
    with masked(mask):
        out, stats = normalise(x, True, scale=2.0, bias=1.0)
    expected = (np.array([1, 3, 100, -100, 5, 7]) - 4) * 2 / np.sqrt(5.00001) + 1
    np.testing.assert_allclose(out.ravel(), expected, rtol=1e-6)
    np.testing.assert_allclose(stats['mean'], [0.4], rtol=1e-6)
    np.testing.assert_allclose(stats['var'], [0.9 + 2 / 3], rtol=1e-6)


@pytest.mark.parametrize('rows', [(), (2,)])
def test_fewer_than_two_rows_use_the_running_statistics(rows):
    """As in evaluation, gradient and all; and the running ones stay."""
    x = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3, 3, 2)), jnp.float32)
    mask = jnp.array([row in rows for row in range(4)])
    running = {'mean': 0.3, 'var': 1.7}

    def loss(x, train):
        return jnp.sum(jnp.square(normalise(x, train, **running)[0]))

    with masked(mask):
        out, stats = normalise(x, True, **running)
        gradient = jax.grad(loss)(x, True)
    np.testing.assert_allclose(out, normalise(x, False, **running)[0], rtol=1e-6)
    np.testing.assert_allclose(gradient, jax.grad(loss)(x, False), rtol=1e-5)
    for name, value in running.items():
        np.testing.assert_array_equal(stats[name], np.float32([value, value]))


def test_masked_reaches_every_norm_below():
    """A block with three norms: the chosen rows and the statistics are those of the
    subset alone, and what the other rows show does not matter."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(6, 4, 4, 3)), jnp.float32)
    mask = jnp.array([True, False, True, True, False, True])
    block = resnet.BasicBlock(5, 2, jnp.float32)
    variables = block.init(jax.random.key(0), x, False)

    @jax.jit
    def run(x, mask=None):
        with masked(mask):
            return block.apply(variables, x, True, mutable=['batch_stats'])

    whole, stats = run(x, mask)
    alone, wanted = run(x[mask])
    np.testing.assert_allclose(whole[mask], alone, atol=1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), stats, wanted
    )
    changed, _ = run(jnp.where(mask[:, None, None, None], x, 50.0), mask)
    np.testing.assert_allclose(changed[mask], alone, atol=1e-5)
