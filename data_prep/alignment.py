"""Pictures -> squares with the face at one place, for every door: --align.

    mtcnn      the five landmarks are found by MTCNN (fer_jax.faces)
    landmarks  they are the data set's own
    boxes      no landmarks: the square around the data set's box

With landmarks, a face is turned, scaled and shifted onto ArcFace's template. What
happens to a picture is its `reason`:

    one face        the rule
    several faces   the one of the largest box is taken. Where the data set has a box,
                    faces are looked for within twice its side, and the one that
                    overlaps it most is taken (intersection over union, more than
                    SHARED)
    tiny face       its longer side is less than smallest_px, and so are all others
    no face         none is found, or none where the box is
    no box, no landmarks   the data set has none for this picture, or useless ones

The last four have no aligned face: such a picture is left out (no_face='drop') or
replaced by the square around its box, or, without one, by the largest in its middle
(no_face='centre').
"""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_jax import faces
from fer_jax.data import pictures
from fer_jax.errors import Unusable
from fer_jax.faces import boxes as boxing
from fer_jax.faces import mtcnn, networks

from . import squares

KINDS = ('mtcnn', 'landmarks', 'boxes')
SMALLEST_PX = 32
SHARED = 0.2
AROUND = 2  # times the box: where a face is looked for
BOX_PX = 64  # at least, of a box whose picture is reduced
NOTED = ('reason', 'faces', 'score', 'face_px')  # columns of Outcome.note


class Outcome(NamedTuple):
    """What became of one picture."""

    pixels: np.ndarray | None  # uint8 [size_px, size_px, 3]; None: left out
    reason: str  # as above
    faces: int = 0  # found, tiny ones included; 1 of a given one
    score: float = math.nan  # MTCNN's probability of the face that was taken
    face_px: float = math.nan  # longer side of its box in the picture

    @property
    def note(self) -> tuple[str, ...]:
        """What is listed of it, as texts: NOTED."""
        numbers = (f'{self.score:.3f}', f'{self.face_px:.1f}')
        return self.reason, str(self.faces), *('' if n == 'nan' else n for n in numbers)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of alignment to a door's parser."""
    parser.add_argument('--align', choices=KINDS, help='default: not aligned')
    parser.add_argument(
        '--no-face', choices=('drop', 'centre'), default='drop',
        help='what to do without a face to align: leave the picture out, or take the'
        ' square around its box or in its middle; default: drop',
    )  # fmt: skip
    parser.add_argument(
        '--smallest-face', type=float, default=SMALLEST_PX, metavar='PX',
        help='a face of a shorter longer side does not count; larger is faster;'
        f' default: {SMALLEST_PX}',
    )  # fmt: skip


def make(options: argparse.Namespace, size_px: int) -> 'Aligner | None':
    """The Aligner that the options ask for, or None.

    Raises:
      Unusable: a smallest face of less than one pixel.
      Missing: mtcnn 1.0.0 is needed and not installed.
    """
    if options.align is None:
        return None
    if not options.smallest_face >= 1:
        raise Unusable(
            f'--smallest-face={options.smallest_face:g}; wanted 1 px or more'
        )
    if options.align == 'mtcnn':
        networks.weights()  # missing ones are known before any work is done
    return Aligner(options.align, size_px, options.no_face, options.smallest_face)


@dataclasses.dataclass(frozen=True)
class Aligner:
    """Aligns pictures by the rules above. `dataclasses.asdict` tells how, for a recipe.

    Nothing but these four values: copies of it work in other processes. The more
    pictures a call, the less time for each; 16 are enough.
    """

    kind: str  # one of KINDS
    size_px: int
    no_face: str = 'drop'
    smallest_px: float = SMALLEST_PX

    def __call__(
        self, images: Sequence[np.ndarray], boxes: Sequence, landmarks: Sequence
    ) -> list[Outcome]:
        """An Outcome for each picture.

        Args:
          images: list of uint8 [H, W, 3], RGB.
          boxes: list of (left, top, right, bottom) in px, or None.
          landmarks: list of [5, 2] in px, or None: eye, eye, nose, corners of the
            mouth; either side first.
        """
        boxes = [usable_box(*pair) for pair in zip(boxes, images)]
        if self.kind == 'mtcnn':
            chosen = self._found(images, boxes)
        elif self.kind == 'landmarks':
            chosen = [self._marked(points) for points in landmarks]
        else:
            chosen = [self._boxed(box) for box in boxes]
        return [
            self._cut(image, box, *face)
            for image, box, face in zip(images, boxes, chosen)
        ]

    def _found(self, images, boxes):
        """(Outcome without pixels, landmarks) of each picture, by MTCNN."""
        views = [view(image, box) for image, box in zip(images, boxes)]
        # one level of the pyramid more: how many there are of just less
        answers = faces.detect_all(
            [pixels for pixels, _, _ in views],
            smallest_px=self.smallest_px * mtcnn.SHRINK,
        )
        chosen = []
        for box, (_, corner, times), seen in zip(boxes, views, answers):
            here = seen.boxes * times + np.tile(corner, 2)
            large = boxing.sides(here).max(axis=1) >= self.smallest_px
            order = preferred(here, box)
            if not large[order].any():
                reason = 'tiny face' if len(order) else 'no face'
                chosen.append((Outcome(None, reason, len(here)), None))
                continue
            order = order[large[order]]
            best, several = order[0], large.sum() > 1
            outcome = Outcome(
                None,
                'several faces' if several else 'one face',
                len(here),
                float(seen.scores[best]),
                float(boxing.sides(here[best : best + 1]).max()),
            )
            chosen.append((outcome, seen.landmarks[best] * times + corner))
        return chosen

    def _marked(self, points):
        """(Outcome without pixels, landmarks) of given landmarks."""
        points = None if points is None else np.asarray(points, float)
        if points is None or not np.isfinite(points).all() or not np.ptp(points):
            return Outcome(None, 'no landmarks'), None
        points = ordered(points)
        # of the square that is cut out, about that of a box
        move = faces.similarity(points, faces.TEMPLATE)
        side = faces.TEMPLATE_PX / np.linalg.det(move[:, :2]) ** 0.5
        return self._unless_tiny(side), points

    def _boxed(self, box):
        if box is None:
            return Outcome(None, 'no box'), None
        return self._unless_tiny(boxing.sides(box[None]).max()), None

    def _unless_tiny(self, side):
        reason = 'one face' if side >= self.smallest_px else 'tiny face'
        return Outcome(None, reason, 1, face_px=float(side))

    def _cut(self, image, box, outcome, points):
        """The outcome with its pixels, if it has any."""
        if outcome.reason not in ('one face', 'several faces'):
            if self.no_face == 'drop':
                return outcome
            points = None
        if points is not None:
            return outcome._replace(pixels=faces.aligned(image, points, self.size_px))
        return outcome._replace(pixels=square(image, box, self.size_px))


def usable_box(
    box: Sequence[float] | np.ndarray | None, image: np.ndarray
) -> np.ndarray | None:
    """A box [4] float, or None where there is none or none of the picture in it."""
    if box is None:
        return None
    box = np.asarray(box, float)
    if not np.isfinite(box).all():
        return None
    height, width = image.shape[:2]
    inside = np.minimum(box[2:], [width, height]) - np.maximum(box[:2], 0)
    return box if (inside >= 1).all() else None


def view(
    image: np.ndarray, box: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Where a face is looked for: (pixels, corner in the picture [2], times smaller).

    All of the picture; or what lies around a box, smaller if the box is large, since
    the networks look at faces at 48 px anyway.
    """
    if box is None:
        return image, np.zeros(2), 1
    left, top, right, bottom = boxing.squared(box[None])[0]
    side = right - left
    beyond = (AROUND - 1) / 2 * side
    low = np.floor([max(left - beyond, 0), max(top - beyond, 0)]).astype(int)
    high = np.ceil([right + beyond, bottom + beyond]).astype(int)
    around = image[low[1] : high[1], low[0] : high[0]]
    times = max(1, int(side / BOX_PX))
    return np.asarray(Image.fromarray(around).reduce(times)), low.astype(float), times


def preferred(boxes: np.ndarray, box: np.ndarray | None) -> np.ndarray:
    """Places of found boxes [n, 4], the best one first; without those off a given box.

    Args:
      box: given [4], or None.
    """
    areas = boxing.sides(boxes).prod(axis=1)
    if box is None:
        return np.argsort(-areas, kind='stable')
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    common = np.maximum(high - low, 0).prod(axis=1)
    shared = common / (areas + boxing.sides(box[None]).prod() - common)
    order = np.argsort(-shared, kind='stable')
    return order[shared[order] > SHARED]


def ordered(points: np.ndarray) -> np.ndarray:
    """Landmarks [5, 2] with the left side of the picture first, of an upright face.

    Whatever way the face is turned, from eye to eye and on to the mouth goes clockwise.
    """
    (across, fall), down = (
        points[1] - points[0],
        points[3:].mean(0) - points[:2].mean(0),
    )
    clockwise = across * down[1] - fall * down[0] >= 0
    return points if clockwise else points[[1, 0, 2, 4, 3]]


def square(image: np.ndarray, box: np.ndarray | None, size_px: int) -> np.ndarray:
    """The square around a box, black beyond the picture; without one, the largest in
    the middle. uint8 [size_px, size_px, 3], antialiased when it shrinks."""
    picture = Image.fromarray(image)
    if box is None:
        return pictures.fitted(picture, size_px)
    return np.array(squares.around(picture, box, size_px))
