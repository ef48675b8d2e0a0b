"""ResNets without their classifiers (He et al. 2016), as torchvision lays them out.

Four stages of blocks of width, 2 width, 4 width, 8 width channels; the first block of
stages 2 to 4 halves the map. ResNet-18 has two basic blocks in each; ResNet-50 has 3,
4, 6, 3 bottlenecks, which put out four times those channels and have their stride in
the 3x3 convolution ("v1.5"; the paper's, and EAC's VGGFace2 net, have it in the first
1x1). Stems:

    imagenet  conv 7x7 / 2, norm, relu, max-pool 3x3 / 2      224 px -> 56, 28, 14, 7
    cifar     conv 3x3 / 1, norm, relu                         32 px -> 32, 16, 8, 4
    slim      conv 3x3 / 2, norm, relu                         48 px -> 24, 12, 6, 3

Initial values are torchvision's: convolutions normal with variance 2 / fan_out, no
bias; every norm scale 1 and bias 0. Padding is torch's, the same on both sides ('SAME'
would pad an even map with stride 2 on one side only). Names follow the tree
stem/{conv,norm}, stage1..4/block0../{conv1,norm1,conv2,norm2,downsample/{conv,norm}},
with conv3, norm3 in a bottleneck.
"""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from .features import Features, Maps, selected
from .norm import BatchNorm

KERNEL_INIT = nn.initializers.variance_scaling(2.0, 'fan_out', 'normal')
STEMS = {  # kernel size, stride, max-pool behind it
    'imagenet': (7, 2, True),
    'cifar': (3, 1, False),
    'slim': (3, 2, False),
}


def conv(features: int, size: int, stride: int, dtype: DTypeLike, name: str) -> nn.Conv:
    """Square convolution without bias, padded by size // 2 on each side."""
    return nn.Conv(
        features,
        (size, size),
        strides=stride,
        padding=[(size // 2, size // 2)] * 2,
        use_bias=False,
        kernel_init=KERNEL_INIT,
        dtype=dtype,
        name=name,
    )


class ConvNorm(nn.Module):
    """A convolution and its norm: the stem, and the shortcut where shapes change."""

    features: int
    size: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        x = conv(self.features, self.size, self.stride, self.dtype, 'conv')(x)
        return BatchNorm(dtype=self.dtype, name='norm')(x, train)


class BasicBlock(nn.Module):
    """relu(shortcut(x) + norm(conv(relu(norm(conv(x)))))), stride in the first conv."""

    features: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        norm = partial(BatchNorm, dtype=self.dtype)
        y = conv(self.features, 3, self.stride, self.dtype, 'conv1')(x)
        y = nn.relu(norm(name='norm1')(y, train))
        y = conv(self.features, 3, 1, self.dtype, 'conv2')(y)
        y = norm(name='norm2')(y, train)
        if self.stride != 1 or x.shape[-1] != self.features:
            shortcut = ConvNorm(
                self.features, 1, self.stride, self.dtype, name='downsample'
            )
            x = shortcut(x, train)
        return nn.relu(x + y)


class Bottleneck(nn.Module):
    """A 3x3 convolution of `features` channels between two 1x1, and the shortcut.

    The last convolution puts out 4 features; the stride is in the middle one.
    """

    features: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        norm = partial(BatchNorm, dtype=self.dtype)
        y = conv(self.features, 1, 1, self.dtype, 'conv1')(x)
        y = nn.relu(norm(name='norm1')(y, train))
        y = conv(self.features, 3, self.stride, self.dtype, 'conv2')(y)
        y = nn.relu(norm(name='norm2')(y, train))
        y = conv(4 * self.features, 1, 1, self.dtype, 'conv3')(y)
        y = norm(name='norm3')(y, train)
        if self.stride != 1 or x.shape[-1] != 4 * self.features:
            shortcut = ConvNorm(
                4 * self.features, 1, self.stride, self.dtype, name='downsample'
            )
            x = shortcut(x, train)
        return nn.relu(x + y)


class Stage(nn.Module):
    """`count` blocks of one width; the first has the stride."""

    block: type[nn.Module]
    count: int
    features: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        for i in range(self.count):
            stride = 1 if i else self.stride
            block = self.block(self.features, stride, self.dtype, name=f'block{i}')
            x = block(x, train)
        return x


class ResNet(nn.Module):
    """images [B, H, W, 3] -> Features with D = 8 width, 32 width with bottlenecks.

    Parameters and statistics are float32; `dtype` is what the layers compute in.
    `part` as in nets.features.
    """

    block: type[nn.Module] = BasicBlock
    counts: tuple[int, ...] = (2, 2, 2, 2)  # blocks of each stage

    stem: str = 'imagenet'
    width: int = 64
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> Features | jax.Array:
        size, stride, pool = STEMS[self.stem]
        x = images.astype(self.dtype)
        if self.part != 'late':
            x = nn.relu(
                ConvNorm(self.width, size, stride, self.dtype, name='stem')(x, train)
            )
            if pool:  # flax pads with -inf, as torch does
                x = nn.max_pool(x, (3, 3), strides=(2, 2), padding=[(1, 1), (1, 1)])
        for i in selected(4, self.part):
            stage = Stage(
                self.block,
                self.counts[i],
                self.width * 2**i,
                1 if i == 0 else 2,
                self.dtype,
                name=f'stage{i + 1}',
            )
            x = stage(x, train)
        if self.part == 'early':
            return x
        x = Maps(name='maps')(x)
        return Features(x, jnp.mean(x.astype(jnp.float32), axis=(1, 2)))
