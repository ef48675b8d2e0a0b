"""An embedding with its own variance, and a classifier of the mean: DUL's and RUL's.

Chang et al. 2020 describe each image by a Gaussian N(mu, diag exp(log_var)). Both
vectors come from the last feature maps (no pooling) through branches of the same form,
which share nothing:

    norm without parameters, dropout, flatten, linear, norm       (epsilon 2e-5 in both)

The maps are flattened in the order height, width, channel; torch's is channel, height,
width, so that the linear layers of a released checkpoint need their rows permuted.
"""

import flax.linen as nn
import jax

from .classifier import KERNEL_INIT
from .norm import BatchNorm

EPSILON = 2e-5


class Branch(nn.Module):
    """maps [B, h, w, channels] -> [B, size] float32."""

    size: int
    dropout: float

    @nn.compact
    def __call__(self, maps: jax.Array, train: bool) -> jax.Array:
        x = BatchNorm(epsilon=EPSILON, affine=False, name='norm_maps')(maps, train)
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        x = x.reshape(x.shape[0], -1)
        x = nn.Dense(self.size, kernel_init=KERNEL_INIT, name='linear')(x)
        return BatchNorm(epsilon=EPSILON, name='norm')(x, train)


class Gaussian(nn.Module):
    """images [B, H, W, 3] -> logits [B, C] of the mean, mean and log_var [B, D].

    All float32. The classifier is linear, so logits of any embedding mean + e are
    these logits + e @ kernel, and logits of a mix of two means are the same mix of
    their logits.
    """

    backbone: nn.Module
    num_classes: int
    embedding_size: int = 64
    dropout: float = 0.4
    bias: bool = True

    @nn.compact
    def __call__(
        self, images: jax.Array, train: bool
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        maps = self.backbone(images, train).maps
        mean = Branch(self.embedding_size, self.dropout, name='mean')(maps, train)
        log_var = Branch(self.embedding_size, self.dropout, name='log_var')(maps, train)
        classify = nn.Dense(
            self.num_classes,
            use_bias=self.bias,
            kernel_init=KERNEL_INIT,
            name='classifier',
        )
        return classify(mean), mean, log_var
