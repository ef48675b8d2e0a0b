"""Bottlenecks, beyond what every backbone is tested for."""

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import nets
from fer_jax.nets import resnet


def test_bottlenecks_of_resnet50():
    """Stride in the 3x3, four times the width out, 3, 4, 6, 3 blocks."""
    net = nets.make('resnet50')
    images = jax.ShapeDtypeStruct((2, 224, 224, 3), jnp.float32)
    variables = jax.eval_shape(
        lambda rng, images: net.init(rng, images, False), jax.random.key(0), images
    )
    params = variables['params']
    assert [len(params[f'stage{i}']) for i in (1, 2, 3, 4)] == [3, 4, 6, 3]
    block = params['stage2']['block0']
    kinds = {f'{kind}{i}' for kind in ('conv', 'norm') for i in (1, 2, 3)}
    assert set(block) == {*kinds, 'downsample'}
    assert block['conv1']['kernel'].shape == (1, 1, 256, 128)
    assert block['conv2']['kernel'].shape == (3, 3, 128, 128)
    assert block['conv3']['kernel'].shape == (1, 1, 128, 512)
    assert 'downsample' in params['stage1']['block0']  # 64 channels become 256
    assert 'downsample' not in params['stage1']['block1']


def test_a_stride_in_the_middle_sees_every_pixel():
    """The stride of 2 in the 3x3 convolution reads all of a 4 x 4 map; in the 1x1 (the
    paper's) every second row and column would be skipped. Through the 3x3 path alone,
    with all kernels 1, the gradient of the output's sum is above 0 everywhere."""
    block = resnet.Bottleneck(1, 2, jnp.float32)
    x = jnp.ones((2, 4, 4, 1))
    variables = jax.tree.map(jnp.ones_like, block.init(jax.random.key(0), x, False))
    variables['params']['downsample']['conv']['kernel'] *= 0
    gradient = jax.grad(lambda x: block.apply(variables, x, False).sum())(x)
    assert bool((gradient > 0).all())


def test_bottlenecks_learn():
    """Every parameter of a stage with a shortcut of both kinds has a gradient."""
    stage = resnet.Stage(resnet.Bottleneck, 2, 4, 2, jnp.float32)
    x = jax.random.normal(jax.random.key(1), (4, 6, 6, 8))

    @jax.jit
    def run(rng):
        variables = stage.init(rng, x, False)

        def loss(params):
            maps, _ = stage.apply(
                {**variables, 'params': params}, x, True, mutable=['batch_stats']
            )
            return jnp.mean(jnp.square(maps))

        return jax.grad(loss)(variables['params'])

    gradient = run(jax.random.key(0))
    assert gradient['block1']['conv1']['kernel'].shape == (1, 1, 16, 4)
    norms = [float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient)]
    assert np.isfinite(norms).all()
    assert min(norms) > 0
