"""Pictures, labels and features that a program has at hand, checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_jax.data import documents, opening, pictures, sets
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable

WANTED = 'uint8 [N, h, w, 3] RGB, [N, h, w] grey, or a list of paths or pictures'
FEWEST = 10  # labels


class Pictures:
    """N pictures as squares; those of files are read when they are asked for.

    ids: [N] str, the paths where all are files, each once; else the numbers of rows.
    size_px: side of the squares: that of an array of squares, else what was asked for.

    Args:
      images: uint8 array [N, h, w], [N, h, w, 1], [N, h, w, 3] or [N, h, w, 4], or a
        sequence of what pictures.rgb takes.
      size_px: side of what is no array of squares.
      limits: of a file.

    Raises:
      Unusable: an array of another shape or dtype, or a single picture.
    """

    def __init__(
        self, images: Any, size_px: int, limits: opening.Limits = opening.LIMITS
    ) -> None:
        self.size_px, self._limits, self._images = size_px, limits, images
        if isinstance(images, str | bytes) or not hasattr(images, '__len__'):
            raise Unusable(f'images={quoted(images)}; wanted {WANTED}')
        if hasattr(images, 'shape'):
            images = np.asarray(images)
            column = images.ndim == 1 and images.dtype.kind in 'OU'  # of a table
            self._images = images.tolist() if column else self._checked(images)
        self.ids = self._names()
        self._row = {name: row for row, name in enumerate(self.ids.tolist())}

    def _checked(self, images):
        said = f'images are {images.dtype} {list(images.shape)}; wanted {WANTED}'
        if images.dtype != np.uint8 or images.ndim not in (3, 4):
            raise Unusable(said)
        if images.ndim == 4 and images.shape[3] not in (1, 3, 4):
            if images.shape[1] in (1, 3, 4):
                said += '; the channels come first here: transpose(0, 2, 3, 1)'
            raise Unusable(said)
        if images.shape[1] == images.shape[2]:
            self.size_px = images.shape[1]
        return images

    def __len__(self) -> int:
        return len(self._images)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """uint8 [B, s, s, 3] of rows [B].

        Raises:
          Unusable: one of them cannot be read; says which.
        """
        return np.stack([self._square(row) for row in np.asarray(rows).tolist()])

    def pixels(self, name: str) -> np.ndarray:
        """uint8 [s, s, 3] of the picture with an id."""
        return self._square(self._row[name])

    def _square(self, row):
        try:
            return pictures.square(self._images[row], self.size_px, self._limits)
        except Unusable as error:
            raise Unusable(f'picture {row}: {error}') from None

    def _names(self):
        rows = np.arange(len(self)).astype(str)
        if hasattr(self._images, 'shape'):
            return rows
        names = [printable(one) for one in self._images if is_path(one)]
        whole = len(set(names)) == len(rows) and len(rows)
        return np.array(names) if whole else rows


def is_path(value: Any) -> bool:
    """Whether a picture is named by its path."""
    return isinstance(value, str) or hasattr(value, '__fspath__')


def labels(
    given: Any, class_names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """As `numbered`, of labels that something is to be learned from.

    Raises:
      Unusable: besides, fewer than FEWEST labels, or all of one class.
    """
    found, names = numbered(given, class_names)
    check_labels(found, names)
    return found, names


def numbered(
    given: Any, class_names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(labels [N] int32 in [0, C), names of the C classes).

    Args:
      given: [N] whole numbers in [0, C), or names of classes.
      class_names: of the C classes, in the order of their numbers. None: the names
        that occur, sorted; of numbers 'class 0', 'class 1' ... up to the largest.

    Raises:
      Unusable: not one label a row, or one that is no class.
    """
    found = np.asarray(given)
    if found.dtype.kind == 'U':  # NumPy makes names of numbers among names
        found = np.asarray(given, object)
    if found.dtype == object and all(isinstance(one, str) for one in found.flat):
        found = found.astype(str)
    if found.ndim != 1 or found.dtype.kind not in 'iuUb':
        raise Unusable(
            f'labels are {found.dtype} {list(found.shape)}; wanted [N] whole numbers,'
            ' or [N] names of classes, one a picture'
        )
    names = None if class_names is None else _class_names(class_names)
    if found.dtype.kind == 'U':
        names = names or _class_names(np.unique(found).tolist())
        number = {name: place for place, name in enumerate(names)}
        found = np.array([number.get(name, -1) for name in found.tolist()], np.int64)
    else:
        found = found.astype(np.int64)
        if names is None and found.max(initial=-1) < max(len(found), 2):
            names = tuple(f'class {k}' for k in range(int(found.max(initial=0)) + 1))
    count = 0 if names is None else len(names)
    outside = np.flatnonzero((found < 0) | (found >= count))
    if len(outside):
        row = int(outside[0])
        wanted = ', '.join(map(quoted, (names or ())[:20])) or 'give class_names'
        raise Unusable(
            f'label {row} is {quoted(np.asarray(given)[row])}, which is none of the'
            f' {count} classes: {wanted}; {len(outside):,} of {len(found):,} are none'
        )
    return found.astype(np.int32), names or ()


def check_labels(given: np.ndarray, class_names: Sequence[str]) -> None:
    """Raises Unusable for labels [N] that nothing can be told of."""
    if len(given) < FEWEST:
        raise Unusable(
            f'{len(given)} labels are too few to learn from; give {FEWEST} or more'
        )
    if (given == given[0]).all():
        raise Unusable(
            f'all {len(given):,} labels are {quoted(class_names[given[0]])}; wrong ones'
            ' are found by what is like other classes: give labels of two or more'
        )


def features(values: Any) -> np.ndarray:
    """[N, D] numbers of any network, as they are.

    Raises:
      Unusable: another shape or dtype, or numbers that are not finite.
    """
    found = np.asarray(values)
    if found.ndim != 2 or found.dtype.kind not in 'fiu' or not found.shape[1]:
        raise Unusable(
            f'features are {found.dtype} {list(found.shape)}; wanted numbers [N, D]'
        )
    for first in range(0, len(found), 4096):
        with np.errstate(over='ignore'):
            rows = found[first : first + 4096].astype(np.float32)
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            row = first + int(finite.argmin())
            raise Unusable(
                f'features of row {row} are not finite (NaN, infinite, or beyond'
                ' float32); leave such examples out'
            )
    return found


def _class_names(names):
    if isinstance(names, str):
        names = [names]  # which is too few
    found = [str(name) if isinstance(name, str) else name for name in names]
    documents.check(found, sets.CLASS_NAMES, 'class_names', 'give one name a class')
    if len(found) < 2:
        raise Unusable(
            f'{len(found)} class, {quoted(found[0])}; give labels and class_names of'
            ' two or more'
        )
    return tuple(found)
