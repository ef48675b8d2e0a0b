"""A small network and a small separable training set."""

from typing import NamedTuple

import flax.linen as nn
import jax
import numpy as np
import pytest

CLASSES, SIZE, COUNT = 3, 8, 24


class Small(NamedTuple):
    backbone: nn.Module
    images: np.ndarray  # [N, H, W, 3] uint8, brightness tells the class
    labels: np.ndarray  # [N] int32
    num_classes: int


@pytest.fixture(scope='session')
def small(tiny):
    labels = np.arange(COUNT, dtype=np.int32) % CLASSES
    noise = np.random.default_rng(0).integers(0, 30, (COUNT, SIZE, SIZE, 3))
    noise[np.arange(COUNT), :, :, labels] += 150
    return Small(tiny(), noise.astype(np.uint8), labels, CLASSES)


@pytest.fixture
def key():
    return jax.random.key(0)
