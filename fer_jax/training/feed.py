"""Where the examples of a run come from: records on the host, or the device itself.

Both give pools and the places to take from them, as training.programs wants them. The
orders are the host's and the same for both, so a run is the same to the bit. Records
are decoded as they are needed, or once, where the host's memory has room for images.
"""

import contextlib
import math
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from fer_jax.data import pipeline
from fer_jax.data.prepared import SPLITS
from fer_jax.training import mesh, shared

SHARE = 0.25  # of a device's memory, or of the host's, the most that images may take
LIMITS = (  # of a container's memory, by control groups of versions 2 and 1
    '/sys/fs/cgroup/memory.max',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
)


def is_resident(
    choice: str, count: int, stored: jax.ShapeDtypeStruct, devices: Mesh
) -> bool:
    """Whether a set lies on the devices: config.data.resident, 'yes', 'no' or 'auto'.

    'auto' where its examples take at most SHARE of the memory of a device.

    Args:
      count: of the examples that a run looks at, in both splits.
      stored: shape and dtype of one, as it is kept.
      devices: the run's mesh.
    """
    if choice != 'auto':
        return choice == 'yes'
    return count * size(stored) <= SHARE * memory(devices.local_devices)


def is_kept(
    choice: str, count: int, stored: jax.ShapeDtypeStruct, workers: int
) -> bool:
    """Whether the host keeps what it decoded, for a set that is not resident: with
    config.data.resident 'host', and with 'auto' where the examples take at most SHARE
    of its memory and threads decode them: processes would keep a copy each.

    Args:
      count, stored: as for `is_resident`.
      workers: config.data.workers.
    """
    if choice != 'auto':
        return choice == 'host'
    return not workers and count * size(stored) <= SHARE * machine()


def size(stored: jax.ShapeDtypeStruct) -> int:
    """Bytes of one example."""
    return math.prod(stored.shape) * stored.dtype.itemsize


def memory(devices: Sequence[jax.Device]) -> int:
    """Bytes of memory of each of the devices of this host; where they have none of
    their own, their part of the machine's, for each holds a copy."""
    known = devices[0].memory_stats() or {}
    if 'bytes_limit' in known:
        return known['bytes_limit']
    return machine() // len(devices)


def machine() -> int:
    """Bytes of memory that this process may have: the machine's or its container's."""
    known = [os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')]
    for limit in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # not there, or 'max'
            known.append(int(pathlib.Path(limit).read_text()))
    return min(known)


class Records:
    """Examples that the host gives batch by batch, decoded again or kept.

    Args:
      run: setup.Run.
    """

    def __init__(self, run: Any) -> None:
        self._mesh, self._workers = run.mesh, run.config.data.workers
        train, test = readers(run)
        rows = mesh.rows(run.mesh, run.config.batch_size)
        self._ordered = pipeline.training(train, run.order, rows)
        padded = mesh.rounded(run.mesh, run.config.eval_batch_size)
        self._training, self._test = (
            pipeline.once(reader, batch_size=padded, rows=mesh.rows(run.mesh, padded))
            for reader in (train, test)
        )

    def chunks(self, first_step: int) -> Iterator[tuple[jax.Array, jax.Array]]:
        """Endless (pool [1, B, ...], order [1, B]), from that of `first_step` on."""
        placement = mesh.over_steps(self._mesh)
        for batch in self._batches(self._ordered, first_step):
            host = batch['images'][None], batch['index'][None]
            yield mesh.put(host, placement)

    def all_training(self) -> Iterator[tuple[jax.Array, ...]]:
        """(pool, index, mask) of every training example once, in order, and padding."""
        return self._passes(self._training)

    def all_test(self) -> Iterator[tuple[jax.Array, ...]]:
        """(pool, index, mask) of every test example once, in order, and padding."""
        return self._passes(self._test)

    def _passes(self, dataset):
        for batch in self._batches(dataset):
            host = batch['images'], batch['index'], batch['mask']
            yield mesh.put(host, mesh.over_data(self._mesh))

    def _batches(self, dataset, start=0):
        """Batches read ahead on the host."""
        with contextlib.closing(
            pipeline.batches(dataset, start, self._workers)
        ) as batches:
            yield from batches


class Resident:
    """Examples that lie on every device, as they are stored, read once.

    Args:
      run: setup.Run.
      steps: S, of a chunk. Chunks start at multiples of it in their epoch, so that a
        run which was stopped takes the same ones.
      advance: called with the number of examples read, for the progress bar.
    """

    def __init__(
        self, run: Any, steps: int, advance: Callable[[int], object] = lambda done: None
    ) -> None:
        self._mesh, self._steps, self._order = run.mesh, steps, run.order
        self._steps_per_epoch = run.steps_per_epoch
        self._rows = mesh.rows(run.mesh, run.config.batch_size)
        self._padded = mesh.rounded(run.mesh, run.config.eval_batch_size)
        rows = run.examples.positions, run.prepared.test.readable()
        self._training, self._test = (
            whole(run, split, positions, advance)
            for split, positions in zip(SPLITS, rows)
        )

    def chunks(self, first_step: int) -> Iterator[tuple[jax.Array, jax.Array]]:
        """Endless (pool [N, ...], order [S, B]), from that of `first_step` on."""
        step = first_step
        while True:
            done = step % self._steps_per_epoch
            count = min(self._steps - done % self._steps, self._steps_per_epoch - done)
            order = np.stack([self._order(step + s)[self._rows] for s in range(count)])
            yield self._training, mesh.put(order, mesh.over_steps(self._mesh))
            step += count

    def all_training(self) -> Iterator[tuple[jax.Array, ...]]:
        """(pool, index, mask) of every training example once, in order, and padding."""
        return self._passes(self._training)

    def all_test(self) -> Iterator[tuple[jax.Array, ...]]:
        """(pool, index, mask) of every test example once, in order, and padding."""
        return self._passes(self._test)

    def _passes(self, pool):
        rows = np.arange(self._padded)[mesh.rows(self._mesh, self._padded)]
        for first in range(0, len(pool), self._padded):
            index = (first + rows).astype(np.int32)
            host = np.minimum(index, len(pool) - 1), index < len(pool)
            yield pool, *mesh.put(host, mesh.over_data(self._mesh))


def readers(run: Any) -> list[pipeline.Reader] | list[pipeline.Kept]:
    """Of the training and the test examples of a run (setup.Run)."""
    parts = (
        (run.prepared.train, run.examples.positions),
        (run.prepared.test, run.prepared.test.readable()),
    )
    found = [pipeline.Reader(*part) for part in parts]
    data, stored = run.config.data, run.spec.source.stored
    if is_kept(data.resident, sum(map(len, found)), stored, data.workers):
        return list(map(pipeline.Kept, found))
    return found


def whole(
    run: Any, split: str, positions: np.ndarray, advance: Callable[[int], object]
) -> jax.Array:
    """The examples [n, ...] of a split at these positions, on every device of a run;
    runs that have them in common read them once (training.shared)."""
    known = run.prepared.digest, run.front and run.front.key, positions.tobytes()
    told = []

    def place():
        examples = read(
            run, split, positions, lambda count: told.append(advance(count))
        )
        return mesh.put(examples, mesh.everywhere(run.mesh))

    placed = shared.made(f'{split} examples', (*known, run.mesh), place)
    if not told:
        advance(len(positions))
    return placed


def read(
    run: Any,
    split: str,
    positions: np.ndarray,
    advance: Callable[[int], object],
    batch_size: int = 256,
) -> np.ndarray:
    """All stored examples [n, ...] of a split at these positions, on the host."""
    if run.front is not None:
        return run.front.read(split, positions, advance)
    workers, split = run.config.data.workers, getattr(run.prepared, split)
    size = split.image_size_px
    images = np.empty((len(positions), size, size, 3), np.uint8)
    reader = pipeline.Reader(split, positions)
    dataset = pipeline.once(reader, batch_size=batch_size)
    with contextlib.closing(pipeline.batches(dataset, 0, workers)) as batches:
        for batch in batches:
            seen = batch['index'][batch['mask']]
            images[seen] = batch['images'][batch['mask']]
            advance(len(seen))
    return images


def make(
    run: Any, steps: int, advance: Callable[[int], object] = lambda done: None
) -> Records | Resident:
    """The Records or the Resident of a run; the rest as for Resident."""
    if run.spec.resident:
        return Resident(run, steps, advance)
    return Records(run)
