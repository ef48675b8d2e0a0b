"""dlib's face-recognition ResNet (Davis King 2017), without its last matrix.

    stem    conv 7x7 / 2, norm, relu, max-pool 3x3 / 2     150 px -> 35, 131 px -> 31
    stage1  3 blocks of 32 channels                                  35            31
    stage2  4 of 64, stage3 3 of 128, stage4 3 of 256          17, 8, 4      15, 7, 3
    stage5  1 of 256                                                  2             1

29 convolutions. Nothing is padded where the stride is 2; the shortcut of such a block
is a mean over 2x2, and of the two summands the smaller one gets zeros at the bottom,
the right and the last channels. A block is
relu(shortcut + norm(conv(relu(norm(conv(x)))))).

`norm` is 'affine', a scale and a bias for each channel, as published; or 'batch':
BatchNorm, whose statistics the file has folded away and `face_weights.batch_form`
measures. A last affine map, `neck`, is the identity until it is told to standardise:
the mean over all faces is 5 to 10 times what faces differ by, and a classifier behind
it learns little else for epochs.
"""

import functools
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from fer_jax.errors import Unusable

from .features import Features, Maps, selected
from .norm import BatchNorm
from .resnet import KERNEL_INIT

COUNTS = (3, 4, 3, 3, 1)  # blocks of each stage
FACTORS = (1, 2, 4, 8, 8)  # channels, times those of the stem


class Affine(nn.Module):
    """y = scale x + bias over the last axis, in training as in evaluation."""

    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        scale = self.param('scale', nn.initializers.ones, x.shape[-1:])
        bias = self.param('bias', nn.initializers.zeros, x.shape[-1:])
        return (x * scale + bias).astype(self.dtype)


NORMS = {'affine': Affine, 'batch': BatchNorm}


class Conv(nn.Module):
    """Square convolution without bias, padded only where its stride is 1.

    On a CPU XLA takes 50 times as long for maps of 2x2 as the product of matrices does,
    and twice as long for 7x7 / 2 as for 4x4 on blocks of 2x2 pixels.
    """

    features: int
    size: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        shape = (self.size, self.size, x.shape[-1], self.features)
        kernel = self.param('kernel', KERNEL_INIT, shape).astype(self.dtype)
        if self.size == 7:
            return convolved(*in_blocks(x, kernel), 1, 0)
        if self.stride == 1 and x.shape[1] < 4:
            return multiplied(x, kernel)
        pad = 0 if self.stride > 1 else self.size // 2
        return convolved(x, kernel, self.stride, pad)


def convolved(x: jax.Array, kernel: jax.Array, stride: int, pad: int) -> jax.Array:
    """The convolution of x [B, H, W, c] with kernel [h, w, c, d]."""
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        [(pad, pad)] * 2,
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
    )


def multiplied(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """`convolved` with stride 1 and padding, as one product of matrices."""
    size, height, width = len(kernel), *x.shape[1:3]
    border = (size // 2, size // 2)
    x = jnp.pad(x, ((0, 0), border, border, (0, 0)))
    parts = [cut(x, (i, j), (height, width)) for i in range(size) for j in range(size)]
    return jnp.concatenate(parts, -1) @ kernel.reshape(-1, kernel.shape[-1])


def in_blocks(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Images and a kernel 7x7 / 2 -> those of the same convolution with stride 1.

    Each block of 2x2 pixels becomes one pixel of four times the channels.
    """
    batch, height, width, channels = x.shape
    up = [2 * ((n - 7) // 2) + 8 for n in (height, width)]
    x = cut(jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0))), (0, 0), up)
    x = x.reshape(batch, up[0] // 2, 2, up[1] // 2, 2, channels)
    x = x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, up[0] // 2, up[1] // 2, -1)
    kernel = jnp.pad(kernel, ((0, 1), (0, 1), (0, 0), (0, 0)))
    kernel = kernel.reshape(4, 2, 4, 2, channels, -1).transpose(0, 2, 1, 3, 4, 5)
    return x, kernel.reshape(4, 4, 4 * channels, -1)


def cut(
    x: jax.Array, corner: Sequence[int], sizes: Sequence[int], stride: int = 1
) -> jax.Array:
    """x [B, H, W, c] from `corner` on, `sizes` high and wide, each stride-th pixel.

    A slice: indexing is a gather where B is free, as in exports.
    """
    (i, j), (height, width) = corner, sizes
    return jax.lax.slice(
        x,
        (0, i, j, 0),
        (x.shape[0], i + height, j + width, x.shape[3]),
        (1, stride, stride, 1),
    )


def max_pool(x: jax.Array) -> jax.Array:
    """3x3 / 2, not padded; ten times as fast as reduce_window on a CPU."""
    sizes = [(n - 3) // 2 * 2 + 1 for n in x.shape[1:3]]
    parts = [cut(x, (i, j), sizes, 2) for i in range(3) for j in range(3)]
    return functools.reduce(jnp.maximum, parts)


def add(x: jax.Array, y: jax.Array) -> jax.Array:
    """x + y [B, h, w, c], each with zeros behind it up to the larger sizes."""
    shape = [max(sizes) for sizes in zip(x.shape, y.shape)]

    def grown(z):
        return jnp.pad(z, [(0, want - has) for want, has in zip(shape, z.shape)])

    return grown(x) + grown(y)


class Stem(nn.Module):
    """Convolution and norm before the first stage."""

    features: int
    norm: str
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        x = Conv(self.features, 7, 2, self.dtype, name='conv')(x)
        x = nn.relu(NORMS[self.norm](dtype=self.dtype, name='norm')(x, train))
        return max_pool(x)


class Block(nn.Module):
    """Two convolutions beside a shortcut that has no parameters."""

    features: int
    stride: int
    norm: str
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        norm = NORMS[self.norm]
        y = Conv(self.features, 3, self.stride, self.dtype, name='conv1')(x)
        y = nn.relu(norm(dtype=self.dtype, name='norm1')(y, train))
        y = Conv(self.features, 3, 1, self.dtype, name='conv2')(y)
        y = norm(dtype=self.dtype, name='norm2')(y, train)
        if self.stride > 1:
            x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        return nn.relu(add(x, y))


class Stage(nn.Module):
    """`count` blocks; the first has the stride."""

    count: int
    features: int
    stride: int
    norm: str
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        for i in range(self.count):
            stride = 1 if i else self.stride
            make = Block(self.features, stride, self.norm, self.dtype, name=f'block{i}')
            x = make(x, train)
        return x


class DlibResNet(nn.Module):
    """images [B, H, W, 3] -> Features with D = 4 width.

    The stem has width / 2 channels. `stages` are kept from the front: 5 is the
    published net, 4 leaves out the one block whose maps are 1x1 below 147 px.
    """

    width: int = 64
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'
    norm: str = 'affine'
    stages: int = 5

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> Features | jax.Array:
        """Raises Unusable where the images are too small for the last stage."""
        least = 3 * 2**self.stages + 7
        if self.part != 'late' and min(images.shape[1:3]) < least:
            raise Unusable(
                f'images of {images.shape[2]}x{images.shape[1]}; {self.stages} stages'
                f' of this network need {least} pixels; set'
                f' --config.data.image_size_px={least}, or more'
            )
        x = images.astype(self.dtype)
        if self.part != 'late':
            x = Stem(self.width // 2, self.norm, self.dtype, name='stem')(x, train)
        for i in selected(self.stages, self.part):
            stage = Stage(
                COUNTS[i],
                self.width // 2 * FACTORS[i],
                1 if i == 0 else 2,
                self.norm,
                self.dtype,
                name=f'stage{i + 1}',
            )
            x = stage(x, train)
        if self.part == 'early':
            return x
        x = Affine(dtype=self.dtype, name='neck')(x, train)
        x = Maps(name='maps')(x)
        return Features(x, jnp.mean(x.astype(jnp.float32), axis=(1, 2)))
