"""Backbones: images [B, H, W, 3] -> Features; heads; models, and how several run."""

import collections
from collections.abc import Callable
from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jax.typing import DTypeLike

from fer_jax.errors import Unusable

from . import peers
from .classifier import Classifier
from .cnn7 import CNN7
from .dlib import DlibResNet
from .features import Features, Maps, moved
from .heads import Heads
from .mobilenet import MobileNetV2
from .networks import Networks, networks
from .norm import BatchNorm
from .resnet import Bottleneck, ResNet
from .vgg import VGG16

__all__ = [
    'BACKBONES',
    'HEADS',
    'NETS',
    'BatchNorm',
    'Classifier',
    'Features',
    'Maps',
    'Networks',
    'make',
    'moved',
    'networks',
    'peers',
]

BACKBONES: dict[str, Callable[..., nn.Module]] = {
    'resnet18': partial(ResNet, stem='imagenet'),
    'resnet18_cifar': partial(ResNet, stem='cifar'),
    'resnet18_slim': partial(ResNet, stem='slim'),
    'resnet50': partial(ResNet, block=Bottleneck, counts=(3, 4, 6, 3)),
    'mobilenet_v2': MobileNetV2,
    'vgg16': VGG16,
    'vgg16_bn': partial(VGG16, norm=True),
    'cnn7': CNN7,
    'dlib_affine': DlibResNet,
    'dlib_affine4': partial(DlibResNet, stages=4),
    'dlib_batch': partial(DlibResNet, norm='batch'),
    'dlib_batch4': partial(DlibResNet, norm='batch', stages=4),
}
HEADS: dict[str, Callable[..., nn.Module]] = {'heads': Heads}  # of features
PRODUCTS = {  # 10^9 products of numbers for an image of 224 px, at width 64
    'resnet18': 1.81,
    'resnet18_cifar': 27.2,
    'resnet18_slim': 6.80,
    'resnet50': 4.09,
    'mobilenet_v2': 0.30,
    'vgg16': 15.5,
    'vgg16_bn': 15.5,
    'cnn7': 5.51,
    'dlib_affine': 0.69,
    'dlib_affine4': 0.69,
    'dlib_batch': 0.69,
    'dlib_batch4': 0.69,
}
NETS = collections.ChainMap(HEADS, BACKBONES)


def make(name: str, *, width: int = 64, dtype: DTypeLike = jnp.float32) -> nn.Module:
    """The backbone `name` as a module: module(images [B, H, W, 3], train) -> Features.

    A head takes features [B, h, w, k] in the place of images.

    Args:
      width: channels of the first layer; 64 is the published net of every backbone,
        256 what heads are measured with.
      dtype: what the layers compute in; parameters and statistics stay float32.

    Raises:
      Unusable: unknown name.
    """
    if name not in NETS:
        raise Unusable(f'unknown backbone {name!r}; there are: {", ".join(NETS)}')
    return NETS[name](width=width, dtype=dtype)
