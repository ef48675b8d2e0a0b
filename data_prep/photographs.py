"""What happens to a drawn face before it is an image of a data set."""

from typing import TYPE_CHECKING

import numpy as np

from . import faces

if TYPE_CHECKING:  # which imports this module
    from .synthetic import Dice


def take(dice: 'Dice', image: np.ndarray) -> np.ndarray:
    """What light, a camera and things in the way do to a face."""
    size_px = len(image)
    image = occluded(dice, image) if dice.chance(0.15) else image
    values = image.astype(np.float64) / 255
    if dice.chance(0.5):
        values[:] = (values @ [0.299, 0.587, 0.114])[..., None]
    y, x = np.mgrid[-1 : 1 : size_px * 1j, -1 : 1 : size_px * 1j]
    angle, strength = dice.between(0, 2 * np.pi), dice.between(0, 0.2)
    light = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    values = np.clip(values * light[..., None], 0, 1) ** dice.between(0.85, 1.2)
    contrast, brightness = dice.between(0.8, 1.1), dice.around(0.03)
    values = (values - 0.5) * contrast + 0.5 + brightness
    blur = dice.between(0, 0.12)
    for axis in (0, 1):
        values = (1 - 2 * blur) * values + blur * (
            np.roll(values, 1, axis) + np.roll(values, -1, axis)
        )
    grain = np.random.Generator(np.random.Philox(key=int(dice.next() * 2**53)))
    noise = grain.random((size_px, size_px, 1)) + grain.random((size_px, size_px, 1))
    values = values + dice.between(0, 0.03) * (noise - 1)
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)


def occluded(dice: 'Dice', image: np.ndarray) -> np.ndarray:
    """Something in front of the face: a patch as of a hand, a strand, a bar."""
    size_px = len(image)
    y, x = np.mgrid[0 : 1 : size_px * 1j, 0 : 1 : size_px * 1j]
    kind, angle = int(dice.next() * 3), dice.between(0, np.pi)
    x0, y0 = dice.between(0.1, 0.9), dice.between(0.15, 1)
    across = np.cos(angle) * (x - x0) + np.sin(angle) * (y - y0)
    along = -np.sin(angle) * (x - x0) + np.cos(angle) * (y - y0)
    if kind == 0:
        covered = (across / 0.11) ** 2 + (along / 0.2) ** 2 < 1
        colour = dice.colour(faces.SKINS, 15)
    elif kind == 1:
        covered = np.abs(across + 0.2 * along**2) < dice.between(0.02, 0.05)
        colour = dice.colour(faces.HAIRS, 15)
    else:
        covered = (np.abs(across) < dice.between(0.04, 0.09)) & (np.abs(along) < 0.3)
        colour = dice.colour(((40, 40, 40), (200, 200, 200)), 30)
    return np.where(covered[..., None], np.array(colour, np.uint8), image)
