import numpy as np

from fer_jax.analysis import embedding


def test_what_lies_together_is_drawn_together():
    """Two clouds 100 deviations apart: every nearest neighbour is of the same cloud."""
    generator = np.random.default_rng(0)
    cloud = np.repeat([0, 1], 20)
    faces = generator.normal(size=(40, 6)) + 100 * cloud[:, None]
    drawn = embedding.plane(faces)
    assert drawn.shape == (40, 2)
    apart = np.linalg.norm(drawn[:, None] - drawn[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_array_equal(cloud[apart.argmin(axis=1)], cloud)
    np.testing.assert_array_equal(embedding.plane(faces), drawn)


def test_few_are_chosen_without_replacement():
    few = embedding.chosen(100, 10)
    assert len(set(few.tolist())) == 10
    assert (np.diff(few) > 0).all()
    np.testing.assert_array_equal(embedding.chosen(5, 10), np.arange(5))
