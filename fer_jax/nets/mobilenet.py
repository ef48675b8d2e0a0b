"""MobileNet-V2 without its classifier (Sandler et al. 2018), laid out as torchvision's.

A 3x3 convolution of stride 2 and 32 channels, 17 inverted residual blocks in seven
groups, a 1x1 convolution of 1280 channels; each followed by norm and relu6. A block
widens its input t times (1x1), filters every channel by itself (3x3, stride) and
narrows (1x1, norm, no activation), with a shortcut where the shape stays:

    group      1    2    3    4    5    6    7
    t          1    6    6    6    6    6    6
    channels  16   24   32   64   96  160  320
    blocks     1    2    3    4    3    3    1
    stride     1    2    2    2    1    2    1      224 px -> 112, 56, 28, 14, 14, 7, 7

Other widths scale all channels, rounded to multiples of 8 (1280 only upwards). Initial
values are torchvision's: convolutions normal with variance 2 / fan_out, no bias; norms
scale 1 and bias 0. The last stage of nets.features is group 7 and the 1x1 convolution.
Names: stem, group1..7/block0../{expand,filter,narrow}, last; each {conv,norm}.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from .features import Features, Maps, selected
from .norm import BatchNorm

KERNEL_INIT = nn.initializers.variance_scaling(2.0, 'fan_out', 'normal')
GROUPS = (  # t, channels, blocks, stride
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def rounded(channels: float) -> int:
    """The nearest multiple of 8, at least 8, and not under 90 % of `channels`."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


class ConvNorm(nn.Module):
    """A convolution padded by size // 2, its norm and, unless it narrows, relu6."""

    features: int
    size: int
    dtype: jnp.dtype
    stride: int = 1
    groups: int = 1
    activate: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        x = nn.Conv(
            self.features,
            (self.size, self.size),
            strides=self.stride,
            padding=[(self.size // 2, self.size // 2)] * 2,
            feature_group_count=self.groups,
            use_bias=False,
            kernel_init=KERNEL_INIT,
            dtype=self.dtype,
            name='conv',
        )(x)
        x = BatchNorm(dtype=self.dtype, name='norm')(x, train)
        return nn.relu6(x) if self.activate else x


class InvertedResidual(nn.Module):
    """narrow(filter(expand(x))), plus x where the shape stays."""

    expansion: int
    features: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        wide = x.shape[-1] * self.expansion
        y = x
        if self.expansion != 1:
            y = ConvNorm(wide, 1, self.dtype, name='expand')(y, train)
        filters = ConvNorm(wide, 3, self.dtype, self.stride, wide, name='filter')
        y = filters(y, train)
        narrow = ConvNorm(self.features, 1, self.dtype, activate=False, name='narrow')
        y = narrow(y, train)
        return x + y if y.shape == x.shape else y


class Group(nn.Module):
    """`count` blocks of one width; the first has the stride."""

    expansion: int
    features: int
    count: int
    stride: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        for i in range(self.count):
            block = InvertedResidual(
                self.expansion,
                self.features,
                1 if i else self.stride,
                self.dtype,
                name=f'block{i}',
            )
            x = block(x, train)
        return x


class MobileNetV2(nn.Module):
    """images [B, H, W, 3] -> Features with D = 1280, at `width` 64 or less.

    Parameters and statistics are float32; `dtype` is what the layers compute in.
    `part` as in nets.features.
    """

    width: int = 64
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> Features | jax.Array:
        share = self.width / 64
        x = images.astype(self.dtype)
        if self.part != 'late':
            stem = ConvNorm(rounded(32 * share), 3, self.dtype, 2, name='stem')
            x = stem(x, train)
        for i in selected(len(GROUPS), self.part):
            expansion, channels, count, stride = GROUPS[i]
            group = Group(
                expansion,
                rounded(channels * share),
                count,
                stride,
                self.dtype,
                name=f'group{i + 1}',
            )
            x = group(x, train)
        if self.part == 'early':
            return x
        last = rounded(1280 * max(1.0, share))
        x = ConvNorm(last, 1, self.dtype, name='last')(x, train)
        x = Maps(name='maps')(x)
        return Features(x, jnp.mean(x.astype(jnp.float32), axis=(1, 2)))
