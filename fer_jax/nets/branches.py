"""A backbone whose last stage is there C + 1 times, for DMUE (She et al. 2021).

The early part runs once. Auxiliary branch c learns to tell all classes but c apart; the
target branch learns all of them. An auxiliary branch runs on the whole batch, too: rows
of class c come along, so that shapes are fixed, but stay outside the statistics of its
norms (nets.norm.masked) and, in the algorithm, outside its losses.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from .classifier import KERNEL_INIT
from .norm import BatchNorm, masked


class Outputs(NamedTuple):
    """What the branches say about a batch with labels y; float32."""

    embeddings: jax.Array  # [B, D] of the target branch, before dropout and neck
    features: jax.Array  # [B, D] of the target branch, behind them
    logits: jax.Array  # [B, C] of the target branch
    auxiliary_features: jax.Array  # [C, B, D]; no meaning where y = c
    auxiliary_logits: jax.Array  # [C, B, C - 1], likewise
    latent_logits: jax.Array  # [B, C - 1] of branch y, without dropout


class Scale(nn.Module):
    """x [..., D] times D learned numbers."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return x * self.param('scale', nn.initializers.ones, x.shape[-1:])


class Classifiers(nn.Module):
    """For each branch dropout, a neck (a norm without bias) and a linear layer without
    bias: embeddings [B, D] -> features [B, D], logits. The target branch comes last.

    The scale of the neck is common to all branches. `release`: so are its running
    statistics, which move with every call; and the scale is 1.
    """

    num_classes: int
    dropout: float
    release: bool

    def setup(self) -> None:
        classes = [self.num_classes - 1] * self.num_classes + [self.num_classes]
        self.drop = nn.Dropout(self.dropout)
        self.norm = [
            BatchNorm(affine=False) for _ in (classes[:1] if self.release else classes)
        ]
        self.scale = Scale()
        self.linear = [
            nn.Dense(count, use_bias=False, kernel_init=nn.initializers.normal(1e-3))
            for count in classes
        ]

    def __call__(
        self, branch: int, embeddings: jax.Array, train: bool, drop: bool = True
    ) -> tuple[jax.Array, jax.Array]:
        x = self.drop(embeddings, deterministic=not (train and drop))
        if self.release:
            features = self.norm[0](x, train)
        else:
            features = self.scale(self.norm[branch](x, train))
        return features, self.linear[branch](features)


class Branches(nn.Module):
    """images [B, H, W, 3], labels [B] -> Outputs.

    `release`: the latent logits come from another pass through the last stage, all
    norms of which take their statistics from the rows of class c alone.
    """

    backbone: nn.Module
    num_classes: int
    dropout: float
    release: bool

    def setup(self) -> None:
        def part(name):
            return self.backbone.clone(part=name)

        self.early = part('early')
        self.auxiliary = [part('late') for _ in range(self.num_classes)]
        self.target = part('late')
        self.classifier = Classifiers(self.num_classes, self.dropout, self.release)

    def __call__(self, images: jax.Array, labels: jax.Array, train: bool) -> Outputs:
        maps = self.early(images, train)
        pooled, taught, latent = [], [], []
        for c, branch in enumerate(self.auxiliary):
            with masked(labels != c):
                pooled.append(branch(maps, train).pooled)
                taught.append(self.classifier(c, pooled[c], train))
        embeddings = self.target(maps, train).pooled
        features, logits = self.classifier(self.num_classes, embeddings, train)
        for c, branch in enumerate(self.auxiliary):
            with masked(labels == c if self.release else labels != c):
                again = branch(maps, train).pooled if self.release else pooled[c]
                latent.append(self.classifier(c, again, train, drop=False)[1])
        auxiliary_features, auxiliary_logits = map(jnp.stack, zip(*taught))
        return Outputs(
            embeddings=embeddings,
            features=features,
            logits=logits,
            auxiliary_features=auxiliary_features,
            auxiliary_logits=auxiliary_logits,
            latent_logits=jnp.stack(latent)[labels, jnp.arange(len(labels))],
        )

    def predict(self, images: jax.Array, train: bool) -> tuple[jax.Array, jax.Array]:
        """logits [B, C], embeddings [B, D] of the target branch."""
        embeddings = self.target(self.early(images, train), train).pooled
        _, logits = self.classifier(self.num_classes, embeddings, train)
        return logits, embeddings


class Projector(nn.Module):
    """numbers [B, K] -> confidence [B] in (0, 1): linear, PReLU, linear, sigmoid."""

    width: int

    @nn.compact
    def __call__(self, numbers: jax.Array, train: bool) -> jax.Array:
        del train
        x = nn.Dense(self.width, kernel_init=KERNEL_INIT)(numbers)
        x = nn.Dense(1, kernel_init=KERNEL_INIT)(nn.PReLU(negative_slope_init=0.25)(x))
        return nn.sigmoid(x[:, 0])
