"""A small network and a small separable training set."""

from typing import NamedTuple

import flax.linen as nn
import jax
import numpy as np
import pytest

from fer_jax import nets
from fer_jax.data import augment, source
from fer_jax.training import step, trial

CLASSES, SIZE, COUNT = 3, 8, 24


class Small(NamedTuple):
    backbone: nn.Module
    images: np.ndarray  # [N, H, W, 3] uint8, brightness tells the class; or features
    labels: np.ndarray  # [N] int32
    num_classes: int
    source: source.Source


# Images that are only scaled, to [-1, 1]: every view is the image itself.
SCALED = source.Images('none', SIZE, scale=augment.Scale((0.5,) * 3, (0.5,) * 3))


@pytest.fixture(scope='session')
def small(tiny):
    labels = np.arange(COUNT, dtype=np.int32) % CLASSES
    noise = np.random.default_rng(0).integers(0, 30, (COUNT, SIZE, SIZE, 3))
    noise[np.arange(COUNT), :, :, labels] += 150
    return Small(tiny(), noise.astype(np.uint8), labels, CLASSES, SCALED)


@pytest.fixture(scope='session')
def on_features():
    """Features of 3x3 parts of faces and of their mirror images, for heads."""
    labels = np.arange(COUNT, dtype=np.int32) % CLASSES
    told = np.random.default_rng(0).normal(0, 0.3, (COUNT, 2, 3, 3, 4))
    told[np.arange(COUNT), ..., labels] += 2
    kind = source.Activations('eac', (3, 3, 4))
    return Small(
        nets.make('heads', width=32), told.astype(np.float16), labels, CLASSES, kind
    )


def examples(algorithm, small):
    """The source of a set, with the views that an algorithm needs."""
    return small.source._replace(views=algorithm.views)


@pytest.fixture(scope='session')
def begin(small):
    """What `beginning` of the small images returns."""
    return beginning(small)


def beginning(small):
    """begin(algorithm, optimizer, given, steps_per_epoch) -> state, train_step.

    train_step(state, images [B, H, W, 3] uint8, index [B]) is compiled.
    """

    def make(algorithm, optimizer, given=small.labels, steps_per_epoch=3):
        about = trial.make(0, given, given[:1], steps_per_epoch)
        seen = examples(algorithm, small)
        create = jax.jit(
            lambda about: step.create(
                algorithm, optimizer, seen, small.num_classes, about
            )
        )
        compiled = jax.jit(step.make_step(algorithm, optimizer, seen))

        def train_step(state, images, index):
            return compiled(state, about, images, index)

        train_step.cache_size = compiled._cache_size
        return create(about), train_step

    return make


@pytest.fixture
def key():
    return jax.random.key(0)
