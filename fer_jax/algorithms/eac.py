"""EAC: attention that a mirrored face must share (Zhang et al. 2022).

For an image x and a mirrored second view x' of it, with feature maps F [h, w, D] of one
network and a linear classifier W [D, C], b [C] on their mean:

    z    = mean_hw F(x) W + b
    H_k  = sum_d W_dk F_d            attention map of class k, all classes
    L_CE = 1/B sum_i CE(softmax(z_i), y_i)                               on x alone
    L_AC = mean over i, k, h, w of (H(x) - mirror(H(x')))^2
    L    = L_CE + lambda L_AC

Attention that goes along with the mirrored face is hard to keep for a network that
memorises wrong labels. W is a constant of the attention maps: L_AC teaches the
backbone, through both views. Both forward passes move the batch statistics, x first.

This module does the mirroring itself, and the recipe says what is mirrored: the second
view of a batch where there is one, else the first. 'eac' makes a pair, erased
independently and without noise in the second; 'eac_shared' and every other recipe make
one view, whose own mirror image is compared with it, whatever flips and crops it went
through. A pair must show the same place in the same pixel (data.augment.Recipe.later).

Differs from the released code
  * The erasing of the two views is independent, whatever the label file is called; the
    release shares it (and the noise) when the name is that of the clean labels.
  * The classifier sees the mean of the maps, whatever the backbone pools otherwise.
  * The release mirrors the maps by grid_sample, which is the same to rounding.
  * Networks from this repository's backbones; the release's ResNet-50 has its strides
    in the 1x1 convolutions.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Batch, Task, method, outcome
from fer_jax.nets import classifier
from fer_jax.numerics import losses
from fer_jax.settings import Field

SETTINGS = {
    'consistency': Field(5.0, 'lambda, weight of the attention term', '[0, inf)'),
}


class Model(nn.Module):
    """images [B, H, W, 3] -> logits [B, C], embeddings [B, D], maps [B, h, w, D]."""

    backbone: nn.Module
    num_classes: int

    @nn.compact
    def __call__(
        self, images: jax.Array, train: bool
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        maps = self.backbone(images, train).maps.astype(jnp.float32)
        embeddings = jnp.mean(maps, axis=(1, 2))
        dense = nn.Dense(
            self.num_classes, kernel_init=classifier.KERNEL_INIT, name='classifier'
        )
        return dense(embeddings), embeddings, maps


def mirror(images: jax.Array) -> jax.Array:
    """Left to right, of anything [..., W, channels]."""
    return jnp.flip(images, axis=-2)


def other_view(batch: Batch) -> jax.Array:
    """x' [B, H, W, 3]: the second view mirrored, or the first where there is one."""
    return mirror(batch.images[min(1, len(batch.images) - 1)])


def attention(maps: jax.Array, kernel: jax.Array) -> jax.Array:
    """H [..., h, w, C] of maps [..., h, w, D]; the kernel [D, C] is a constant."""
    return maps @ jax.lax.stop_gradient(kernel)


def inconsistency(maps: jax.Array, mirrored: jax.Array, kernel: jax.Array) -> jax.Array:
    """L_AC [] of maps of x and of x', both [P, B, h, w, D], and kernels [P, D, C]."""
    each = jax.vmap(attention)
    difference = each(maps, kernel) - mirror(each(mirrored, kernel))
    return jnp.mean(jnp.square(difference))


def make(task: Task, *, consistency: float = 5.0) -> Algorithm:
    """EAC as an Algorithm with one network; the defaults are the release's.

    Args:
      consistency: lambda, weight of the attention term, >= 0.
    """
    nets = task.networks(model=Model)

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        first, second = jax.random.split(rng)
        outputs, stats = nets.train(params, stats, first, batch.images[0])
        logits, embeddings, maps = outputs
        (_, _, mirrored), stats = nets.train(params, stats, second, other_view(batch))
        loss_ce = jnp.mean(losses.cross_entropy(logits, batch.labels))
        kernel = params['classifier']['kernel']
        difference = inconsistency(maps, mirrored, kernel)
        loss = loss_ce + consistency * difference
        return outcome(
            loss, batch, stats, memory, logits, embeddings,
            loss_ce=loss_ce, inconsistency=difference,
        )  # fmt: skip

    return method(nets, objective)
