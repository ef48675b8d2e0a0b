"""The backbones with the tensors of a torchvision net, against that net's numbers.

`LITERALS` are features that `torch_run` of this file returned with torchvision 0.28.0
and torch 2.13.0; they hold names and layouts to it where it is not installed. Values
differ from tensor to tensor, so that no two of one shape can change places.
"""

import hashlib
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import nets
from fer_jax.nets import torch_names

# name: (width, pixels) of 3 images; no case has a 2x2 map.
CASES = {
    'resnet18': (4, 96),
    'resnet50': (4, 96),
    'mobilenet_v2': (16, 72),
    'vgg16': (2, 64),
    'vgg16_bn': (2, 64),
}
# Number of the tensors and sha256 of the sorted lines 'name shape' of torchvision's
# state_dict() without the classifier and num_batches_tracked.
LISTS = {
    'resnet18': (100, '43a9b5e01e6dc88a5c2823318a45f378'),
    'resnet50': (265, '9fb760970125b1e99b28e16313c7736f'),
    'mobilenet_v2': (260, 'ddfa7f160ae84a36015799ebc729f89d'),
    'vgg16': (30, '4e67aacc0275c07f47cdd1b51b256aad'),
    'vgg16_bn': (82, 'eb39fb956d1de7a3691a8fc40b00599e'),
}
LITERALS = {
    'resnet18': [4.4953, 2.5436, 8.4559, 6.565, 4.5232, 0.090811],
    'resnet50': [11.845, 1.9986, 101.66, 119.8, 45.798, 174.45],
    'mobilenet_v2': [0.10321, 1.3562, 2.6089, 0.14662, 0.0, 5.9235],
    'vgg16': [0.0, 0.0, 4.8993, 0.0, 0.41035, 0.0],
    'vgg16_bn': [0.0, 0.0, 2.9643, 0.0, 0.0, 0.0],
}


def fill(name, shape):
    """Values of the tensor that torchvision calls `name`, the same on every machine.

    Kernels and matrices uniform with variance 2 / fan_in, scales and variances within
    .7 and 1.3, biases and means within .3 of 0.
    """
    generator = np.random.Generator(np.random.Philox(zlib.crc32(name.encode())))
    values = 2 * generator.random(shape) - 1
    if len(shape) > 1:
        values *= (6 / np.prod(shape[1:])) ** 0.5
    else:
        positive = name.endswith(('weight', 'running_var'))
        values = 0.3 * values + positive
    return values.astype(np.float32)


def state_dict(name, width):
    """{torchvision's name: values} of a backbone, without torch."""
    found = {}
    for ours, shape in torch_names.shapes(name, width).items():
        theirs = torch_names.theirs(name, ours)
        found[theirs] = fill(theirs, torch_names.torch_shape(shape))
    return found


def batch(pixels):
    """3 images [B, C, H, W] in [-1, 1]."""
    return fill('images', (3, 3, pixels, pixels)) * (3 * pixels**2 / 6) ** 0.5


def variables(name, arrays):
    """Net, images and variables of a case, filled with arrays by our names."""
    width, pixels = CASES[name]
    net = nets.make(name, width=width)
    if name.startswith('vgg'):
        net = net.clone(dropout=0.0)
    images = jnp.asarray(batch(pixels).transpose(0, 2, 3, 1))
    shapes = jax.eval_shape(
        lambda key, images: net.init(key, images, False), jax.random.key(0), images
    )
    filled = {
        collection: jax.tree_util.tree_map_with_path(
            lambda path, leaf: arrays[named(path)], tree
        )
        for collection, tree in shapes.items()
    }
    return net, images, filled


def named(path):
    return jax.tree_util.keystr(path, simple=True, separator='/')


def features(name, arrays):
    """[3, D] of our net in evaluation."""
    net, images, filled = variables(name, arrays)
    return jax.jit(lambda filled: net.apply(filled, images, False).pooled)(filled)


def statistics(name, arrays):
    """Running statistics of our net after a step of training, as `ordered`."""
    net, images, filled = variables(name, arrays)
    train = jax.jit(lambda v: net.apply(v, images, True, mutable=['batch_stats'])[1])
    leaves = jax.tree_util.tree_leaves_with_path(train(filled).get('batch_stats', {}))
    return ordered({torch_names.theirs(name, named(path)): v for path, v in leaves})


def ordered(stats):
    """All running means, and all running variances, by torchvision's names."""
    return {
        kind: np.concatenate([stats[n] for n in sorted(stats) if n.endswith(kind)])
        for kind in ('running_mean', 'running_var')
        if stats
    }


def torch_run(name):
    """Features and statistics by torchvision's net, and the state dict it had."""
    torch = pytest.importorskip('torch')
    pytest.importorskip('torchvision')
    from tests.nets import torchvision_nets

    width, pixels = CASES[name]
    net = torchvision_nets.build(name, width)
    filled = {
        key: torch.from_numpy(fill(key, tuple(value.shape)))
        if value.ndim
        else torch.tensor(0)
        for key, value in net.state_dict().items()
    }
    net.load_state_dict(filled)
    images = torch.from_numpy(batch(pixels))
    with torch.no_grad():
        pooled = torchvision_nets.pooled(name, net.eval(), images)
        net.train()(images)
    moved = {n: v.numpy() for n, v in net.state_dict().items() if 'running' in n}
    return pooled.numpy(), ordered(moved), filled


def shown(values):
    """Six of many values, spread over them."""
    return np.ravel(values)[np.linspace(0, np.size(values) - 1, 6).astype(int)]


@pytest.mark.parametrize('name', LISTS)
def test_names_and_shapes_are_torchvisions(name):
    """Of the published nets, of width 64."""
    lines = sorted(
        f'{torch_names.theirs(name, ours)} {torch_names.torch_shape(shape)}'
        for ours, shape in torch_names.shapes(name, 64).items()
    )
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    assert (len(lines), digest[:32]) == LISTS[name]


@pytest.mark.parametrize('name', CASES)
def test_features_are_those_torchvision_gave(name):
    width, _ = CASES[name]
    found = torch_names.convert(name, width, state_dict(name, width))
    assert_close(shown(features(name, found.arrays)), LITERALS[name])


def assert_close(values, wanted):
    np.testing.assert_allclose(values, wanted, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize('name', CASES)
def test_numbers_equal_torchvision_here(name, tmp_path):
    """By way of a file that torch.save wrote, and the door."""
    pooled, moved, filled = torch_run(name)
    import torch

    from data_prep import __main__ as data_prep
    from fer_jax.data import weights

    file, folder = tmp_path / 'net.pth', tmp_path / 'net'
    torch.save(filled, file)
    options = f'weights {file} --backbone={name} --width={CASES[name][0]}'
    assert data_prep.main([*options.split(), f'--out={folder}']) == 0
    arrays = weights.read(folder)
    assert_close(features(name, arrays), pooled)
    found = statistics(name, arrays)
    assert found.keys() == moved.keys()
    for kind, values in found.items():
        assert_close(values, moved[kind])


def in_sequence(name, prefix='features.'):
    """A tensor's name in Sequential(*net.children()) of a ResNet, as `prefix`."""
    places = {'conv1': 0, 'bn1': 1} | {f'layer{i}': 3 + i for i in range(1, 5)}
    child, _, rest = name.partition('.')
    return f'{prefix}{places[child]}.{rest}'


# what SCN; RUL; EAC have beside their features
BESIDE = {
    'resnet18': {'alpha.0.weight': (1, 32), 'alpha.0.bias': (1,), 'fc.weight': (7, 32)},
    'resnet50': {'mu.0.weight': (32,), 'mu.3.weight': (9, 32), 'fc.bias': (7,)},
}


@pytest.mark.parametrize(
    ('name', 'prefix'),
    [('resnet18', 'features.'), ('resnet18', ''), ('resnet50', 'module.features.')],
)
def test_a_sequential_of_the_children(name, prefix):
    plain = state_dict(name, 4)
    beside = {key: np.ones(shape) for key, shape in BESIDE[name].items()}
    named = {in_sequence(key, prefix): array for key, array in plain.items()}
    counters = {f'{prefix}1.num_batches_tracked': np.ones(())}
    others = beside if prefix else {'9.weight': np.ones((7, 32))}
    found = torch_names.convert(name, 4, others | named | counters)
    assert found.prefix == prefix
    if prefix:
        assert found.beside == BESIDE[name]
        assert found.left_out == {}
    else:
        assert found.left_out == {'9.weight': (7, 32)}
    wanted = torch_names.convert(name, 4, plain).arrays
    assert found.arrays.keys() == wanted.keys()
    for ours, array in wanted.items():
        np.testing.assert_array_equal(found.arrays[ours], array)


def test_a_sequential_that_lacks_something_or_is_there_twice():
    plain = state_dict('resnet18', 4)
    named = {in_sequence(key): array for key, array in plain.items()}
    less = {key: array for key, array in named.items() if key != 'features.0.weight'}
    with pytest.raises(
        ValueError, match=r'are 1 missing \(features\.0\.weight\); name'
    ):
        torch_names.convert('resnet18', 4, less)
    with pytest.raises(
        ValueError, match=r'are 1 foreign \(features\.8\.weight\); name'
    ):
        torch_names.convert('resnet18', 4, named | {'features.8.weight': np.ones(3)})
    twice = {in_sequence(key, 'momentum.'): array for key, array in plain.items()}
    with pytest.raises(ValueError, match=r'are 100 foreign \(momentum\.0\.weight;'):
        torch_names.convert('resnet18', 4, named | twice)


def test_every_backbone_but_jocors_and_dlibs_has_names():
    others = {name for name in nets.BACKBONES if name.startswith('dlib')}
    assert set(torch_names.NAMES) == set(nets.BACKBONES) - others - {'cnn7'}
