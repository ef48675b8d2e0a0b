"""Peers: the mappings agree, peers differ, shared arguments are not mapped."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType

from fer_jax.nets import peers, resnet

IMAGES = jax.random.normal(jax.random.key(7), (4, 8, 8, 3))
NET = resnet.BasicBlock(4, 2, jnp.float32)  # what backbones are made of


@pytest.fixture(scope='module')
def pair():
    return peers.init(lambda rng: NET.init(rng, IMAGES, False), jax.random.key(0), 2)


def maps(variables, images):
    return NET.apply(variables, images, True, mutable=['batch_stats'])


def test_peers_start_apart(pair):
    kernels = pair['params']['conv1']['kernel']
    assert kernels.shape == (2, 3, 3, 3, 4)
    assert np.abs(kernels[0] - kernels[1]).max() > 0.1


def test_mappings_agree_in_value_and_gradient(pair):
    """New running statistics and a loss's gradient, to float rounding."""

    @partial(jax.jit, static_argnames='how')
    def run(params, how):
        def loss(params):
            out = peers.apply(maps, {**pair, 'params': params}, IMAGES, how=how)
            return jnp.sum(jnp.square(out[0])), out

        return jax.grad(loss, has_aux=True)(params)

    by_unroll, by_vmap = (run(pair['params'], how) for how in ('unroll', 'vmap'))
    out = by_unroll[1][0]
    assert out.shape == (2, 4, 4, 4, 4)
    assert np.abs(out[0] - out[1]).max() > 0.01
    for one, other in zip(jax.tree.leaves(by_unroll), jax.tree.leaves(by_vmap)):
        assert one.shape[0] == 2
        np.testing.assert_allclose(one, other, atol=1e-5 * float(jnp.abs(one).max()))


def test_the_mesh_of_one_device_is_no_different(pair):
    """Two peers on an axis of size 1; tests/training/test_mesh.py has more devices."""
    with jax.set_mesh(jax.make_mesh((1,), ('net',), axis_types=(AxisType.Auto,))):
        run = jax.jit(partial(peers.apply, maps, how='mesh'))
        by_mesh = run(pair, IMAGES)
    by_unroll = jax.jit(partial(peers.apply, maps, how='unroll'))(pair, IMAGES)
    for one, other in zip(jax.tree.leaves(by_mesh), jax.tree.leaves(by_unroll)):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize('how', ['unroll', 'vmap'])
def test_shared_arguments_are_not_mapped(how):
    """Peers [1, 2] and [3, 4], both with all of [10, 100]: 210 and 430, tags 11, 13."""
    stacked = {'w': jnp.array([[1.0, 2.0], [3.0, 4.0]])}

    def function(one, x, tag):
        return {'dot': one['w'] @ x, 'tag': (one['w'][0] + tag,)}

    out = peers.apply(function, stacked, jnp.array([10.0, 100.0]), 10, how=how)
    np.testing.assert_array_equal(out['dot'], [210.0, 430.0])
    np.testing.assert_array_equal(out['tag'][0], [11.0, 13.0])


@pytest.mark.parametrize('how', ['unroll', 'vmap'])
@pytest.mark.parametrize('count', [1, 3])
def test_any_number_of_peers(how, count):
    stacked = peers.init(
        lambda rng: jax.random.normal(rng, (5,)), jax.random.key(3), count
    )
    assert stacked.shape == (count, 5)
    out = peers.apply(jnp.sum, stacked, how=how)
    np.testing.assert_allclose(out, np.asarray(stacked).sum(axis=1), rtol=1e-5)


def test_one_peer_is_a_slice(pair):
    expected = np.asarray(pair['params']['conv1']['kernel'])[1]
    np.testing.assert_array_equal(
        peers.one(pair, 1)['params']['conv1']['kernel'], expected
    )


def test_errors_say_what_was_wanted():
    with pytest.raises(ValueError, match="unroll, vmap or mesh, got 'pmap'"):
        peers.apply(jnp.sum, jnp.ones((2, 3)), how='pmap')
    with pytest.raises(ValueError, match=r"leading axis, got \['2', '3'\]"):
        peers.apply(jnp.sum, (jnp.ones((2, 3)), jnp.ones((3, 3))))
    with pytest.raises(ValueError, match='leading axis'):
        peers.apply(jnp.sum, jnp.float32(1.0))
