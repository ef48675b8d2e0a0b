"""Kinds of trouble: hand-made faces of each kind, and twins against all pairs."""

import numpy as np
import pytest

from fer_jax.numerics import axes, kinds

NONE, UNREADABLE, TWIN, UNLIKE, AMBIGUOUS, WRONG = range(6)


def faces(n=400, dims=100, seed=0):
    generator = np.random.default_rng(seed)
    return axes.uncorrelated(generator.standard_normal((n, dims)).astype(np.float32))


def nothing(n):
    """Neither twins, nor far, nor without contrast."""
    same = kinds.Twins(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))
    return {'same': same, 'far': np.zeros(n), 'seen': np.full(n, 50.0)}


def test_twins_are_all_pairs_below_the_distance(monkeypatch):
    monkeypatch.setattr(kinds, 'BLOCK', 7)
    x = faces()
    x[31], x[200] = x[5], x[90] * 0.9  # |x - .9 x|^2 is a hundredth of |x|^2
    x[300] = 0.5 * x[301]  # a quarter: no twin
    found = kinds.twins(x)
    assert found.rows.tolist() == [[5, 31], [90, 200]]
    squares = [0, np.square(x[90] * 0.1).sum() / axes.SIZE]
    np.testing.assert_allclose(found.distance, squares, atol=1e-6)
    apart = np.square(x[:, None] - x[None]).sum(axis=-1)
    a, b = np.nonzero(np.triu(apart < kinds.SAME * axes.SIZE, 1))
    assert sorted(zip(a.tolist(), b.tolist())) == [(5, 31), (90, 200)]


def test_the_most_alike_come_first_and_never_the_face_itself():
    x = np.array([[0.0], [5.0], [1.0], [-2.0], [0.5]], np.float32)
    assert kinds.alike(x, 0, 3).tolist() == [4, 2, 3]
    assert kinds.alike(x, 0, 12).tolist() == [4, 2, 3, 1]
    assert kinds.alike(x[:1], 0, 12).tolist() == []


def test_distance_is_along_the_axes_of_most_spread_and_one_on_average():
    x = faces()
    far = kinds.distance(x)
    np.testing.assert_allclose(far.mean(), 1, rtol=1e-5)
    turned = x * np.where(np.arange(x.shape[1]) < kinds.LEADING, 1, 100)
    np.testing.assert_array_equal(kinds.distance(turned.astype(np.float32)), far)
    assert kinds.distance(np.zeros((3, 2), np.float32)).tolist() == [0, 0, 0]


def test_contrast_is_the_deviation_of_the_pixels():
    pictures = np.zeros((2, 2, 2, 3), np.uint8)
    pictures[1, 0] = 255
    np.testing.assert_allclose(kinds.contrast(pictures), [0, 127.5])


@pytest.mark.parametrize(
    ('posterior', 'kind'),
    [
        ([0.9, 0.06, 0.04], NONE),
        ([0.1, 0.8, 0.1], WRONG),
        ([0.2, 0.45, 0.35], AMBIGUOUS),  # the given one is none of the two
        ([0.5, 0.5, 0.0], AMBIGUOUS),  # and here it is
    ],
)
def test_one_class_that_fits_is_wrong_and_two_are_ambiguous(posterior, kind):
    found = kinds.of(np.array([posterior]), np.array([0]), **nothing(1))
    assert found.tolist() == [kind]


def test_what_can_be_proved_comes_first():
    """0 is blank, 1 and 2 are twins with two labels, 3 and 4 with one, 199 is far."""
    n = 200
    posterior = np.tile([0.1, 0.9], (n, 1))
    given = np.zeros(n, int)
    given[2] = 1
    about = nothing(n)
    about['same'] = kinds.Twins(np.array([[1, 2], [3, 4], [0, 2]]), np.zeros(3))
    about['seen'][0] = 0
    about['far'][[0, 1, 199]] = 9, 9, 8
    found = kinds.of(posterior, given, **about)
    assert found[:5].tolist() == [UNREADABLE, TWIN, TWIN, WRONG, WRONG]
    # the half percent furthest of 200 is one face, and that one is blank
    assert found[199] == WRONG
    about['far'][0] = 0
    about['far'][1] = 0
    assert kinds.of(posterior, given, **about)[199] == UNLIKE
    assert list(kinds.disputes(about['same'], given)) == [(1, 2), (0, 2)]
