"""Backbones: images [B, H, W, 3] -> Features; and peers, how several of them run."""

from functools import partial

import jax.numpy as jnp

from . import peers
from .cnn7 import CNN7
from .features import Features
from .norm import BatchNorm
from .resnet import ResNet18

__all__ = ['BACKBONES', 'BatchNorm', 'Features', 'make', 'peers']

BACKBONES = {
    'resnet18': partial(ResNet18, stem='imagenet'),
    'resnet18_cifar': partial(ResNet18, stem='cifar'),
    'resnet18_slim': partial(ResNet18, stem='slim'),
    'cnn7': CNN7,
}


def make(name, *, width=64, dtype=jnp.float32):
    """The backbone `name` as a module: module(images [B, H, W, 3], train) -> Features.

    Args:
      width: channels of the first layer; 64 is the published net of every name.
      dtype: what the layers compute in; parameters and statistics stay float32.

    Raises:
      ValueError: unknown name.
    """
    if name not in BACKBONES:
        raise ValueError(
            f'unknown backbone {name!r}; there are: {", ".join(BACKBONES)}'
        )
    return BACKBONES[name](width=width, dtype=dtype)
