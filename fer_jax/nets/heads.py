"""A head in the place of a backbone: a hidden layer on features of a frozen network.

    coordinates [B, h, w, k] -> linear, relu -> maps [B, h, w, width]
    mean over the parts, dropout             -> pooled [B, width]

Of several parts of a face each has a linear layer of its own. The only layer is the
last stage: the early part of the net is nothing.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from .features import Features, Maps, selected

KERNEL_INIT = nn.initializers.variance_scaling(2.0, 'fan_in', 'normal', batch_axis=(0,))


class Heads(nn.Module):
    """coordinates [B, h, w, k] -> Features with D = width.

    Training needs a 'dropout' key. `part` as in nets.features.
    """

    width: int = 256
    dtype: jnp.dtype = jnp.float32
    part: str = 'whole'
    dropout: float = 0.5

    @nn.compact
    def __call__(self, coordinates: jax.Array, train: bool) -> Features | jax.Array:
        x = coordinates.astype(self.dtype)
        for _ in selected(1, self.part):
            batch, h, w, k = x.shape
            shape = h * w, k, self.width
            kernel = self.param('kernel', KERNEL_INIT, shape).astype(self.dtype)
            bias = self.param('bias', nn.initializers.zeros, shape[::2])
            x = x.reshape(batch, h * w, k)
            parts = [
                jax.lax.slice_in_dim(x, i, i + 1, axis=1).reshape(batch, k) @ kernel[i]
                for i in range(h * w)
            ]
            x = jnp.stack(parts, axis=1) + bias.astype(self.dtype)
            x = nn.relu(x).reshape(batch, h, w, self.width)
        if self.part == 'early':
            return x
        x = Maps(name='maps')(x)
        pooled = jnp.mean(x.astype(jnp.float32), axis=(1, 2))
        return Features(x, nn.Dropout(self.dropout)(pooled, deterministic=not train))
