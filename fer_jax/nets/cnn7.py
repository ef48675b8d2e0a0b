"""The 7-layer CNN of JoCoR (Wei et al. 2020) without its classifier.

Six 3x3 convolutions with bias, padded by 1, each followed by norm and relu, of 64, 64,
128, 128, 196 and 16 channels; a 2x2 max-pool after every second one. The seventh layer
is the algorithm's head, linear in the flattened maps (256 values for 32-pixel images).

The maps are flattened channel first, index = (channel h + row) w + column, as torch's
view(B, -1) of NCHW maps does, so that the linear layer of a released checkpoint fits
without a permutation. Initial values are torch's defaults: kernels and biases uniform
within 1 / sqrt(fan_in), norms scale 1 and bias 0. Names: conv1, norm1 .. conv6, norm6.
"""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from fer_jax.errors import Unusable

from .features import Features, Maps, selected
from .norm import BatchNorm

KERNEL_INIT = nn.initializers.variance_scaling(1 / 3, 'fan_in', 'uniform')


def uniform(bound: float) -> Callable[..., jax.Array]:
    """Initialiser: uniform within (-bound, bound)."""

    def init(rng, shape, dtype=jnp.float32):
        return jax.random.uniform(rng, shape, dtype, -bound, bound)

    return init


class CNN7(nn.Module):
    """images [B, H, W, 3] -> Features: maps [B, H / 8, W / 8, 16], pooled D = H W / 4.

    The released net has `width` 64; other widths scale the first five layers. Maps of
    odd size lose their last row and column when pooled. Parameters and statistics are
    float32; `dtype` is what the layers compute in. `part` as in nets.features; a
    stage is two convolutions and their pooling.

    Raises:
      Unusable: images under 8 pixels.
    """

    width: int = 64
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> Features | jax.Array:
        if self.part != 'late' and min(images.shape[1:3]) < 8:
            raise Unusable(
                f'images of {images.shape[2]}x{images.shape[1]}; three poolings need 8'
                ' pixels; set --config.data.image_size_px=8, or more'
            )
        x = images.astype(self.dtype)
        w = self.width
        widths = ((w, w), (2 * w, 2 * w), (49 * w // 16, 16))
        for stage in selected(3, self.part):
            for i, channels in enumerate(widths[stage], start=2 * stage + 1):
                x = nn.Conv(
                    channels,
                    (3, 3),
                    padding=[(1, 1), (1, 1)],
                    kernel_init=KERNEL_INIT,
                    bias_init=uniform((9 * x.shape[-1]) ** -0.5),
                    dtype=self.dtype,
                    name=f'conv{i}',
                )(x)
                x = nn.relu(BatchNorm(dtype=self.dtype, name=f'norm{i}')(x, train))
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        if self.part == 'early':
            return x
        x = Maps(name='maps')(x)
        flat = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
        return Features(x, flat.astype(jnp.float32))
