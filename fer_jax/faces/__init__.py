"""Faces in photographs: where they are, and each one upright, from raw pixels."""

import numpy as np

from .align import TEMPLATE, TEMPLATE_PX, aligned, similarity
from .mtcnn import SMALLEST_PX, Faces, detect, detect_all

__all__ = [
    'SMALLEST_PX',
    'TEMPLATE',
    'TEMPLATE_PX',
    'Faces',
    'aligned',
    'crops',
    'detect',
    'detect_all',
    'similarity',
]


def crops(
    image: np.ndarray, size_px: int, template: np.ndarray = TEMPLATE / TEMPLATE_PX
) -> np.ndarray:
    """Every face of a photograph, upright: uint8 [n, size_px, size_px, 3].

    From left to right; none where no face is found, and none of a face of less than
    SMALLEST_PX.

    Args:
      image: uint8 [H, W, 3], RGB.
      template: [5, 2], where the landmarks come to lie, in shares of the side.

    Raises:
      Unusable: not such an image.
      Missing: mtcnn 1.0.0 is not installed.
    """
    faces = detect(image)
    order = np.argsort(faces.boxes[:, [0, 2]].sum(axis=1), kind='stable')
    cut = [
        aligned(image, landmarks, size_px, template)
        for landmarks in faces.landmarks[order]
    ]
    return np.array(cut, np.uint8).reshape(-1, size_px, size_px, 3)
