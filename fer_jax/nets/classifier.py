"""A backbone with one linear layer, the model of most methods."""

import flax.linen as nn
import jax

# torch's default for a linear layer: uniform(-1 / sqrt(D), 1 / sqrt(D)).
KERNEL_INIT = nn.initializers.variance_scaling(1 / 3, 'fan_in', 'uniform')


class Classifier(nn.Module):
    """images [B, H, W, 3] -> logits [B, C], embeddings [B, D], both float32.

    The linear layer is called `classifier`: parameters under that name may have a
    learning rate of their own (training.optimizer).
    """

    backbone: nn.Module
    num_classes: int
    bias: bool = True

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> tuple[jax.Array, jax.Array]:
        embeddings = self.backbone(images, train).pooled
        dense = nn.Dense(
            self.num_classes,
            use_bias=self.bias,
            kernel_init=KERNEL_INIT,
            name='classifier',
        )
        return dense(embeddings), embeddings
