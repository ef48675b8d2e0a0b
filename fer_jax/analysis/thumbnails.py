"""Small pictures of training examples, for a page that has to hold them itself."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from fer_jax.data import pipeline, prepared, records
from fer_jax.training import shared

SIDE_PX = 96
QUALITY = 80  # of WebP; a face of 48 px takes about 700 bytes


class Faces:
    """The training pictures of a prepared set, by id.

    Args:
      data: prepared.Prepared whose damaged records, if any, were put away.
    """

    def __init__(self, data: prepared.Prepared) -> None:
        self._split, self._source = data.train, data.train.records()
        self._place = {name: i for i, name in enumerate(data.train.ids.tolist())}
        # of a set: its runs have many suspects in common
        self.made: dict[str, bytes] = shared.made('pictures', data.digest, dict)

    def pixels(self, name: str) -> np.ndarray:
        """uint8 [s, s, 3] of the example called `name`."""
        _, image = records.decode_example(self._source[self._place[name]])
        return pipeline.decode(image, self._split.image_size_px, name)

    def places(self, names: Iterable[str]) -> np.ndarray:
        """[n] int: rows of the training split."""
        return np.array([self._place[name] for name in names], int)


def small(pixels: np.ndarray) -> bytes:
    """WebP of uint8 [s, s, 3], at most SIDE_PX wide."""
    image = Image.fromarray(pixels)
    if image.width > SIDE_PX:
        image = image.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, 'WEBP', quality=QUALITY)
    return file.getvalue()


def of(faces: Any, name: str) -> bytes:
    """WebP of the example called `name` of Faces or in_memory.Pictures."""
    made = faces.made if isinstance(faces, Faces) else {}
    if name not in made:
        made[name] = small(faces.pixels(name))
    return made[name]


def strung(images: Sequence[bytes]) -> dict[str, Any]:
    """{'bytes': uint8 [...], 'ends': uint32 [n], 'type'} of encoded images."""
    return {
        'bytes': np.frombuffer(b''.join(images), np.uint8),
        'ends': np.cumsum([len(image) for image in images]).astype(np.uint32),
        'type': 'image/webp',
    }


def heated(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """uint8 [s, s, 3]: a face with a map over it, dark where nothing is seen.

    Args:
      pixels: uint8 [s, s, 3].
      heat: [h, w] in [0, 1], drawn as large as the face.
    """
    from matplotlib import colormaps

    side = max(pixels.shape[0], SIDE_PX)
    face = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
    layer = Image.fromarray(np.asarray(heat, np.float32))
    large = np.asarray(layer.resize((side, side), Image.Resampling.BICUBIC))
    colour = colormaps['inferno'](np.clip(large, 0, 1))[..., :3]
    mixed = 0.5 * np.asarray(face) / 255 + 0.5 * colour
    return (255 * mixed).round().astype(np.uint8)
