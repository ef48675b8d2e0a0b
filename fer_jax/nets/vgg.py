"""VGG-16 without its last layer (Simonyan and Zisserman 2015), as torchvision has it.

Thirteen 3x3 convolutions with bias, padded by 1, each followed by relu, in five blocks;
a 2x2 max-pool ends each. Adaptive average pooling to 7 x 7 and two layers of 4096
units (fc6, fc7), each followed by relu and dropout of 1/2, make the embeddings:

    block      1       2         3            4            5
    channels  64 x 2  128 x 2   256 x 3      512 x 3      512 x 3
    224 px -> 112     56        28           14           7

`norm` puts a batch norm behind every convolution (vgg16_bn). Other widths scale all
channels and the two layers. Initial values are torchvision's: convolutions normal with
variance 2 / fan_out, fc6 and fc7 normal with deviation .01, norms scale 1, biases 0.
The 7 x 7 maps are flattened channel first, as in the released checkpoints. Names:
conv1_1 .. conv5_3, norm1_1 .. norm5_3, fc6, fc7.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.errors import Unusable

from .features import Features, Maps, selected
from .norm import BatchNorm

CONV_INIT = nn.initializers.variance_scaling(2.0, 'fan_out', 'normal')
DENSE_INIT = nn.initializers.normal(0.01)
BLOCKS = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # channels / width, convolutions


def bins(size: int, count: int) -> np.ndarray:
    """[count, size]: row i averages the places floor(i size / count) up to
    ceil((i + 1) size / count), torch's adaptive average pooling of one axis."""
    rows = np.zeros((count, size), np.float32)
    for i in range(count):
        start, stop = i * size // count, -(-(i + 1) * size // count)
        rows[i, start:stop] = 1 / (stop - start)
    return rows


def adaptive_mean(maps: jax.Array, side: int) -> jax.Array:
    """maps [B, h, w, D] of any size -> [B, side, side, D]."""
    down, across = (bins(size, side) for size in maps.shape[1:3])
    return jnp.einsum('ih,jw,bhwd->bijd', down, across, maps)


class VGG16(nn.Module):
    """images [B, H, W, 3] -> Features: maps [B, H / 32, W / 32, 8 width], D = 64 width.

    Maps of odd size lose their last row and column when pooled. Parameters and
    statistics are float32; `dtype` is what the layers compute in. Training needs a
    'dropout' key. `part` as in nets.features.

    Raises:
      Unusable: images under 32 pixels.
    """

    norm: bool = False
    width: int = 64
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'
    dropout: float = 0.5

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> Features | jax.Array:
        if self.part != 'late' and min(images.shape[1:3]) < 32:
            raise Unusable(
                f'images of {images.shape[2]}x{images.shape[1]}; five poolings need 32'
                ' pixels; set --config.data.image_size_px=32, or more'
            )
        x = images.astype(self.dtype)
        for i in selected(len(BLOCKS), self.part):
            multiple, count = BLOCKS[i]
            for j in range(count):
                layer = f'{i + 1}_{j + 1}'
                x = nn.Conv(
                    multiple * self.width,
                    (3, 3),
                    padding=[(1, 1), (1, 1)],
                    kernel_init=CONV_INIT,
                    dtype=self.dtype,
                    name=f'conv{layer}',
                )(x)
                if self.norm:
                    x = BatchNorm(dtype=self.dtype, name=f'norm{layer}')(x, train)
                x = nn.relu(x)
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        if self.part == 'early':
            return x
        x = Maps(name='maps')(x)
        pooled = adaptive_mean(x.astype(jnp.float32), 7)
        units = pooled.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
        for name in ('fc6', 'fc7'):
            units = nn.Dense(
                64 * self.width, kernel_init=DENSE_INIT, dtype=self.dtype, name=name
            )(units)
            units = nn.Dropout(self.dropout)(nn.relu(units), deterministic=not train)
        return Features(x, units.astype(jnp.float32))
