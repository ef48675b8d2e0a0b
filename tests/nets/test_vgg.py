"""VGG-16: adaptive pooling, dropout, the order of its flattened maps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import nets
from fer_jax.nets import vgg


def variables_of(net, images):
    return jax.jit(lambda rng: net.init(rng, images, False))(jax.random.key(0))


@pytest.fixture(scope='module')
def tiny():
    images = jax.random.normal(jax.random.key(1), (3, 32, 32, 3))
    net = nets.make('vgg16_bn', width=1)
    return net, images, variables_of(net, images)


def test_bins_by_hand():
    """5 places in 3 bins: [0, 2), [1, 4), [3, 5); 2 in 3: [0, 1), [0, 2), [1, 2)."""
    np.testing.assert_allclose(
        vgg.bins(5, 3),
        [[1 / 2, 1 / 2, 0, 0, 0], [0, 1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 1 / 2, 1 / 2]],
        rtol=1e-6,
    )
    np.testing.assert_allclose(vgg.bins(2, 3), [[1, 0], [0.5, 0.5], [0, 1]])
    np.testing.assert_array_equal(vgg.bins(7, 7), np.eye(7))


@pytest.mark.parametrize('shape', [(1, 1), (2, 3), (7, 7), (9, 14), (15, 8)])
def test_adaptive_mean_is_a_mean_of_each_bin(shape):
    maps = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    (h, w), side = shape, 7
    out = vgg.adaptive_mean(jnp.asarray(maps), side)
    for i in range(side):
        for j in range(side):
            rows = slice(i * h // side, -(-(i + 1) * h // side))
            columns = slice(j * w // side, -(-(j + 1) * w // side))
            wanted = maps[:, rows, columns].mean(axis=(1, 2))
            np.testing.assert_allclose(out[:, i, j], wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('shape', [(2, 3), (9, 14)])
def test_adaptive_mean_is_torchs(shape):
    torch = pytest.importorskip('torch')
    maps = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    pool = torch.nn.AdaptiveAvgPool2d(7)
    wanted = pool(torch.from_numpy(maps.transpose(0, 3, 1, 2))).numpy()
    out = vgg.adaptive_mean(jnp.asarray(maps), 7)
    np.testing.assert_allclose(out, wanted.transpose(0, 2, 3, 1), atol=1e-6)


def test_dropout_halves_the_units_in_training_alone(tiny):
    """Of units above 0, about half are 0 under a key, twice their value otherwise."""
    net, images, variables = tiny
    plain = net.clone(dropout=0.0)

    def trained(net, key):
        features, _ = net.apply(
            variables, images, True, mutable=['batch_stats'], rngs={'dropout': key}
        )
        return np.asarray(features.pooled)

    whole = trained(plain, jax.random.key(5))
    one, other = (trained(net, jax.random.key(number)) for number in (5, 6))
    assert (one != other).any()
    assert 0.2 < (one == 0)[whole > 0].mean() < 0.8
    assert net.apply(variables, images, False).pooled.shape == (3, 64)
    np.testing.assert_array_equal(
        net.apply(variables, images, False).pooled,
        plain.apply(variables, images, False).pooled,
    )


def test_gradients_are_finite(tiny):
    net, images, variables = tiny

    @jax.jit
    def run(params):
        def loss(params):
            features, _ = net.apply(
                {**variables, 'params': params},
                images,
                True,
                mutable=['batch_stats'],
                rngs={'dropout': jax.random.key(2)},
            )
            return jnp.mean(jnp.square(features.pooled))

        return jax.grad(loss)(params)

    gradient = run(variables['params'])
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradient))
    assert float(jnp.abs(gradient['conv1_1']['kernel']).max()) > 0


def test_maps_are_flattened_channel_first(tiny):
    """Unit u of fc6 that reads only input 49 c + 7 i + j sees channel c at (i, j)."""
    net, images, variables = tiny
    maps = vgg.adaptive_mean(net.apply(variables, images, False).maps, 7)
    kernel = jnp.zeros_like(variables['params']['fc6']['kernel'])
    kernel = kernel.at[49 * 3 + 7 * 2 + 5, 0].set(1.0)
    eye = jnp.eye(64)
    params = {
        **variables['params'],
        'fc6': {'kernel': kernel, 'bias': jnp.zeros(64)},
        'fc7': {'kernel': eye, 'bias': jnp.zeros(64)},
    }
    pooled = net.apply({**variables, 'params': params}, images, False).pooled
    np.testing.assert_allclose(pooled[:, 0], maps[:, 2, 5, 3], rtol=1e-5)


def test_names_that_checkpoints_rely_on(tiny):
    params = tiny[2]['params']
    places = [
        f'{i + 1}_{j + 1}' for i, n in enumerate((2, 2, 3, 3, 3)) for j in range(n)
    ]
    layers = {f'{kind}{place}' for kind in ('conv', 'norm') for place in places}
    assert set(params) == {*layers, 'fc6', 'fc7'}
    assert set(params['conv1_1']) == {'kernel', 'bias'}


def test_small_images_are_refused():
    with pytest.raises(ValueError, match='32 pixels'):
        variables_of(nets.make('vgg16', width=1), jnp.zeros((1, 31, 32, 3)))
