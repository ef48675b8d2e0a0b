"""Faces and five landmarks each, by three small networks, one behind the other.

K. Zhang, Z. Zhang, Z. Li, Y. Qiao, Joint face detection and alignment using multitask
cascaded convolutional networks, IEEE SPL 2016 (figs. 1 and 2):

  P-Net  slides over a pyramid of smaller and smaller copies of the picture and proposes
         windows of 12 x 12 px;
  R-Net  looks at each window again at 24 px, and rejects most;
  O-Net  looks at those left at 48 px, and finds the landmarks.

Behind each, windows are moved by what the network says of their edges (bounding box
regression), and of windows that overlap the best one is kept.

Compiled once, whatever the size of a picture: P-Net sees tiles of one size, and every
network a fixed number of images a call.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_jax.errors import Unusable

from . import boxes, networks

SMALLEST_PX = 20  # faces
SHRINK = 0.709  # from a level of the pyramid to the next: half the area
PNET_PX, RNET_PX, ONET_PX = 12, 24, 48
STRIDE_PX = 2  # of P-Net's windows
CELLS = 32  # windows of a tile, each way
TILE_PX = STRIDE_PX * (CELLS - 1) + PNET_PX
THRESHOLDS = (0.6, 0.7, 0.8)
TOGETHER_PX = 1 << 21  # pixels of the pictures in one pass: bounds the memory


class Faces(NamedTuple):
    """What `detect` finds, the surest face first.

    Points are (x, y) in px from the picture's top left corner.

    boxes: [n, 4] float32, left, top, right, bottom; may reach beyond the picture.
    scores: [n] float32, probability of a face.
    landmarks: [n, 5, 2] float32, eye, eye, nose, corners of the mouth; the left one in
      the picture first.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray


def detect(
    image: np.ndarray,
    *,
    smallest_px: float = SMALLEST_PX,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Faces:
    """Every face of a picture; as `detect_all` of one."""
    return detect_all([image], smallest_px=smallest_px, thresholds=thresholds)[0]


def detect_all(
    images: Sequence[np.ndarray],
    *,
    smallest_px: float = SMALLEST_PX,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Faces]:
    """Every face of each of several pictures: a Faces for each, the same as one by one.

    The networks are shown tiles and windows of several pictures at a time, so that few
    calls are filled up with nothing: for small pictures that is most of the work.

    Args:
      images: uint8 [H, W, 3] each, RGB, of any sizes.
      smallest_px: the longer side of a box, at least. Half of it takes four times as
        long.
      thresholds: how sure P-, R- and O-Net must be to pass a window on; those of the
        package mtcnn, as are the shares of overlap below.

    Raises:
      Unusable: not such an image.
      Missing: mtcnn 1.0.0 is not installed.
    """
    for image in images:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise Unusable(
                f'an image of {image.dtype} {list(image.shape)}; wanted uint8 [H, W, 3]'
            )
    faces = []
    for some in few(images):
        faces += cascade(
            [Image.fromarray(image) for image in some], smallest_px, thresholds
        )
    return faces


def few(images: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """The images in lists of up to TOGETHER_PX pixels, a larger one alone."""
    some: list[np.ndarray] = []
    pixels = 0
    for image in images:
        if some and pixels + image.size // 3 > TOGETHER_PX:
            yield some
            some, pixels = [], 0
        some.append(image)
        pixels += image.size // 3
    if some:
        yield some


def cascade(
    pictures: Sequence[Image.Image], smallest_px: float, thresholds: Sequence[float]
) -> list[Faces]:
    """Faces of each of several Pillow pictures, by the three networks in turn."""
    windows = []
    for proposals, scores in proposed(pictures, smallest_px, thresholds[0]):
        windows.append(boxes.squared(proposals[boxes.unlike(proposals, scores, 0.7)]))

    answers = shown(networks.rnet, pictures, windows, RNET_PX)
    for number, (edges, scores) in enumerate(answers):
        sure = scores > thresholds[1]
        here, scores = boxes.moved(windows[number], edges)[sure], scores[sure]
        windows[number] = boxes.squared(here[boxes.unlike(here, scores, 0.7)])

    answers, faces = shown(networks.onet, pictures, windows, ONET_PX), []
    for here, (edges, points, scores) in zip(windows, answers):
        landmarks = here[:, None, :2] + points * boxes.sides(here)[:, None]
        here = boxes.moved(here, edges)
        large = boxes.sides(here).max(axis=1) >= smallest_px  # windows also shrink
        kept = np.flatnonzero(large & (scores > thresholds[2]))
        kept = kept[boxes.unlike(here[kept], scores[kept], 0.7, of_smaller=True)]
        faces.append(Faces(here[kept], scores[kept], landmarks[kept]))
    return faces


def shown(
    net: Callable,
    pictures: Sequence[Image.Image],
    windows: Sequence[np.ndarray],
    size_px: int,
) -> list[list[np.ndarray]]:
    """What a network says of the square windows [n, 4] of each picture, picture by
    picture: [n, ...] for each of its outputs."""
    cuts = [cut(*pair, size_px) for pair in zip(pictures, windows)]
    return parted(networks.ask(net, np.concatenate(cuts)), [len(cut) for cut in cuts])


def parted(
    outputs: Sequence[np.ndarray], counts: Sequence[int]
) -> list[list[np.ndarray]]:
    """Outputs [sum of counts, ...] in parts of so many rows: a list for each part."""
    ends = np.cumsum(counts)
    return [
        [output[end - count : end] for output in outputs]
        for end, count in zip(ends, counts)
    ]


def proposed(
    pictures: Sequence[Image.Image], smallest_px: float, threshold: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """P-Net's windows [n, 4] in px of each Pillow picture, and their scores [n]."""
    levels = [list(pyramid(picture, smallest_px)) for picture in pictures]
    tiles = [tile for own in levels for level in own for tile in tiled(level)]
    tiles = np.array(tiles, np.uint8).reshape(-1, TILE_PX, TILE_PX, 3)
    counts = [
        -(-r // CELLS) * -(-c // CELLS) for own in levels for r, c in map(cells, own)
    ]
    answers = iter(parted(networks.ask(networks.pnet, tiles), counts))
    for picture, own in zip(pictures, levels):
        windows, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
        for level in own:
            edges, sure = (joined(answer, *cells(level)) for answer in next(answers))
            y, x = np.nonzero(sure > threshold)
            corners = np.stack([x, y], axis=1) * STRIDE_PX
            here = boxes.moved(np.hstack([corners, corners + PNET_PX]), edges[y, x])
            scale = np.array(picture.size) / level.shape[1::-1]
            here = (here * np.tile(scale, 2)).astype(np.float32)
            kept = boxes.unlike(here, sure[y, x], 0.5)
            windows.append(here[kept])
            scores.append(sure[y, x][kept])
        yield np.concatenate(windows), np.concatenate(scores)


def pyramid(picture: Image.Image, smallest_px: float) -> Iterator[np.ndarray]:
    """Smaller and smaller copies [h, w, 3]; in the first, P-Net's window is a face."""
    scale = PNET_PX / smallest_px
    while round(min(picture.size) * scale) >= PNET_PX:
        size = [round(side * scale) for side in picture.size]
        yield np.asarray(picture.resize(size, Image.Resampling.BOX))
        scale *= SHRINK


def cells(level: np.ndarray) -> list[int]:
    """Rows and columns of P-Net's windows in a copy [h, w, 3]."""
    return [(side - PNET_PX) // STRIDE_PX + 1 for side in level.shape[:2]]


def tiled(level: np.ndarray) -> Iterator[np.ndarray]:
    """Tiles [TILE_PX, TILE_PX, 3] that have every window of a copy once, by rows."""
    step = CELLS * STRIDE_PX
    rows, columns = cells(level)
    starts = [range(0, STRIDE_PX * count, step) for count in (rows, columns)]
    missing = [max(0, s[-1] + TILE_PX - n) for s, n in zip(starts, level.shape)]
    padded = np.pad(level, [(0, missing[0]), (0, missing[1]), (0, 0)])
    for top in starts[0]:
        for left in starts[1]:
            yield padded[top : top + TILE_PX, left : left + TILE_PX]


def joined(tiles: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """What was said of tiles [t, CELLS, CELLS, ...], as a map [rows, columns, ...]."""
    across = -(-columns // CELLS)
    whole = tiles.reshape(-1, across, CELLS, CELLS, *tiles.shape[3:]).swapaxes(1, 2)
    whole = whole.reshape(-1, across * CELLS, *tiles.shape[3:])
    return whole[:rows, :columns]


def cut(picture: Image.Image, windows: np.ndarray, size_px: int) -> np.ndarray:
    """What square windows show, uint8 [n, size_px, size_px, 3]; black beyond edges."""
    pixels = np.zeros((len(windows), size_px, size_px, 3), np.uint8)
    for number, window in enumerate(windows):
        corner = np.floor(window[:2]).astype(int)
        around = picture.crop((*corner, *np.ceil(window[2:]).astype(int)))
        box = tuple((window - np.tile(corner, 2)).tolist())
        pixels[number] = np.asarray(
            around.resize((size_px, size_px), Image.Resampling.BOX, box)
        )
    return pixels
