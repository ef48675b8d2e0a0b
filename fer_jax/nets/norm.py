"""Batch normalisation with torch's conventions (Ioffe and Szegedy 2015)."""

import flax.linen as nn
import jax.numpy as jnp


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

    @nn.compact
    def __call__(self, x, train):
        """x [..., D] -> [..., D] of `dtype`.

        Raises:
          ValueError: training with a single value per channel.
        """
        features = x.shape[-1:]
        scale = self.param('scale', nn.initializers.ones, features)
        bias = self.param('bias', nn.initializers.zeros, features)
        running_mean = self.variable('batch_stats', 'mean', jnp.zeros, features)
        running_var = self.variable('batch_stats', 'var', jnp.ones, features)

        x = x.astype(jnp.float32)
        if train:
            count = x.size // x.shape[-1]
            axes = tuple(range(x.ndim - 1))
            mean = jnp.mean(x, axes)
            var = jnp.mean(jnp.square(x - mean), axes)
            if not self.is_initializing():
                if count < 2:
                    raise ValueError(
                        f'training needs 2 values per channel or more, got {count} from'
                        f' shape {x.shape}; use larger batches'
                    )
                keep = 1 - self.momentum
                unbiased = var * (count / (count - 1))
                running_mean.value = keep * running_mean.value + self.momentum * mean
                running_var.value = keep * running_var.value + self.momentum * unbiased
        else:
            mean, var = running_mean.value, running_var.value
        factor = scale / jnp.sqrt(var + self.epsilon)
        return ((x - mean) * factor + bias).astype(self.dtype)
