"""The backbones against the same nets in PyTorch, filled by one formula.

`LITERALS` are what `torch_run` of this file returned with torch 2.13.0; they hold the
nets to torch's numbers where torch is not installed. Where it is, all values of the
same arrays are compared.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import nets

# name: (width, pixels) of 3 images; no case has a 2x2 map.
CASES = {
    'resnet18': (4, 96),
    'resnet18_cifar': (4, 24),
    'resnet18_slim': (4, 48),
    'resnet50': (4, 96),
    'mobilenet_v2': (16, 72),
    'vgg16': (2, 64),
    'vgg16_bn': (2, 64),
    'cnn7': (4, 18),
}
# Where the first convolution and the last norm are, if there is one.
FIRST = {name: 'stem/conv' for name in CASES} | {
    'vgg16': 'conv1_1',
    'vgg16_bn': 'conv1_1',
    'cnn7': 'conv1',
}
LAST = {name: 'stage4/block1/norm2' for name in CASES} | {
    'resnet50': 'stage4/block2/norm3',
    'mobilenet_v2': 'last/norm',
    'vgg16': None,
    'vgg16_bn': 'norm5_3',
    'cnn7': 'norm6',
}
LITERALS = {
    'resnet18': {
        'pooled_train': [0.933154, 0.0566489, 1.90623, 0.521302, 1.15044, 0.540563],
        'gradient': [10.459, -3.56798, 0.191252, -8.64704, 6.04401, 1.44272],
        'mean': [0.260944, 0.10802, -0.206518, -0.205958, 0.207718, 0.270844],
        'var': [0.954658, 0.67087, 0.839179, 1.09838, 1.20538, 0.911041],
        'pooled_eval': [3.45971, 4.91581, 2.91515, 6.4179, 5.10391, 5.8394],
    },
    'resnet18_cifar': {
        'pooled_train': [1.33199, 0.514644, 1.20573, 0.38943, 1.57155, 0.208915],
        'gradient': [1.38089, 1.51412, 1.79673, -3.60623, -2.47986, -1.17404],
        'mean': [0.250781, 0.0934225, -0.221718, -0.212129, 0.21796, 0.26991],
        'var': [0.971706, 0.684521, 0.817159, 1.10991, 1.17868, 0.930455],
        'pooled_eval': [15.333, 18.6886, 9.5906, 9.04916, 2.74553, 6.7044],
    },
    'resnet18_slim': {
        'pooled_train': [1.7154, 0.666338, 1.32032, 0.172947, 0.988041, 0.160036],
        'gradient': [-3.91091, -2.47692, -0.424289, -2.72449, -0.150955, 1.70881],
        'mean': [0.254346, 0.105708, -0.216315, -0.21518, 0.191761, 0.268931],
        'var': [0.958141, 0.710398, 0.807798, 1.10862, 1.18869, 0.914604],
        'pooled_eval': [3.67889, 6.55681, 2.13941, 6.16124, 2.8255, 3.22383],
    },
    'resnet50': {
        'pooled_train': [2.58184, 0.94957, 1.74254, 1.25323, 1.0778, 2.587],
        'gradient': [-326.29, 254.953, 1068.99, 374.756, -15.0143, -384.785],
        'mean': [0.366148, -0.152994, -0.11408, 0.24194, -0.157927, -0.0975941],
        'var': [0.993155, 1.16706, 0.756526, 0.990449, 1.22087, 0.689413],
        'pooled_eval': [72.6468, 0.0, 142.932, 21.3623, 40.1339, 5.89571],
    },
    'mobilenet_v2': {
        'pooled_train': [0.774242, 0.353365, 0.332218, 0.415328, 0.588099, 0.423539],
        'gradient': [-6.88117, -149.417, -144.285, -0.0563662, 25.6499, -32.8666],
        'mean': [0.317437, 0.221924, 0.08301, -0.0829966, -0.241266, -0.263603],
        'var': [0.994887, 0.999674, 0.890049, 0.857778, 1.0032, 1.08093],
        'pooled_eval': [0.728817, 1.02352, 1.44543, 0.891698, 0.74562, 0.438553],
    },
    'vgg16': {
        'pooled_train': [1.3777, 0.551339, 1.44687, 0.34447, 1.29117, 0.620782],
        'gradient': [5.58423, 15.291, 20.212, 16.2996, 22.2225, 16.8012],
        'pooled_eval': [1.3777, 0.551339, 1.44687, 0.34447, 1.29117, 0.620782],
    },
    'vgg16_bn': {
        'pooled_train': [2.72434, 2.25002, 4.10373, 2.63638, 2.21443, 1.7148],
        'gradient': [167.472, 21.852, -49.5214, -154.691, 22.2853, 188.174],
        'mean': [0.29158, -0.121976, -0.197198, 0.289391, -0.0412759, -0.233343],
        'var': [0.950032, 1.1709, 0.758356, 0.893004, 1.2537, 0.80208],
        'pooled_eval': [1.59849, 0.540507, 1.5382, 0.805261, 1.28198, 0.539396],
    },
    'cnn7': {
        'pooled_train': [1.26789, 2.21732, 0.73915, 1.34692, 2.50595, 1.31112],
        'gradient': [3.04098, -3.95526, -5.48428, -9.78413, -13.1949, -8.03057],
        'mean': [0.306848, -0.153734, -0.210124, 0.295491, -0.0480996, -0.254181],
        'var': [0.983503, 1.20091, 0.754046, 0.909482, 1.21063, 0.778912],
        'pooled_eval': [0.665777, 0.230622, 0.523293, 0.0408864, 0.500128, 0.134332],
    },
}


def fill(name, shape):
    """Value of the parameter or statistic `name` from its index in torch's layout.

    Kernels and matrices 2 sin(i + .001 i^2) / sqrt(fan_in), of full rank; scales and
    variances 1 + .3 sin(i); the rest .3 cos(i).
    """
    i = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    if len(shape) > 1:
        values = 2 * np.sin(i + 1e-3 * i**2) / np.sqrt(np.prod(shape[1:]))
    elif name in ('scale', 'var'):
        values = 1 + 0.3 * np.sin(i)
    else:
        values = 0.3 * np.cos(i)
    return values.astype(np.float32)


def batch(pixels):
    """3 images [B, C, H, W] in [-1, 1] from a formula."""
    i = np.arange(3 * 3 * pixels**2, dtype=np.float64)
    return np.sin(0.37 * i + 1e-5 * i**2).reshape(3, 3, pixels, pixels)


def direction(pooled):
    """Fixed weights that make one number of `pooled`, for its gradient."""
    return np.cos(np.arange(pooled.size)).reshape(pooled.shape).astype(np.float32)


def at(tree, path, leaf):
    for name in path.split('/'):
        tree = tree[name]
    return tree[leaf]


def jax_run(name):
    """Shown numbers of our net: first pooled values, last norm's new statistics, and
    the gradient of the first convolution, kernel [0, 0] in torch's layout."""
    width, pixels = CASES[name]
    net = nets.make(name, width=width)
    if name.startswith('vgg'):
        net = net.clone(dropout=0.0)
    images = jnp.asarray(batch(pixels).transpose(0, 2, 3, 1), jnp.float32)

    def filled(path, leaf):
        if leaf.ndim == 4:  # [height, width, in, out] from torch's [out, in, h, w]
            values = fill('', tuple(leaf.shape[i] for i in (3, 2, 0, 1)))
            return values.transpose(2, 3, 1, 0)
        if leaf.ndim == 2:
            return fill('', leaf.shape[::-1]).T
        return fill(path[-1].key, leaf.shape)

    shapes = jax.eval_shape(lambda rng: net.init(rng, images, False), jax.random.key(0))
    variables = jax.tree_util.tree_map_with_path(filled, shapes)

    @jax.jit
    def run(params):
        def loss(params):
            features, new = net.apply(
                {**variables, 'params': params}, images, True, mutable=['batch_stats']
            )
            return jnp.sum(features.pooled * direction(features.pooled)), (
                features.pooled,
                new.get('batch_stats', {}),
            )

        gradient, (pooled, stats) = jax.grad(loss, has_aux=True)(params)
        return pooled, stats, gradient, net.apply(variables, images, False).pooled

    trained, stats, gradient, evaluated = run(variables['params'])
    numbers = {
        'pooled_train': trained,
        'pooled_eval': evaluated,
        'gradient': at(gradient, FIRST[name], 'kernel').transpose(3, 2, 0, 1)[0, 0],
    }
    if LAST[name]:
        numbers |= {kind: at(stats, LAST[name], kind) for kind in ('mean', 'var')}
    return numbers


def torch_run(name):
    """The numbers of `jax_run`, by PyTorch."""
    torch = pytest.importorskip('torch')
    from tests.nets import torch_nets

    width, pixels = CASES[name]
    net = torch_nets.build(name, width)
    images = torch.tensor(batch(pixels), dtype=torch.float32)
    ours = {'running_mean': 'mean', 'running_var': 'var', 'weight': 'scale'}

    def refill():
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if value.ndim:  # all but num_batches_tracked
                    kind = key.rpartition('.')[2]
                    filled = fill(ours.get(kind, kind), tuple(value.shape))
                    value.copy_(torch.from_numpy(filled))

    refill()
    pooled = net.train()(images)
    (pooled * torch.from_numpy(direction(pooled.detach().numpy()))).sum().backward()
    last = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    numbers = {'pooled_train': pooled, 'gradient': net[0].weight.grad[0, 0]}
    if last:
        numbers['mean'] = last[-1].running_mean.clone()
        numbers['var'] = last[-1].running_var.clone()
    refill()
    numbers['pooled_eval'] = net.eval()(images)
    return {key: value.detach().numpy() for key, value in numbers.items()}


def shown(numbers):
    """The six values of each kind that are stored, spread over the array."""
    return {
        key: np.asarray(value).ravel()[:: max(1, value.size // 6)][:6]
        for key, value in numbers.items()
    }


@pytest.fixture(scope='module', params=CASES)
def ours(request):
    return request.param, jax_run(request.param)


# Fifty layers of relus: a value that rounds to the other side of 0, as another number
# of threads makes it, moves the gradient of the first layer by some thousandths.
GRADIENT_TOLERANCE = {name: 2e-4 for name in CASES} | {
    'resnet50': 2e-2,
    'mobilenet_v2': 2e-2,
}


def assert_close(name, numbers, expected):
    for key, value in numbers.items():
        tolerance = GRADIENT_TOLERANCE[name] if key == 'gradient' else 1e-4
        tolerance *= np.abs(expected[key]).max()
        np.testing.assert_allclose(value, expected[key], atol=tolerance, err_msg=key)


def test_numbers_are_those_torch_gave(ours):
    name, numbers = ours
    assert_close(name, shown(numbers), LITERALS[name])


def test_numbers_equal_torch_here(ours):
    name, numbers = ours
    assert_close(name, numbers, torch_run(name))


def test_literals_cover_every_backbone():
    others = {name for name in nets.BACKBONES if name.startswith('dlib')}  # test_dlib
    assert set(CASES) == set(LITERALS) == set(nets.BACKBONES) - others
