"""The faces of a review, encoded for a browser, one by one as they are asked for."""

import collections
import functools
import io
import threading

from PIL import Image

from fer_jax.analysis import thumbnails
from fer_jax.review.subject import Subject

KEPT = 2000  # encoded pictures in memory: some 10 MB of 48 px, 40 MB of 224 px
SHARP_PX = 64  # up to which a picture is sent as it is, for a browser enlarges it


class Pictures:
    """The pictures of a Subject by row."""

    def __init__(self, subject: Subject) -> None:
        self._data = subject.data
        self._names = subject.ids.tolist()
        self._kept: collections.OrderedDict[int, bytes] = collections.OrderedDict()
        self._lock = threading.Lock()  # records are read at one place of their file
        small = subject.data.image_size_px <= SHARP_PX
        self._format = 'PNG' if small else 'JPEG'
        self.type = f'image/{self._format.lower()}'

    @functools.cached_property
    def _faces(self) -> thumbnails.Faces:
        """Opening looks through the index of all records."""
        return thumbnails.Faces(self._data)

    def of(self, row: int) -> bytes:
        """The encoded picture of row `row`, in [0, N)."""
        with self._lock:
            if row in self._kept:
                self._kept.move_to_end(row)
                return self._kept[row]
            pixels = self._faces.pixels(self._names[row])
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, self._format, quality=90, compress_level=1)
        with self._lock:
            self._kept[row] = file.getvalue()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return file.getvalue()
