"""Arithmetic on boxes: [n, 4] of left, top, right, bottom, in px."""

import numpy as np


def sides(windows: np.ndarray) -> np.ndarray:
    """Width and height [n, 2]."""
    return windows[:, 2:] - windows[:, :2]


def moved(windows: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Windows whose edges went by shares [n, 4] of their sides."""
    return windows + edges * np.tile(sides(windows), 2)


def squared(windows: np.ndarray) -> np.ndarray:
    """Squares around the same centres, as large as the longer side."""
    centre = (windows[:, :2] + windows[:, 2:]) / 2
    half = np.maximum(sides(windows).max(axis=1, keepdims=True), 1) / 2
    return np.hstack([centre - half, centre + half])


def unlike(
    boxes: np.ndarray, scores: np.ndarray, most: float, *, of_smaller: bool = False
) -> np.ndarray:
    """Which boxes stay when each removes those like it: places, the best one first.

    Greedy non-maximum suppression. Boxes are alike when their intersection is more than
    the share `most` of their union, or, `of_smaller`, of the smaller one.
    """
    order, kept = np.argsort(-scores, kind='stable'), []
    areas = sides(boxes).prod(axis=1)
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.maximum(high - low, 0).prod(axis=1)
        if of_smaller:
            whole = np.minimum(areas[best], areas[order])
        else:
            whole = areas[best] + areas[order] - common
        order = order[common <= most * whole]
    return np.array(kept, int)
