"""The recogniser that a user holds: pictures in, probabilities out."""

import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np
from PIL import Image

from fer_jax import home
from fer_jax.data import opening, pictures
from fer_jax.deploy import card
from fer_jax.errors import Unusable

LARGEST_BATCH = 32


class Recognizer:
    """recognizer(pictures) -> probabilities [B, C], from a run or from an export.

    The preprocessing of the run comes along: pictures may have any size, colour mode
    and orientation.

        recognizer = Recognizer.load('runs/first')  # or load(): the one that ships
        recognizer(['face.jpg', Image.open('other.png'), pixels])

    class_names: of the columns, in order.
    image_size_px: side of the squares that pictures are turned into.
    card: what is known of the model; the content of an export's model.json.
    limits: opening.Limits of the files of pictures; may be changed.
    """

    def __init__(self, known: dict[str, Any], probs: Callable) -> None:
        """`known`: the card; `probs`: [B, s, s, 3] uint8 -> [B, C] float32."""
        self.card = known
        self.class_names = known['class_names']
        self.image_size_px = known['image_size_px']  # s
        self.limits = opening.LIMITS
        self._probs = probs

    @classmethod
    def load(
        cls,
        path: pathlib.Path | str = home.RECOGNISER,
        *,
        format: str | None = None,
        which: str | None = None,
        network: str | None = None,
    ) -> Self:
        """The recogniser of a run's folder or of an export.

        Args:
          path: the folder; without it the recogniser that ships, of whole faces as
            FER2013 has them (its card is README.md in home.RECOGNISER).
          format: of an export: orbax, safetensors, stablehlo or onnx; by default the
            first of these that is there. onnx does without JAX.
          which: of a run: 'last' (the default), 'best' (on its test set) or a
            checkpoint's number.
          network: of a run: '1', '2' ..., or 'mean' or 'sum' of all; by default what
            the method answers by: '1', of DivideMix 'sum'.

        Raises:
          Unusable: the folder is neither, or holds weights of
            another method or other classes; in one line.
        """
        path = pathlib.Path(path)
        if (path / card.CARD).is_file():
            if which or network:
                raise Unusable(
                    f'{path} is an export, which has one checkpoint and one network;'
                    ' leave which and network out, or give the folder of a run'
                )
            from fer_jax.deploy import formats

            return cls(*formats.load(path, format))
        if format:
            raise Unusable(f'{path} is no export; leave format out, or export it')
        from fer_jax.deploy import model  # jax is heavy, and onnx does without

        loaded = model.from_run(path, which=which or 'last', network=network)
        return cls(loaded.card, model.compiled(loaded))

    def __call__(self, images: Any) -> np.ndarray:
        """Probabilities [B, C] float32 of B pictures; rows sum to 1.

        Args:
          images: a list of paths, Pillow images and uint8 arrays as in
            `pictures.square`, or one uint8 array [B, h, w, 3].

        Raises:
          Unusable: one of them cannot be read; says which.
        """
        one_array = isinstance(images, np.ndarray) and images.ndim != 4
        if one_array or isinstance(images, str | os.PathLike | Image.Image):
            raise Unusable('a single picture; give a list of pictures, as [picture]')
        found = [np.zeros((0, len(self.class_names)), np.float32)]
        for some in batched(images, LARGEST_BATCH):
            found.append(self.squares(np.stack([self.square(one) for one in some])))
        return np.concatenate(found)

    def square(self, picture: Any) -> np.ndarray:
        """What the network is shown of a picture: [s, s, 3] uint8."""
        return pictures.square(picture, self.image_size_px, self.limits)

    def faces(self, photograph: Any) -> np.ndarray:
        """Every face of a photograph for `squares`, aligned: [n, s, s, 3] uint8.

        From left to right, by `fer_jax.faces`; none where no face is found. Eyes, nose
        and mouth come to lie where the card says that the training faces have them, or
        else where ArcFace's template has them.

        Raises:
          Unusable: it cannot be read.
          Missing: mtcnn 1.0.0 is not installed.
        """
        from fer_jax import faces  # with JAX, and only who asks for faces needs it

        image = np.asarray(pictures.rgb(photograph, self.limits))
        settings = self.card['preprocessing']
        if 'landmarks' not in settings:
            return faces.crops(image, self.image_size_px)
        return faces.crops(image, self.image_size_px, np.array(settings['landmarks']))

    def squares(self, images: np.ndarray) -> np.ndarray:
        """Probabilities [B, C] float32 of images [B, s, s, 3] uint8 RGB.

        Raises:
          Unusable: another shape or dtype.
        """
        images = np.asarray(images)
        size = self.image_size_px
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3):
            raise Unusable(
                f'images are {images.dtype} {images.shape}; wanted uint8'
                f' [B, {size}, {size}, 3], RGB'
            )
        count = len(images)
        # compiled for few sizes of a batch: powers of two
        filled = 1 << max(count - 1, 0).bit_length()
        padding = [(0, filled - count), (0, 0), (0, 0), (0, 0)]
        return np.asarray(self._probs(np.pad(images, padding)))[:count]


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`items` in lists of `size`; the last one may be shorter."""
    items = iter(items)
    return iter(lambda: list(itertools.islice(items, size)), [])
