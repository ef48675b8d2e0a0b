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
    'cnn7': (4, 18),
}
LITERALS = {
    'resnet18': {
        'pooled_train': [1.53756, 0.543785, 1.60167, 0.327767, 0.953318, 0.46269],
        'pooled_eval': [10.7636, 2.13489, 12.0956, 3.65217, 2.41812, 1.16023],
        'mean': [0.274307, 0.0778943, -0.229791, -0.209066, 0.110201, 0.27159],
        'var': [0.905413, 0.648496, 0.760411, 1.08103, 1.15452, 0.870701],
        'gradient': [2.73238, -0.841026, -9.29877, 17.9063, -0.786538, -3.91105],
    },
    'resnet18_cifar': {
        'pooled_train': [1.37837, 0.789456, 1.24096, 0.441297, 1.02695, 0.0834869],
        'pooled_eval': [4.39606, 0.47952, 1.62111, 1.80651, 2.18985, 0.536514],
        'mean': [0.274488, 0.0765416, -0.231076, -0.208762, 0.111734, 0.272537],
        'var': [0.907438, 0.647734, 0.759518, 1.0831, 1.15277, 0.871086],
        'gradient': [-3.18618, 9.7492, 8.06539, 23.5926, 19.3636, 12.6706],
    },
    'resnet18_slim': {
        'pooled_train': [1.76593, 0.619396, 1.03553, 0.282496, 1.13556, 0.386488],
        'pooled_eval': [5.19828, 1.11292, 1.89602, 0.258841, 3.77602, 0.678408],
        'mean': [0.271487, 0.0733267, -0.230698, -0.205239, 0.11423, 0.271051],
        'var': [0.905394, 0.650554, 0.759138, 1.08212, 1.15578, 0.86937],
        'gradient': [-42.8884, -63.5129, -57.2004, -75.8769, -42.7791, -5.11965],
    },
    'cnn7': {
        'pooled_train': [0.746915, 0.759434, 1.85841, 1.37585, 1.67325, 0.0255016],
        'pooled_eval': [0.695954, 0.119107, 0.628165, 0.0, 0.714654, 0.0],
        'mean': [0.305342, -0.103183, -0.232539, 0.318726, -0.0512522, -0.27148],
        'var': [1.00153, 1.29105, 0.911858, 1.00112, 1.27058, 0.891666],
        'gradient': [65.4899, 79.861, 77.1029, 90.8198, 73.5339, 50.884],
    },
}


def fill(name, shape):
    """Value of the parameter or statistic `name` from its index in torch's layout.

    Kernels 2 sin(i) / sqrt(fan_in); scales and variances 1 + .3 sin(i); the rest
    .3 cos(i).
    """
    i = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    if len(shape) == 4:
        values = 2 * np.sin(i) / np.sqrt(np.prod(shape[1:]))
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


def jax_run(name):
    """Shown numbers of our net: first pooled values, last norm's new statistics, and
    the gradient of the first convolution, kernel [0, 0] in torch's layout."""
    width, pixels = CASES[name]
    net = nets.make(name, width=width)
    images = jnp.asarray(batch(pixels).transpose(0, 2, 3, 1), jnp.float32)

    def filled(path, leaf):
        if leaf.ndim == 4:  # [height, width, in, out] from torch's [out, in, h, w]
            values = fill('', tuple(leaf.shape[i] for i in (3, 2, 0, 1)))
            return values.transpose(2, 3, 1, 0)
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
                new['batch_stats'],
            )

        gradient, (pooled, stats) = jax.grad(loss, has_aux=True)(params)
        return pooled, stats, gradient, net.apply(variables, images, False).pooled

    trained, stats, gradient, evaluated = run(variables['params'])
    if name == 'cnn7':
        first, last = gradient['conv1']['kernel'], stats['norm6']
    else:
        first = gradient['stem']['conv']['kernel']
        last = stats['stage4']['block1']['norm2']
    return {
        'pooled_train': trained,
        'pooled_eval': evaluated,
        'mean': last['mean'],
        'var': last['var'],
        'gradient': first.transpose(3, 2, 0, 1)[0, 0],
    }


def torch_net(name, width):
    """The net in PyTorch's own words, without classifier."""
    torch = pytest.importorskip('torch')
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, before, after, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(after)
            self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(after)
            self.downsample = None
            if stride != 1 or before != after:
                self.downsample = nn.Sequential(
                    nn.Conv2d(before, after, 1, stride, bias=False),
                    nn.BatchNorm2d(after),
                )

        def forward(self, x):
            y = self.norm1(self.conv1(x)).relu()
            y = self.norm2(self.conv2(y))
            return (y + (self.downsample(x) if self.downsample else x)).relu()

    if name == 'cnn7':
        layers, before = [], 3
        for i, after in enumerate((width, width, 2 * width, 2 * width)):
            layers += [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after)]
            layers += [nn.ReLU()] + [nn.MaxPool2d(2)] * (i % 2)
            before = after
        for after in (49 * width // 16, 16):
            layers += [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after)]
            layers += [nn.ReLU()]
            before = after
        return nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten())
    kernel, stride = {'resnet18': (7, 2), 'resnet18_cifar': (3, 1)}.get(name, (3, 2))
    layers = [
        nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    if name == 'resnet18':
        layers.append(nn.MaxPool2d(3, 2, 1))
    before = width
    for i in range(4):
        for stride in (1 if i == 0 else 2, 1):
            layers.append(Block(before, width * 2**i, stride))
            before = width * 2**i
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def torch_run(name):
    """The numbers of `jax_run`, by PyTorch."""
    torch = pytest.importorskip('torch')
    width, pixels = CASES[name]
    net = torch_net(name, width)
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
    last = net[-3].norm2 if name != 'cnn7' else last[-1]
    numbers = {
        'pooled_train': pooled,
        'mean': last.running_mean.clone(),
        'var': last.running_var.clone(),
        'gradient': net[0].weight.grad[0, 0],
    }
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


def assert_close(numbers, expected):
    for key, value in numbers.items():
        tolerance = (2e-4 if key == 'gradient' else 2e-5) * np.abs(expected[key]).max()
        np.testing.assert_allclose(value, expected[key], atol=tolerance, err_msg=key)


def test_numbers_are_those_torch_gave(ours):
    name, numbers = ours
    assert_close(shown(numbers), LITERALS[name])


def test_numbers_equal_torch_here(ours):
    name, numbers = ours
    assert_close(numbers, torch_run(name))


def test_literals_cover_every_backbone():
    assert set(CASES) == set(LITERALS) == set(nets.BACKBONES)
