"""Boxes by hand."""

import numpy as np

from fer_jax.faces import boxes


def test_alike_boxes_are_removed_by_hand():
    """a, b: 100 px^2 each, b shifted by 5: 50 in common, union 150, a third.
    c inside a, 25 px^2: a quarter of the union, all of the smaller one. d: far away."""
    found = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 5, 5], [50, 50, 60, 60]])
    scores = np.array([0.9, 0.8, 0.7, 0.95])
    assert boxes.unlike(found, scores, 0.4).tolist() == [3, 0, 1, 2]
    assert boxes.unlike(found, scores, 0.3).tolist() == [3, 0, 2]
    assert boxes.unlike(found, scores, 0.2).tolist() == [3, 0]
    assert boxes.unlike(found, scores, 0.7, of_smaller=True).tolist() == [3, 0, 1]
    assert boxes.unlike(found[:0], scores[:0], 0.5).tolist() == []


def test_boxes_are_moved_and_squared_by_hand():
    """20 wide, 10 high: a tenth of the width is 2, half of the height 5."""
    found = np.array([[0.0, 0.0, 20.0, 10.0]])
    edges = np.array([[0.1, -0.5, 0.0, 0.5]])
    np.testing.assert_allclose(boxes.moved(found, edges), [[2, -5, 20, 15]])
    np.testing.assert_allclose(boxes.squared(found), [[0, -5, 20, 15]])
