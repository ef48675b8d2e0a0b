"""What stands in front of heads: a frozen network, and axes of what it says.

The network's features lie in a folder of `data_prep features`, which is made where it
is not there yet. The axes are of the training faces of the run, and a file of its
folder: whoever uses the run goes the same way with pictures (deploy.model).
"""

import hashlib
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fer_jax.data import coordinates, features, prepared, source
from fer_jax.errors import Unusable
from fer_jax.training import examples, files, frozen, hosts, shared


class Front(NamedTuple):
    """Stored features and what is made of them."""

    store: features.Store
    coordinates: coordinates.Coordinates

    @property
    def key(self) -> tuple[bytes, bytes]:
        """What says which features and axes these are."""
        return _of_card(self.store.card), digest(self.coordinates)

    @property
    def about(self) -> dict[str, Any]:
        """What says, without the features, which network and axes these are."""
        card = self.store.card
        known = features.NETWORK | features.OWN
        told = {name: card[name] for name in known if name in card}
        axes = {
            'shape': [*self.coordinates.shape],
            'axes_sha256': digest(self.coordinates).hex(),
        }
        return told | axes

    def source(self, recipe: str) -> source.Activations:
        """What an example is."""
        return source.Activations(
            recipe, self.coordinates.shape, self.store.card['views']
        )

    def read(
        self, split: str, rows: np.ndarray, advance: Callable[[int], object]
    ) -> np.ndarray:
        """[n, M, h, w, k] float16 of rows of a split, rising; as features.blocks."""
        stored, images = getattr(self.store, split), self.store.card['views']
        values = np.empty((len(rows), images, *self.coordinates.shape), np.float16)
        behind = 0
        for block in stored.blocks(rows):
            values[behind : behind + len(block)] = self.coordinates.of(block)
            behind += len(block)
            advance(len(block))
        return values


def digest(axes: coordinates.Coordinates) -> bytes:
    """sha256 of the four arrays."""
    known = hashlib.sha256()
    for array in axes:
        known.update(repr((array.shape, array.dtype.str)).encode())
        known.update(np.ascontiguousarray(array).data)
    return known.digest()


def prepare(
    config: Any, data: prepared.Prepared, rows: np.ndarray, workdir: pathlib.Path
) -> Front | None:
    """The Front of a run; None of one that learns from images.

    Args:
      rows: of the training faces.

    Raises:
      Unusable: a recipe of images, features of another set, of other faces, or of
        images of another size than config.data.image_size_px.
    """
    if config.data.source == 'images':
        return None
    source.check_activations(config.data.augmentation)
    store = hosts.together(
        lambda: found(config, data), lambda store: _of_card(store.card)
    )
    if store.card['size_px'] != config.data.image_size_px:
        folder, _ = place(config, data)
        raise Unusable(
            f'{folder} has features of images of {store.card["size_px"]} px, and'
            f' data.image_size_px is {config.data.image_size_px}; give'
            f' --config.data.image_size_px={store.card["size_px"]}, or other features'
        )
    return Front(
        store, hosts.together(lambda: axes(config, store, rows, workdir), digest)
    )


def _of_card(card):
    return hashlib.sha256(repr(sorted(card.items())).encode()).digest()


def found(
    config: Any, data: prepared.Prepared, *, shown: bool = True
) -> features.Store:
    """The features that heads learn from, made where they are not there.

    Args:
      shown: as of frozen.found.

    Raises:
      Unusable: as frozen.found.
    """
    return frozen.found(data, *place(config, data), shown=shown)


def place(
    config: Any, data: prepared.Prepared
) -> tuple[pathlib.Path, dict[str, np.ndarray]]:
    """(folder of the features, rows of each split that are made if it is not there).

    Without data.features beside data.dir: those of all faces, or else of the drawn
    ones.
    """
    settings = config.data
    rows = {
        'train': examples.drawn(data.train, settings.max_train, settings.subset_seed),
        'test': data.test.readable(),
    }
    if settings.features:
        return pathlib.Path(settings.features), rows
    every = features.beside(settings.dir)
    if len(rows['train']) == len(data.train.readable()) or every.exists():
        return every, rows
    drawn = f'{every.name}-{settings.max_train}-{settings.subset_seed}'
    return every.with_name(drawn), rows


def axes(
    config: Any, store: features.Store, rows: np.ndarray, workdir: pathlib.Path
) -> coordinates.Coordinates:
    """Those of the run, or made of its training faces."""
    if files.has_axes(workdir):
        return files.read_axes(workdir)
    parts, count = config.data.parts, config.data.axes
    columns = coordinates.columns_of(store.card['columns'], parts)
    return shared.made(
        'axes',
        (_of_card(store.card), rows.tobytes(), parts, count),
        lambda: coordinates.fit(
            lambda: coordinates.means(store.train, rows), columns, count
        ),
    )
