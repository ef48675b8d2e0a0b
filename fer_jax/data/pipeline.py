"""Record files -> batches on the host: shuffle, read, decode.

The position is the step: batch k of a training pipeline is `ds[k]`, whoever asks,
with any number of threads or workers, so a restart needs the step and nothing else.
A batch is read and decoded as a whole: one grain element is one batch, and grain's
cost per element is paid once a step, not once an image.
"""

import functools
import sys

import grain
import numpy as np

from fer_jax import cores
from fer_jax.data import opening, records
from fer_jax.data.prepared import Split
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

try:
    import simplejpeg
except ImportError:  # Pillow decodes to the same bits, at half the speed
    simplejpeg = None

BUFFERED_BATCHES = 8  # in flight per process; grain's default of 500 fills memory
EVERY_ROW = slice(None)


class Order:
    """Which examples each step learns from: order(step) -> [B] int32.

    An epoch is n // B whole batches in an order of its own, drawn from (seed, epoch);
    the n mod B examples that remain sit out, other ones each epoch. With `labels` the
    examples are drawn with replacement instead, every class that occurs equally often
    on average, and all examples of a class.

    Args:
      places: [n] the examples to learn from, places in the tables of a run.
      batch_size: B, at most n.
      seed: draws the orders.
      labels: [n] the classes to balance, or None.

    Raises:
      Unusable: fewer examples than batch_size, or more or fewer labels.
    """

    def __init__(
        self,
        places: np.ndarray,
        batch_size: int,
        seed: int,
        labels: np.ndarray | None = None,
    ) -> None:
        n = len(places)
        if not 0 < batch_size <= n:
            raise Unusable(
                f'batch_size {batch_size} with {n} training examples; '
                f'choose a batch_size from 1 to {n}'
            )
        if labels is not None and len(labels) != n:
            raise Unusable(f'{len(labels)} labels for {n} training examples')
        self._places = np.asarray(places, np.int32)
        self._batch_size, self._seed = batch_size, seed
        self._classes = None if labels is None else _Classes(labels)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches of one pass."""
        return len(self._places) // self._batch_size

    def __call__(self, step: int) -> np.ndarray:
        n = len(self._places)
        epoch, number = divmod(step, self.steps_per_epoch)
        first = number * self._batch_size
        drawn = _drawn(self._seed, epoch, n, self._classes)
        return self._places[drawn[first : first + self._batch_size]]


class Reader:
    """Examples of a split as images, read and decoded whenever they are asked for:
    reader([B] places) -> [B, H, W, 3] uint8. Threads may share it, and workers pickle
    it.

    Args:
      split: a `prepared.Split`.
      positions: [n] rows of the split, of each example; without it, all of them.

    Raises:
      Unusable: a record is another than labels.npz says, or not a readable image.
      Damaged: a damaged record.
    """

    def __init__(self, split: Split, positions: np.ndarray | None = None) -> None:
        self._source, self._ids = split.records(), split.ids
        self._positions = np.arange(len(split.ids)) if positions is None else positions
        self.shape = (split.image_size_px, split.image_size_px, 3)

    def __len__(self) -> int:
        return len(self._positions)

    def __call__(self, places: np.ndarray) -> np.ndarray:
        images = np.empty((len(places), *self.shape), np.uint8)
        for out, position in zip(images, self._positions[places].tolist()):
            name, image = records.decode_example(self._source[position])
            if name != self._ids[position]:
                raise Unusable(
                    f'record {position} is {quoted(name)}, labels.npz says '
                    f'{quoted(str(self._ids[position]))}; prepare the set again'
                )
            decode(image, self.shape[0], name, out)
        return images


class Kept:
    """A Reader whose images stay in memory, n x H x W x 3 bytes once all were asked
    for, so that each is decoded once. Threads may share it; two that ask for an image
    at once write the same bits."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._images = np.empty((len(reader), *reader.shape), np.uint8)
        self._known = np.zeros(len(reader), bool)

    def __len__(self) -> int:
        return len(self._reader)

    def __call__(self, places: np.ndarray) -> np.ndarray:
        new = places[~self._known[places]]
        if len(new):
            self._images[new] = self._reader(new)
            self._known[new] = True  # behind the images, which others may ask for
        return self._images[places]


def training(
    reader: Reader | Kept, order: Order, rows: slice = EVERY_ROW
) -> grain.MapDataset:
    """Batches to train on, without end: ds[k] is the batch of step k.

    Args:
      reader: gives the images of N examples.
      order: an Order of places among them.
      rows: the slice of each batch that is read here; other hosts read the others.

    Returns:
      A grain MapDataset of {'images': [B, H, W, 3] uint8, 'index': [B] int32}, where
      index is the place, 0 to N - 1.
    """
    return grain.MapDataset.range(sys.maxsize).map(_Shuffled(reader, order, rows))


def once(
    reader: Reader | Kept, *, batch_size: int, rows: slice = EVERY_ROW
) -> grain.MapDataset:
    """Batches that show each example exactly once, in order.

    Every batch has B rows. The rows missing from the last one repeat its last example
    and have mask False, so a masked sum counts each example once, and a scatter by
    index writes the same value again.

    Args:
      reader: gives the images of n examples.
      batch_size: B.
      rows: as for `training`.

    Returns:
      A grain MapDataset of ceil(n / B) batches {'images': [B, H, W, 3] uint8,
      'index': [B] int32 place, 'mask': [B] bool}.

    Raises:
      Unusable: no example, or a batch_size below 1.
    """
    n = len(reader)
    if n < 1 or batch_size < 1:
        raise Unusable(
            f'{n} examples in batches of {batch_size}; both must be at least 1'
        )
    padded = _Padded(reader, batch_size, rows)
    return grain.MapDataset.range(-(-n // batch_size)).map(padded)


def batches(
    ds: grain.MapDataset, start: int = 0, workers: int = 0
) -> grain.DatasetIterator:
    """Iterator over ds[start], ds[start + 1], ..., prepared ahead of their use.

    It holds threads or processes until it ends or its close() is called.

    Args:
      ds: a dataset of `training` or `once`.
      start: first position; for training, the step to go on from.
      workers: 0 prepares with threads of this process; more with that many processes,
        which take seconds to start and pay on hosts with many cores.
    """
    threads = min(cores.count(), BUFFERED_BATCHES)
    ds = ds[start:].to_iter_dataset(
        grain.ReadOptions(
            num_threads=1 if workers else threads,
            prefetch_buffer_size=2 if workers else BUFFERED_BATCHES,
        )
    )
    if workers:
        ds = ds.mp_prefetch(
            grain.MultiprocessingOptions(
                num_workers=workers,
                per_worker_buffer_size=max(1, BUFFERED_BATCHES // workers),
            )
        )
    return iter(ds)


def decode(
    data: bytes, size_px: int, name: str = 'image', out: np.ndarray | None = None
) -> np.ndarray:
    """RGB pixels [size_px, size_px, 3] uint8 of an encoded image; grey becomes RGB.

    JPEGs go through simplejpeg where it is installed, all else through Pillow; both
    give the same bits.

    Args:
      data: bytes of a JPEG, PNG or whatever else Pillow reads.
      size_px: height and width that the image must have.
      name: for the message of an error.
      out: where the pixels go, [size_px, size_px, 3] uint8; a new array without it.

    Raises:
      Unusable: not an image, cut short, or of another size.
    """
    if out is None:
        out = np.empty((size_px, size_px, 3), np.uint8)
    try:
        pixels = _pixels(data, out)
    except (OSError, ValueError, SyntaxError) as error:  # Pillow raises any of these
        raise Unusable(
            f'{name}: not a readable image ({error}); prepare the set again without it'
        ) from error
    if pixels.shape != out.shape:
        height, width, _ = pixels.shape
        raise Unusable(
            f'{name}: image of {width}x{height}, wanted {size_px}x{size_px}; '
            'prepare the set again at one size'
        )
    if pixels.base is not out:
        out[:] = pixels
    return out


def _pixels(data, out):
    if simplejpeg is not None and simplejpeg.is_jpeg(data):
        try:
            return simplejpeg.decode_jpeg(data, buffer=out)
        except ValueError:
            pass  # larger than `out`, damaged, or CMYK: Pillow decides and explains
    with opening.opened(data) as image:
        return np.asarray(image.convert('RGB'))


class _Shuffled:
    """Number of a step -> its batch, in the order of its epoch. A class, so that
    workers can pickle it."""

    def __init__(self, reader, order, rows):
        self._reader, self._order, self._rows = reader, order, rows

    def __call__(self, step):
        index = self._order(step)[self._rows]
        return {'images': self._reader(index), 'index': index}


class _Classes:
    """Which places are of which class. The same object is the same key of a cache."""

    def __init__(self, labels):
        self._places = np.argsort(labels, kind='stable')
        _, self._first, self._count = np.unique(
            np.asarray(labels)[self._places], return_index=True, return_counts=True
        )

    def draw(self, generator, n):
        """[n] places with replacement: a class uniformly, then a place of it."""
        chances = generator.random((2, n))
        chosen = (chances[0] * len(self._count)).astype(np.int64)
        offset = (chances[1] * self._count[chosen]).astype(np.int64)
        return self._places[self._first[chosen] + offset]


# two: while batches are prepared ahead, the end of an epoch meets the next one's start
@functools.lru_cache(maxsize=2)
def _drawn(seed, epoch, n, classes):
    """The order of an epoch: [n] int64, a permutation, or balanced draws. As for noise
    lists, Philox and `random` alone, whose streams NumPy keeps from version to version.
    """
    generator = np.random.Generator(np.random.Philox(key=(seed % 2**64, epoch)))
    if classes is None:
        return np.argsort(generator.random(n), kind='stable')
    return classes.draw(generator, n)


class _Padded:
    """Number of a batch -> the batch, filled up and masked."""

    def __init__(self, reader, batch_size, rows):
        self._reader, self._batch_size, self._rows = reader, batch_size, rows

    def __call__(self, number):
        last = len(self._reader) - 1
        index = number * self._batch_size + np.arange(self._batch_size)[self._rows]
        index, mask = np.minimum(index, last).astype(np.int32), index <= last
        return {'images': self._reader(index), 'index': index, 'mask': mask}
