"""Every backbone: parameter counts, map sizes, names, dtypes, initial values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import nets
from fer_jax.nets import resnet

# (name, width): parameters. resnet18: torchvision's 11,689,512 less the classifier's
# 512 * 1000 + 1000. With a 3x3 stem 2724 w^2 + 177 w: stages 36 + 128 + 512 + 2048 w^2,
# stem 27 w, norms 150 w. resnet50, mobilenet_v2, vgg16, vgg16_bn: torchvision's
# 25,557,032, 3,504,872, 138,357,544, 138,365,992 less D * 1000 + 1000 for D = 2048,
# 1280, 4096, 4096. cnn7: kernels and biases 1,792 + 36,928 + 73,856 + 147,584
# + 225,988 + 28,240, norms 2 * 596. dlib: kernels 4,704 + 6 * 9,216 + 18,432
# + 7 * 36,864 + 73,728 + 5 * 147,456 + 294,912 + 7 * 589,824 (5 without stage5), two
# values for each of 3,040 + 512 (3,040) channels of norms, 512 of the neck.
PARAMETERS = {
    ('resnet18', 64): 11_176_512,
    ('resnet18_cifar', 64): 11_168_832,
    ('resnet18_cifar', 16): 700_176,
    ('resnet18_slim', 64): 11_168_832,
    ('resnet18_slim', 24): 1_573_272,
    ('resnet50', 64): 23_508_032,
    ('mobilenet_v2', 64): 2_223_872,
    ('vgg16', 64): 134_260_544,
    ('vgg16_bn', 64): 134_268_992,
    ('cnn7', 64): 515_580,
    ('cnn7', 16): 38_211,
    ('dlib_affine', 64): 5_578_784,
    ('dlib_affine4', 64): 4_398_112,
    ('dlib_batch', 64): 5_578_784,
    ('dlib_batch4', 64): 4_398_112,
}
# (name, pixels): sides of the last maps, channels, D.
MAPS = {
    ('resnet18', 224): (7, 512, 512),
    ('resnet18', 100): (4, 512, 512),
    ('resnet18_cifar', 32): (4, 512, 512),
    ('resnet18_slim', 48): (3, 512, 512),
    ('resnet18_slim', 96): (6, 512, 512),
    ('resnet50', 224): (7, 2048, 2048),
    ('resnet50', 48): (2, 2048, 2048),
    ('mobilenet_v2', 224): (7, 1280, 1280),
    ('mobilenet_v2', 48): (2, 1280, 1280),
    ('vgg16', 224): (7, 512, 4096),
    ('vgg16_bn', 224): (7, 512, 4096),
    ('vgg16_bn', 48): (1, 512, 4096),
    ('cnn7', 32): (4, 16, 256),
    ('cnn7', 48): (6, 16, 576),
    ('cnn7', 100): (12, 16, 2304),
    ('dlib_affine', 150): (2, 256, 256),
    ('dlib_affine', 131): (1, 256, 256),
    ('dlib_affine4', 67): (1, 256, 256),
    ('dlib_batch', 103): (1, 256, 256),
    ('dlib_batch4', 99): (2, 256, 256),
}


def abstract(name, pixels=112, **options):
    """Shapes of (features, variables) of a batch of 2, nothing computed."""
    net = nets.make(name, **options)
    images = jax.ShapeDtypeStruct((2, pixels, pixels, 3), jnp.float32)
    return jax.eval_shape(
        lambda rng, images: net.init_with_output(rng, images, False),
        jax.random.key(0),
        images,
    )


@pytest.mark.parametrize(('name', 'width'), PARAMETERS)
def test_parameter_counts(name, width):
    _, variables = abstract(name, width=width)
    count = sum(leaf.size for leaf in jax.tree.leaves(variables['params']))
    assert count == PARAMETERS[name, width]


@pytest.mark.parametrize(('name', 'pixels'), MAPS)
def test_map_sizes(name, pixels):
    features, _ = abstract(name, pixels)
    side, channels, pooled = MAPS[name, pixels]
    assert features.maps.shape == (2, side, side, channels)
    assert features.pooled.shape == (2, pooled)


def test_the_tables_cover_every_backbone():
    assert {name for name, _ in PARAMETERS} == set(nets.BACKBONES)
    assert {name for name, _ in MAPS} == set(nets.BACKBONES)


def test_slim_maps_are_never_2x2_on_48_pixels():
    """24, 12, 6, 3 by stage; a 2x2 map is where CPU convolutions fall off a cliff."""
    net = nets.make('resnet18_slim', width=8)

    def stages(rng, images):
        _, state = net.init_with_output(
            rng, images, False, capture_intermediates=True, mutable=True
        )
        return {
            name: tree['__call__'][0]
            for name, tree in state['intermediates'].items()
            if name.startswith('stage')
        }

    images = jax.ShapeDtypeStruct((2, 48, 48, 3), jnp.float32)
    maps = jax.eval_shape(stages, jax.random.key(0), images)
    assert {name: leaf.shape[1:] for name, leaf in maps.items()} == {
        'stage1': (24, 24, 8),
        'stage2': (12, 12, 16),
        'stage3': (6, 6, 32),
        'stage4': (3, 3, 64),
    }


def test_names_that_checkpoints_rely_on():
    _, variables = abstract('resnet18')
    params = variables['params']
    assert set(params) == {'stem', 'stage1', 'stage2', 'stage3', 'stage4'}
    assert set(params['stem']) == {'conv', 'norm'}
    plain = {'conv1', 'norm1', 'conv2', 'norm2'}
    assert set(params['stage1']['block0']) == plain
    assert set(params['stage2']['block0']) == {*plain, 'downsample'}
    assert set(params['stage2']['block1']) == plain
    assert set(params['stage4']['block0']['downsample']) == {'conv', 'norm'}
    assert set(params['stem']['norm']) == {'scale', 'bias'}
    assert set(variables['batch_stats']['stem']['norm']) == {'mean', 'var'}
    _, variables = abstract('cnn7')
    layers = {f'{kind}{i}' for kind in ('conv', 'norm') for i in range(1, 7)}
    assert set(variables['params']) == layers


@pytest.mark.parametrize('name', nets.BACKBONES)
def test_bfloat16_computes_low_and_keeps_float32(name):
    features, variables = abstract(name, dtype=jnp.bfloat16)
    assert features.maps.dtype == jnp.bfloat16
    assert features.pooled.dtype == jnp.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype('float32')}


def test_resnet_starts_like_torchvision():
    """Kernel deviations sqrt(2 / (9 * 64)) = .0589 and, 1x1, sqrt(2 / 64) = .177."""
    block = resnet.BasicBlock(64, 2, jnp.float32)
    init = jax.jit(lambda rng: block.init(rng, jnp.zeros((1, 3, 3, 32)), False))
    params = init(jax.random.key(0))['params']
    np.testing.assert_allclose(np.std(params['conv2']['kernel']), 0.0589, rtol=0.02)
    shortcut = params['downsample']['conv']['kernel']
    np.testing.assert_allclose(np.std(shortcut), 0.177, rtol=0.05)
    np.testing.assert_array_equal(params['norm2']['scale'], np.ones(64))
    np.testing.assert_array_equal(params['norm2']['bias'], np.zeros(64))


def test_cnn7_starts_like_torch():
    """Uniform within 1 / sqrt(9 * 16) = 1 / 12: deviation 1 / (12 sqrt(3)) = .0481."""
    net = nets.make('cnn7', width=16)
    init = jax.jit(lambda rng: net.init(rng, jnp.zeros((1, 8, 8, 3)), False))
    layer = init(jax.random.key(0))['params']['conv2']
    assert 0.083 < np.abs(layer['kernel']).max() < 1 / 12
    np.testing.assert_allclose(np.std(layer['kernel']), 0.0481, rtol=0.02)
    assert 0.06 < np.abs(layer['bias']).max() < 1 / 12


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"'resnet19'.*resnet18_slim.*cnn7"):
        nets.make('resnet19')


def test_cnn7_refuses_tiny_images():
    with pytest.raises(ValueError, match='8 pixels'):
        abstract('cnn7', 7)
