"""Principal axes of features."""

import numpy as np

from fer_jax.numerics import axes


def faces(count=500, width=6):
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((count, width)) @ rng.standard_normal((width, width))
    return (mixed + rng.standard_normal(width)).astype(np.float32)


def test_they_are_those_that_spread_most():
    generator = np.random.default_rng(0)
    sample = generator.normal(size=(1500, 80)).astype(np.float32)
    sample[:, :3] *= 10
    found = axes.principal(sample, 3)
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-3)
    assert np.square(found[:3]).sum() > 2.99
    assert axes.principal(sample[:40], 500).shape == (80, 40)


def test_columns_are_uncorrelated_and_fall():
    found = axes.uncorrelated(faces())
    products = found.T.astype(np.float64) @ found / len(found)
    spread = np.diag(products)
    np.testing.assert_allclose(products, np.diag(spread), atol=1e-2)
    assert (np.diff(spread) < 0).all()
    np.testing.assert_allclose(spread.sum(), axes.SIZE, rtol=1e-5)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-3)
    assert (found.max(axis=0) >= -found.min(axis=0)).all()


def test_more_rows_than_a_block_have_the_same_axes(monkeypatch):
    whole = axes.uncorrelated(faces())
    monkeypatch.setattr(axes, 'BLOCK', 64)  # 500 rows: the last block has 52
    np.testing.assert_allclose(axes.uncorrelated(faces()), whole, rtol=1e-4, atol=1e-4)


def test_faces_that_are_all_alike_are_zeros():
    np.testing.assert_array_equal(axes.uncorrelated(np.ones((9, 4), np.float32)), 0)
