"""What a frozen backbone says of faces: means of the maps of its stages.

Of each stage the mean over its maps, called after it, and, where the maps are 3x3 or
larger, of all stages but the first, means over 3x3 parts (`stage2_grid`). A network
without stages has the last maps alone. A face is seen twice, plain and mirrored.
"""

import collections
import concurrent.futures
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import rich.console
import rich.progress

from fer_jax import compiling, cores, home, nets
from fer_jax.data import (
    augment,
    dlib_model,
    features,
    pipeline,
    prepared,
    weights,
    whole,
)
from fer_jax.errors import Unusable
from fer_jax.nets import face_weights

BATCH = 64
VIEWS = 2
FACE_NETWORK = 'dlib_affine'
FACE_PX = 131  # of dlib's network: its maps are whole there, 31, 15, 7, 3 and 1
STAGE = re.compile(r'stage\d+')


class Frozen(NamedTuple):
    """A backbone with its weights, and what its images are."""

    name: str
    backbone: Any  # a Flax module
    variables: dict
    size_px: int
    mean: tuple
    std: tuple
    sha256: str  # of the weights
    licence: str
    own: dict | None = None  # where weights of the user's own are: data.features.OWN

    def shapes(self, stored_px: int) -> dict[str, int]:
        """{name: [b] sizes} of what is said of one face of `stored_px`."""
        image, names = jax.ShapeDtypeStruct((1, stored_px, stored_px, 3), jnp.uint8), []

        def run(image):
            found = said(self, image)
            names[:] = found  # JAX would sort them
            return tuple(found.values())

        sizes = [leaf.shape[-1] for leaf in jax.eval_shape(run, image)]
        return dict(zip(names, sizes))

    def columns(self, stored_px: int) -> dict[str, list[int]]:
        """{name: [first, behind]} of what is said of a face, one behind the other."""
        sizes = self.shapes(stored_px)
        behind = np.cumsum([*sizes.values()]).tolist()
        return {
            name: [end - size, end] for (name, size), end in zip(sizes.items(), behind)
        }


def face_network() -> Frozen:
    """dlib's face network, of an installed package. Raises as data.dlib_model.read."""
    arrays, _ = dlib_model.read()
    arrays = face_weights.without_neck(arrays, stages=5)
    return Frozen(
        name=FACE_NETWORK,
        backbone=nets.make(FACE_NETWORK),
        variables={'params': face_weights.tree(arrays)},
        size_px=FACE_PX,
        mean=dlib_model.MEAN,
        std=dlib_model.STD,
        sha256=dlib_model.SHA256,
        licence=dlib_model.LICENCE,
    )


def own_network(folder: pathlib.Path | str, size_px: int) -> Frozen:
    """The weights that `data_prep weights` wrote into a folder, for size_px images.

    Raises: as data.weights.read.
    """
    card, arrays = weights.read_card(folder), weights.read(folder)
    running = {name for name in arrays if name.endswith(('/mean', '/var'))}
    variables = {
        'params': face_weights.tree(
            {n: a for n, a in arrays.items() if n not in running}
        ),
        'batch_stats': face_weights.tree(
            {n: a for n, a in arrays.items() if n in running}
        ),
    }
    return Frozen(
        name=f'{card["backbone"]}, width {card["width"]}',
        backbone=nets.make(card['backbone'], width=card['width']),
        variables=variables,
        size_px=size_px,
        mean=tuple(card['mean']),
        std=tuple(card['std']),
        sha256=card['sha256'],
        licence=f'weights of {card["source"]}: see where you have them from',
        own={
            'folder': str(pathlib.Path(folder).resolve()),
            'backbone': card['backbone'],
            'width': card['width'],
        },
    )


def of_card(card: dict[str, Any]) -> Frozen:
    """The network that made features, by their card.

    Raises:
      Missing: it is gone.
      Unusable: there is another one in its place.
    """
    own = card.get('own')
    network = own_network(own['folder'], card['size_px']) if own else face_network()
    if network.sha256 != card['weights_sha256']:
        raise Unusable(
            f'the features are of weights {card["weights_sha256"][:12]}, and'
            f' {own["folder"] if own else network.name} has {network.sha256[:12]};'
            ' put those weights back in their place'
        )
    return network


def untold(card: dict[str, Any], mean: tuple, std: tuple) -> Frozen:
    """The network of a card, whose variables are zeros: shapes, to be filled."""
    own = card.get('own') or {'backbone': FACE_NETWORK, 'width': 64}
    backbone = nets.make(own['backbone'], width=own['width'])
    image = jax.ShapeDtypeStruct((1, card['size_px'], card['size_px'], 3), jnp.float32)
    variables = jax.eval_shape(
        lambda key, image: backbone.init(key, image, False), jax.random.key(0), image
    )
    return Frozen(
        name=card['network'],
        backbone=backbone,
        variables=variables,
        size_px=card['size_px'],
        mean=mean,
        std=std,
        sha256=card['weights_sha256'],
        licence=card['licence'],
        own=card.get('own'),
    )


def said(network: Frozen, images: jax.Array) -> dict[str, jax.Array]:
    """{name: [B, D] float32} of images uint8 [B, h, w, 3]. For use inside jit."""
    images = augment.resized(images, network.size_px)
    images = (images / 255 - jnp.array(network.mean)) / jnp.array(network.std)
    output, state = network.backbone.apply(
        network.variables,
        images,
        False,
        mutable=['intermediates'],
        capture_intermediates=lambda module, _: bool(
            STAGE.fullmatch(module.name or '')
        ),
    )
    stages = state.get('intermediates', {})
    maps = {name: stages[name]['__call__'][0] for name in sorted(stages)}
    maps = maps or {'maps': output.maps}
    found = {name: jnp.mean(x, axis=(1, 2)) for name, x in maps.items()}
    for name, x in list(maps.items())[1:]:
        if min(x.shape[1:3]) >= 3:
            found[f'{name}_grid'] = in_parts(x)
    return {name: x.astype(jnp.float32) for name, x in found.items()}


def in_parts(maps: jax.Array, count: int = 3) -> jax.Array:
    """[B, h, w, c] -> [B, count^2 c], means over parts that may overlap by a row."""

    def cuts(length):
        return [
            (i * length // count, -(-(i + 1) * length // count)) for i in range(count)
        ]

    # for a batch of any size, sliced by one axis after the other
    rows = [jax.lax.slice_in_dim(maps, a, b, axis=1) for a, b in cuts(maps.shape[1])]
    parts = [
        jnp.mean(jax.lax.slice_in_dim(row, c, d, axis=2), axis=(1, 2))
        for row in rows
        for c, d in cuts(maps.shape[2])
    ]
    return jnp.concatenate(parts, -1)


def extract(
    network: Frozen,
    data: prepared.Prepared,
    folder: pathlib.Path | str,
    *,
    rows: dict[str, np.ndarray],
    replace: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> features.Store:
    """Writes the features of a prepared set into `folder`; returns the Store.

    Batches go through the network on as many threads as there are cores.

    Args:
      network: a Frozen.
      data: prepared.Prepared.
      rows: {split: [n] int32, rising}.
      replace: features that are there already.
      progress: called with a number of faces that are done.

    Raises: as features.write, and what reading records raises.
    """
    columns = network.columns(data.image_size_px)
    about = {
        'dataset_digest': data.digest,
        'weights_sha256': network.sha256,
        'network': network.name,
        'licence': network.licence,
        'size_px': network.size_px,
        'views': VIEWS,
        'columns': columns,
    } | ({'own': network.own} if network.own else {})
    return features.write(
        folder,
        lambda split, chunks: views(
            network, pipeline.Reader(getattr(data, split)), chunks
        ),
        about=about,
        rows=rows,
        shape=(VIEWS, max(end for _, end in columns.values())),
        replace=replace,
        progress=progress,
    )


def views(
    network: Frozen,
    images: Callable[[np.ndarray], np.ndarray],
    chunks: Iterable[np.ndarray],
) -> Iterator[np.ndarray]:
    """Yields values [b, VIEWS, D] float16 of each chunk of rows: plain, and mirrored.

    Args:
      images: rows [BATCH] -> uint8 [BATCH, s, s, 3]; called from several threads.
      chunks: [b] int each.
    """

    def pair_said(images):
        pair = images, images[:, :, ::-1]
        seen = [jnp.concatenate([*said(network, view).values()], -1) for view in pair]
        return jnp.stack(seen, 1).astype(jnp.float16)

    both = compiling.jit(pair_said, 'look')

    def one(chunk):
        found = []
        for first in range(0, len(chunk), BATCH):
            part = chunk[first : first + BATCH]
            found.append(np.asarray(both(images(np.resize(part, BATCH))))[: len(part)])
        return np.concatenate(found)

    return ahead(one, chunks)


def ahead(function: Callable[[Any], Any], things: Iterable[Any]) -> Iterator[Any]:
    """Yields function(thing) in order, computed on a thread for each core."""
    count = cores.count()
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        waiting = collections.deque()
        try:
            for thing in things:
                waiting.append(pool.submit(function, thing))
                if len(waiting) > count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def found(
    data: prepared.Prepared,
    folder: pathlib.Path | str,
    rows: dict[str, np.ndarray],
    *,
    shown: bool = True,
) -> features.Store:
    """The Store of a set's features in a folder: read, or made by the face network.

    Where it lacks some rows, the folder is made anew with them, by its own network.

    Args:
      rows: {split: [n] int32, rising} of the faces that are wanted.
      shown: whether making says the network's licence and how far it is.

    Raises:
      Unusable: features of another set, or a folder of something else; and as
        `face_network`, `of_card` and `extract`.
    """
    if not whole.taken(folder):
        return _made(face_network(), data, folder, rows, shown)
    if not (pathlib.Path(folder) / features.CARD).exists():
        raise Unusable(
            f'{folder} has no {features.CARD}; wanted a folder of {home.prepare()}'
            ' features, or one that is not there yet'
        )
    store = features.load(folder)
    if store.card['dataset_digest'] != data.digest:
        raise Unusable(
            f'{folder} has features of another set than {data.folder}; name another'
            ' folder, or remove it'
        )
    there = {split: getattr(store, split).rows for split in rows}
    wanted = {split: np.union1d(there[split], rows[split]) for split in rows}
    if all(len(wanted[split]) == len(there[split]) for split in rows):
        return store
    return _made(of_card(store.card), data, folder, wanted, shown)


def _made(network, data, folder, rows, shown):
    console = rich.console.Console(
        highlight=False, markup=False, soft_wrap=True, quiet=not shown
    )
    console.print(network.licence)
    with rich.progress.Progress(console=console) as bar:
        task = bar.add_task('faces', total=sum(map(len, rows.values())))
        return extract(
            network,
            data,
            folder,
            rows=rows,
            replace=True,
            progress=lambda done: bar.advance(task, done),
        )
