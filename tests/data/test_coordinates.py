"""Features on their principal axes."""

import numpy as np
import pytest

from fer_jax.data import coordinates
from fer_jax.errors import Unusable

COLUMNS = {'stage1': [0, 2], 'stage2': [2, 4], 'stage2_grid': [4, 22]}


def test_columns_of_a_face_and_of_its_parts():
    """A stage with parts is seen by these; part (1, 2) has 10 + 2 * 2 and the next."""
    assert coordinates.columns_of(COLUMNS, 1).ravel().tolist() == [0, 1, *range(4, 22)]
    parts = coordinates.columns_of(COLUMNS, 3)
    assert parts.shape == (3, 3, 2)
    assert parts[1, 2].tolist() == [14, 15]
    with pytest.raises(Unusable, match='have no parts of a face'):
        coordinates.columns_of({'maps': [0, 4]}, 3)


def made(values, columns, count=500):
    return coordinates.fit(lambda: iter([values[:3], values[3:]]), columns, count)


def test_axes_by_hand():
    """Two columns that go together and a constant one: on (1, 1) / sqrt(2) of the
    standardised, all of it at mean square 1."""
    along = np.array([-3.0, -1, 1, 3], np.float32)
    values = np.stack([5 + along, 2 - 10 * along, 7 + 0 * along], axis=1)
    found = made(values, np.arange(3)[None, None], 1)
    assert found.shape == (1, 1, 1)
    assert found.scale[0, 0, 2] == 0
    np.testing.assert_allclose(found.mean[0, 0], [5, 2, 7])
    seen = found.of(values)[:, 0, 0, 0]
    np.testing.assert_allclose(seen * np.sign(seen[3]), along / 5**0.5, rtol=1e-5)


def test_axes_do_not_depend_on_the_order_of_the_set():
    values = np.random.default_rng(0).normal(size=(40, 22)).astype(np.float32)
    columns = coordinates.columns_of(COLUMNS, 3)
    first, second = (made(v, columns, 2) for v in (values, values[::-1]))
    np.testing.assert_allclose(first.turn, second.turn, rtol=1e-4, atol=1e-5)
    assert first.of(values).shape == (40, 3, 3, 2)


def test_constant_features_have_coordinates_0():
    values = np.full((5, 2), 3.0, np.float32)
    found = made(values, np.arange(2)[None, None])
    np.testing.assert_array_equal(found.of(values), 0)
