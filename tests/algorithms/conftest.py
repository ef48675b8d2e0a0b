"""A small network and a small separable training set."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.nets import BatchNorm, Features

CLASSES, SIZE, COUNT = 3, 8, 24


class Tiny(nn.Module):
    """One convolution: what a backbone is, in a second of compilation.

    All of it is the last stage; the early part passes the images on.
    """

    part: str = 'whole'

    @nn.compact
    def __call__(self, images, train):
        if self.part == 'early':
            return images
        maps = nn.Conv(8, (3, 3), (2, 2))(images)
        maps = nn.relu(BatchNorm()(maps, train))
        return Features(maps, jnp.mean(maps, axis=(1, 2)))


class Small(NamedTuple):
    backbone: nn.Module
    images: np.ndarray  # [N, H, W, 3] uint8, brightness tells the class
    labels: np.ndarray  # [N] int32
    num_classes: int


@pytest.fixture(scope='session')
def small():
    labels = np.arange(COUNT, dtype=np.int32) % CLASSES
    noise = np.random.default_rng(0).integers(0, 30, (COUNT, SIZE, SIZE, 3))
    noise[np.arange(COUNT), :, :, labels] += 150
    return Small(Tiny(), noise.astype(np.uint8), labels, CLASSES)


@pytest.fixture
def key():
    return jax.random.key(0)
