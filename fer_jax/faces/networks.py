"""The three networks of MTCNN (Zhang et al. 2016, fig. 2), with the authors' weights.

The weights are in the package mtcnn (https://github.com/ipazc/mtcnn), whose code is not
imported: it needs TensorFlow. The code is MIT; the weights, its author says, are not
for commercial use (ipazc/mtcnn#53), as the pictures that they learned from are not.
They are joblib files, that is pickles, which may run code when read. So they are read
only if their sha256 is that of 1.0.0.

Caffe, from which they come, rounds the size of a pooled map up; and Matlab, in which
the authors trained, flattens maps column by column.
"""

import functools
import hashlib
import importlib.util
import io
import pathlib
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import compiling
from fer_jax.errors import Missing

SHA256 = {
    'pnet': 'ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5',
    'rnet': 'cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee',
    'onet': '94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3',
}

LICENCE = (
    "Faces are found with MTCNN's weights from mtcnn==1.0.0, which their packager says"
    ' are not for commercial use (ipazc/mtcnn#53).'
)


@functools.cache
def weights() -> dict[str, list[np.ndarray]]:
    """The arrays of the three networks by name, in the order of their layers.

    Raises:
      Missing: the package mtcnn is not installed, or another version.
    """
    spec = importlib.util.find_spec('mtcnn')  # finds without importing
    if spec is None or spec.origin is None:
        raise Missing(
            'faces are found with weights of the package mtcnn, which is not'
            ' installed: pip install mtcnn==1.0.0'
        )
    import joblib  # mtcnn needs it too, so it may be missing until here

    folder = pathlib.Path(spec.origin).parent / 'assets' / 'weights'
    arrays = {}
    for name, wanted in SHA256.items():
        path = folder / f'{name}.lz4'
        content = path.read_bytes() if path.is_file() else b''
        if hashlib.sha256(content).hexdigest() != wanted:
            raise Missing(
                f'{path}: not the file of mtcnn 1.0.0, and not read:'
                ' pip install --force-reinstall --no-deps mtcnn==1.0.0'
            )
        arrays[name] = joblib.load(io.BytesIO(content))
    return arrays


def network(
    arrays: Sequence[jax.Array], images: jax.Array, pools: Sequence[int]
) -> list[jax.Array]:
    """What the heads of a network say of images, before any softmax.

    Layers of (kernel, bias, slope of the PReLU), then heads of (kernel, bias).

    Args:
      images: uint8 [B, H, W, 3].
      pools: for each layer, the side of the max pooling behind it; 0: none.
    """
    x = (images.astype(jnp.float32) - 127.5) / 128
    for layer, pool in enumerate(pools):
        kernel, bias, slope = arrays[3 * layer : 3 * layer + 3]
        x = linear(x, kernel) + bias
        x = jnp.where(x > 0, x, slope * x)
        if pool:
            x = pooled(x, pool)
    heads = arrays[3 * len(pools) :]
    return [linear(x, kernel) + bias for kernel, bias in zip(heads[::2], heads[1::2])]


def linear(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A convolution without padding, or a product with a matrix."""
    if kernel.ndim == 4:
        order = ('NHWC', 'HWIO', 'NHWC')
        return jax.lax.conv_general_dilated(
            x, kernel, (1, 1), 'VALID', dimension_numbers=order
        )
    if x.ndim == 4:
        x = x.transpose(0, 2, 1, 3).reshape(len(x), -1)
    return x @ kernel


def pooled(x: jax.Array, side: int) -> jax.Array:
    """Maxima of squares, two apart; the last square may reach beyond the map."""
    beyond = [(0, (size - side) % 2) for size in x.shape[1:3]]
    return jax.lax.reduce_window(
        x,
        -jnp.inf,
        jax.lax.max,
        (1, side, side, 1),
        (1, 2, 2, 1),
        ((0, 0), *beyond, (0, 0)),
    )


def probability(scores: jax.Array) -> jax.Array:
    """That of the second of two classes, a face."""
    return jax.nn.softmax(scores)[..., 1]


def pnet(arrays: Sequence[jax.Array], images: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Of each window of images [B, H, W, 3]: edges [B, y, x, 4], score [B, y, x]."""
    edges, scores = network(arrays, images, pools=(2, 0, 0))
    return edges, probability(scores)


def rnet(arrays: Sequence[jax.Array], images: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Of images [B, 24, 24, 3]: edges [B, 4], score [B]."""
    edges, scores = network(arrays, images, pools=(3, 3, 0, 0))
    return edges, probability(scores)


def onet(
    arrays: Sequence[jax.Array], images: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Of images [B, 48, 48, 3]: edges [B, 4], landmarks [B, 5, 2], score [B]."""
    edges, points, scores = network(arrays, images, pools=(3, 3, 2, 0, 0))
    points = points.reshape(-1, 2, 5).transpose(0, 2, 1)  # five x, then five y
    return edges, points, probability(scores)


IMAGES_A_CALL: dict[Callable, int] = {pnet: 16, rnet: 64, onet: 16}


@functools.cache
def compiled(net: Callable) -> Callable:
    """pnet, rnet or onet, compiled when it is first called."""
    return compiling.jit(net, 'look')


def ask(net: Callable, images: np.ndarray) -> list[np.ndarray]:
    """What pnet, rnet or onet says of any number of images, [n, ...] each.

    In calls of the same number of images, so that each is compiled once.

    Raises:
      Missing: the package mtcnn is not installed, or another version.
    """
    arrays, count, size = weights()[net.__name__], len(images), IMAGES_A_CALL[net]
    calls = max(1, -(-count // size))
    padding = [(0, calls * size - count), *[(0, 0)] * 3]
    batches = np.split(np.pad(images, padding), calls)
    look = compiled(net)
    answers = [jax.device_get(look(arrays, batch)) for batch in batches]
    return [np.concatenate(outputs)[:count] for outputs in zip(*answers)]
