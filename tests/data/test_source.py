"""What networks see of stored activations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.data import source
from fer_jax.errors import Unusable

COUNT = 64


@pytest.fixture(scope='module')
def stored():
    """[B, 2, 1, 3, 1]: of example i parts i + 0, 1, 2, mirrored i + 20, 30, 40."""
    face = np.stack([np.arange(3), [20, 30, 40]]).reshape(2, 1, 3, 1)
    return (np.arange(COUNT).reshape(-1, 1, 1, 1, 1) + face).astype(np.float16)


def drawn(recipe, stored, views=1, step=0):
    seen = source.Activations(recipe, (1, 3, 1), views=views)
    every = jnp.arange(len(stored))
    return np.asarray(seen.training(jax.random.key(0), step, every, stored))


def test_the_plain_view_is_the_mean_of_face_and_mirror_image(stored):
    plain = source.Activations('flip', (1, 3, 1)).plain(stored)
    np.testing.assert_array_equal(plain[5, 0, :, 0], [15, 20.5, 26])
    np.testing.assert_array_equal(drawn('none', stored, 2), [plain, plain])


def test_a_view_is_one_of_the_two_drawn_by_key_step_and_example(stored):
    first, second = drawn('flip', stored, 2)
    mirrored = first[:, 0, 0, 0] >= np.arange(COUNT) + 20
    np.testing.assert_array_equal(
        first, np.where(mirrored[:, None, None, None], stored[:, 1], stored[:, 0])
    )
    assert 20 < mirrored.sum() < 44  # 3 deviations
    assert (first != second).any()
    assert (first != drawn('flip', stored, 2, step=1)[0]).any()
    again = drawn('flip', stored[:8], 2)[0]  # whoever else is in the batch
    np.testing.assert_array_equal(first[:8], again)


def test_a_pair_shows_the_same_part_in_the_same_place(stored):
    """The second view is the other image, turned round: its mirror image is that."""
    first, second = drawn('eac', stored)
    mirrored = first[:, 0, 0, 0] >= np.arange(COUNT) + 20
    other = np.where(mirrored[:, None, None, None], stored[:, 0], stored[:, 1])
    np.testing.assert_array_equal(second[:, :, ::-1], other)


def test_recipes_of_images_are_refused():
    source.check_activations('eac')
    with pytest.raises(Unusable, match='resup is of images; heads on features take'):
        source.check_activations('resup')
