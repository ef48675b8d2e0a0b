"""Five landmarks of a face -> the face upright, at a fixed place in a square.

The similarity (turn, scale, shift) that brings landmarks nearest to a template, in
least squares: S. Umeyama, Least-squares estimation of transformation parameters between
two point patterns, TPAMI 1991. In the plane its SVD is one division of complex numbers.

Points are (x, y) in px from the top left corner of a picture, so that pixel centres lie
at halves.
"""

import numpy as np
from PIL import Image

from fer_jax.errors import Unusable

# The five points in a square of 112 px that ArcFace made the usual ones (Deng et al.,
# CVPR 2019; src/common/face_preprocess.py of its release): eye, eye, nose, corners of
# the mouth, the left one of the picture first.
TEMPLATE_PX = 112
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity that moves points nearest to others, [2, 3] float64.

    With points as complex numbers, p -> z p + t minimises sum |z p + t - q|^2 for
        z = sum conj(p - mean p) (q - mean q) / sum |p - mean p|^2
        t = mean q - z mean p
    (Umeyama 1991, eqs. 40 to 42; a z never mirrors). `result @ [x, y, 1]` is the moved
    point.

    Args:
      source, target: [n, 2], n > 1, (x, y).

    Raises:
      Unusable: the points of source are all one.
    """
    p, q = (np.asarray(points, float) @ [1, 1j] for points in (source, target))
    apart = p - p.mean()
    spread = np.vdot(apart, apart).real
    if not spread > 0:
        raise Unusable(f'{len(p)} points in one place; wanted landmarks of a face')
    z = np.vdot(apart, q - q.mean()) / spread
    t = q.mean() - z * p.mean()
    return np.array([[z.real, -z.imag, t.real], [z.imag, z.real, t.imag]])


def aligned(
    image: np.ndarray,
    landmarks: np.ndarray,
    size_px: int = TEMPLATE_PX,
    template: np.ndarray = TEMPLATE / TEMPLATE_PX,
) -> np.ndarray:
    """One face, upright, eyes and mouth where the template has them.

    Bilinear; a face that shrinks to less than half is averaged down first, so that no
    pixel of it is skipped. Black where the square reaches beyond the picture.

    Args:
      image: uint8 [H, W, 3].
      landmarks: [5, 2], as in TEMPLATE, in px of the image.
      size_px: side of the square.
      template: [5, 2], as in TEMPLATE, in shares of the side.

    Returns:
      uint8 [size_px, size_px, 3].

    Raises:
      Unusable: landmarks that are all one point.
    """
    template = np.asarray(template) * size_px
    picture = Image.fromarray(image)
    enlarged = np.linalg.det(similarity(landmarks, template)[:, :2]) ** 0.5
    coarser = max(1, int(1 / enlarged))
    move = similarity(np.asarray(landmarks) / coarser, template)
    back = np.linalg.inv(np.vstack([move, [0, 0, 1]]))
    warped = picture.reduce(coarser).transform(
        (size_px, size_px),
        Image.Transform.AFFINE,
        tuple(back[:2].ravel()),
        Image.Resampling.BILINEAR,
    )
    return np.array(warped)
