"""An image on which one draws in the coordinates of a turned head.

x to the right and y down, 0 between the eyes and the nose, the head about 1 wide and
1.2 high to each side. The points lie on an ellipsoid, so that a head that is turned
shows more of one cheek than of the other.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, ...]  # red, green and blue in [0, 255]


class Pose(NamedTuple):
    """How a head stands: angles in radians, scale and shift in shares of the image."""

    roll: float
    yaw: float
    pitch: float
    scale: float
    shift_x: float
    shift_y: float


class Canvas:
    """An image on which points are given in face coordinates."""

    def __init__(self, pose: Pose, size_px: int, background: Colour) -> None:
        self.turn = rotation(pose) * (size_px * pose.scale)
        self.unit = size_px * pose.scale  # pixels of one face unit
        self.centre = size_px * np.array([0.5 + pose.shift_x, 0.5 + pose.shift_y])
        self.image = Image.new('RGB', (size_px, size_px), background)
        self.pen = ImageDraw.Draw(self.image)

    def place(self, points: np.ndarray | Sequence, relief: float = 0.0) -> list[float]:
        """Face coordinates [n, 2] -> pixels; `relief` is height above the surface."""
        x, y = np.asarray(points, float).T
        inside = np.maximum(1 - x * x - (y * y) / 1.7, 0)
        depth = 0.7 * np.sqrt(inside) + relief
        moved = np.stack([x, y, depth], 1) @ self.turn + self.centre
        return moved.ravel().tolist()

    def fill(
        self, points: np.ndarray | Sequence, colour: Colour, relief: float = 0.0
    ) -> None:
        """A polygon of points of the face, `relief` in front of its surface."""
        self.pen.polygon(self.place(points, relief), tuple(colour))

    def line(
        self,
        points: np.ndarray | Sequence,
        colour: Colour,
        thickness: float,
        relief: float = 0.0,
    ) -> None:
        """A line through points, likewise; its thickness is of the face, too."""
        width = max(1, round(thickness * self.unit))
        self.pen.line(self.place(points, relief), tuple(colour), width, 'curve')


def rotation(pose: Pose) -> np.ndarray:
    """Matrix [3, 2] from (x, y, depth) of a face to the plane of the image."""
    yaw, pitch = (np.cos(a) for a in (pose.yaw, pose.pitch))
    turned = np.array([[yaw, 0], [0, pitch], [np.sin(pose.yaw), np.sin(pose.pitch)]])
    cos, sin = np.cos(pose.roll), np.sin(pose.roll)
    return turned @ np.array([[cos, sin], [-sin, cos]])


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in a colour."""
    share = min(max(share, 0.0), 1.0)
    return tuple(round((1 - share) * a + share * b) for a, b in zip(colour, other))


def shaded(colour: Colour, share: float) -> Colour:
    """A colour with a share of it taken away; lighter when negative."""
    return mixed(colour, (40, 15, 10) if share > 0 else (255, 250, 240), abs(share))


def arc(
    centre: Sequence[float],
    radius_x: float,
    radius_y: float,
    start: float = 0.0,
    end: float = 360.0,
    points: int = 24,
) -> np.ndarray:
    """Points [points, 2] of an ellipse, degrees clockwise from the right."""
    return circle(start, end, points) * (radius_x, radius_y) + np.asarray(centre)


@functools.cache
def circle(start: float, end: float, points: int) -> np.ndarray:
    """Points [points, 2] of a circle around 0, degrees clockwise from the right."""
    t = np.radians(np.linspace(start, end, points))
    return np.stack([np.cos(t), np.sin(t)], 1)


def curve(*knots: Sequence[float], points: int = 16) -> np.ndarray:
    """Points of the polynomial through 2 to 5 knots, evenly spaced in its parameter."""
    return interpolation(len(knots), points) @ np.asarray(knots, float)


@functools.cache
def interpolation(knots: int, points: int) -> np.ndarray:
    """Lagrange weights [points, knots], each row summing to 1."""
    t, at = np.linspace(0, 1, knots), np.linspace(0, 1, points)
    weights = [
        np.prod([(at - t[j]) / (t[i] - t[j]) for j in range(knots) if j != i], axis=0)
        for i in range(knots)
    ]
    return np.stack(weights, 1)
