"""Batch normalisation with torch's conventions (Ioffe and Szegedy 2015)."""

import contextlib
from collections.abc import Iterator

import flax.linen as nn
import jax
import jax.numpy as jnp

from fer_jax.errors import Unusable


class BatchNorm(nn.Module):
    """y = scale (x - mean) / sqrt(var + epsilon) + bias over the last axis.

    Training uses the mean and the biased variance of the batch, over every axis but the
    last, and moves the running ones: new = (1 - momentum) old + momentum batch, where
    the running variance takes the *unbiased* batch variance, n / (n - 1) times the
    biased one, as torch.nn.BatchNorm2d does (flax's own keeps the biased one and counts
    momentum the other way round). Evaluation uses the running statistics.

    Parameters `scale` (1) and `bias` (0) [D]; in collection 'batch_stats' `mean` (0)
    and `var` (1) [D]. All of them are float32, whatever `dtype` is.
    """

    momentum: float = 0.1
    epsilon: float = 1e-5
    dtype: jnp.dtype = jnp.float32
    affine: bool = True  # False: no parameters, scale 1 and bias 0

    @nn.compact
    def __call__(
        self, x: jax.Array, train: bool, mask: jax.Array | None = None
    ) -> jax.Array:
        """x [..., D] -> [..., D] of `dtype`.

        With `mask` [B] bool, training takes the statistics of the rows x[mask] alone
        and normalises every row by them. Where fewer than two rows are left, it
        normalises by the running ones and leaves those as they are.

        Raises:
          Unusable: training with a single value per channel.
        """
        features = x.shape[-1:]
        scale: jax.Array | float = 1.0
        bias: jax.Array | float = 0.0
        if self.affine:
            scale = self.param('scale', nn.initializers.ones, features)
            bias = self.param('bias', nn.initializers.zeros, features)
        running_mean = self.variable('batch_stats', 'mean', jnp.zeros, features)
        running_var = self.variable('batch_stats', 'var', jnp.ones, features)

        x = x.astype(jnp.float32)
        if train:
            count = x.size // x.shape[-1]
            if not self.is_initializing() and count < 2:
                raise Unusable(
                    f'training needs 2 values per channel or more, got {count} from'
                    f' shape {x.shape}; use larger batches'
                )
            mean, var, unbiased = moments(x, mask)
            momentum: jax.Array | float = self.momentum
            if mask is not None:
                enough = jnp.sum(mask) >= 2
                mean = jnp.where(enough, mean, running_mean.value)
                var = jnp.where(enough, var, running_var.value)
                momentum = jnp.where(enough, momentum, 0.0)
            if not self.is_initializing():
                keep = 1 - momentum
                running_mean.value = keep * running_mean.value + momentum * mean
                running_var.value = keep * running_var.value + momentum * unbiased
        else:
            mean, var = running_mean.value, running_var.value
        factor = scale / jnp.sqrt(var + self.epsilon)
        return ((x - mean) * factor + bias).astype(self.dtype)


def moments(
    x: jax.Array, mask: jax.Array | None = None
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Mean, biased and unbiased variance [D] of x [B, ..., D] or of its rows x[mask].

    Without a row all three are 0.
    """
    axes = tuple(range(x.ndim - 1))
    count: jax.Array | int = x.size // x.shape[-1]
    rows = None
    if mask is not None:
        count = jnp.maximum(jnp.sum(mask), 1) * (count // len(x))
        rows = mask.reshape(-1, *[1] * (x.ndim - 1))
    mean = jnp.sum(x, axes, where=rows) / count
    squares = jnp.sum(jnp.square(x - mean), axes, where=rows)
    return mean, squares / count, squares / jnp.maximum(count - 1, 1)


@contextlib.contextmanager
def masked(mask: jax.Array) -> Iterator[None]:
    """Within it, every BatchNorm that is called gets `mask` [B] bool.

    So a part of a batch can go through a network at a fixed shape: the rows outside
    come along, but do not tell on those inside.
    """

    def give(call, args, kwargs, context):
        if isinstance(context.module, BatchNorm) and context.method_name == '__call__':
            kwargs = {'mask': mask, **kwargs}
        return call(*args, **kwargs)

    with nn.intercept_methods(give):
        yield
