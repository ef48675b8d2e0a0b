"""What each epoch of a run left of its examples: scores, labels, fits; the evidence.

    history/EPOCH.npz   while the run goes on: a file an epoch, from 1
    history.npz         of a finished run: the same arrays of all epochs, [E, ...]
    evidence.npy        of a finished run: mean class probabilities

An epoch's file is written once, so the end of an epoch costs the same whichever it is.
Runs of format 1 had history.npz alone and wrote it anew after each epoch: the reader
takes an epoch from its own file, else from the joined one, so all of these can be read,
and a finished run goes on for more epochs.
"""

import contextlib
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np

from fer_jax.data import arrays, whole
from fer_jax.errors import Unusable
from fer_jax.numerics import flips

JOINED, FOLDER, EVIDENCE = 'history.npz', 'history', 'evidence.npy'
KINDS = {'scores': ('f', 2), 'labels': ('iu', 1)}  # dtype.kind and axes, of an epoch
ANY = arrays.Array('biuf')
_AGAIN = 'put the file that belongs to the checkpoints in its place'


class History:
    """The first epochs of a run's history: one at a time, or an array of all of them.

    An epoch has `scores` [P, N] float32, `labels` [N] int32 (the relabel table) and
    what else its method left; arrays of a fit are called 'fit/NAME'.

    Args:
      workdir: folder of the run, finished or not.
      epochs: E, how many there have to be; later ones are passed over.

    Raises:
      Damaged: a file is missing, damaged or of another run.
    """

    def __init__(self, workdir: pathlib.Path | str, epochs: int) -> None:
        self._workdir, self._epochs = pathlib.Path(workdir), epochs
        self._own = {n for n in self._written() if n <= epochs}
        others = {*range(1, epochs + 1)} - self._own
        self._joined = self._mapped(max(others)) if others else {}
        self._common: Any = None  # {(name, shape, dtype)} that every epoch has
        for number in range(1, epochs + 1):
            self._count(self.epoch(number))

    def __len__(self) -> int:
        return self._epochs

    def epoch(self, number: int) -> dict[str, np.ndarray]:
        """{name: array} of an epoch, from 1."""
        if number in self._own:
            return self._read(number, KINDS, ANY)
        return {name: values[number - 1] for name, values in self._joined.items()}

    def names(self) -> list[str]:
        """Of the arrays that every epoch has: scores, labels and, by name, others."""
        return [*KINDS, *sorted({name for name, *_ in self._common} - {*KINDS})]

    def each(self, name: str) -> Iterator[np.ndarray]:
        """The array `name` of each epoch, one after the other."""
        for number in range(1, self._epochs + 1):
            if number in self._own:
                yield self._read(number, [name], None)[name]
            else:
                yield self._joined[name][number - 1]

    def all(self, name: str) -> np.ndarray:
        """[E, ...] the array `name` of all epochs; of a finished run on the disk."""
        if not self._own:
            return self._joined[name][: self._epochs]
        return np.stack([*self.each(name)])

    def _count(self, epoch):
        """Takes note of what an epoch has."""
        own = {(name, values.shape, values.dtype) for name, values in epoch.items()}
        self._common = own if self._common is None else self._common & own
        fitting = epoch['scores'].shape[1:] == epoch['labels'].shape
        if not (fitting and {*KINDS} <= {name for name, *_ in self._common}):
            raise whole.Damaged(
                f'{self._workdir / FOLDER}: its epochs are of different runs; {_AGAIN}'
            )

    def _path(self, number):
        return self._workdir / FOLDER / f'{number}.npz'

    def _written(self):
        """Epochs with a file of their own."""
        names = [path.stem for path in (self._workdir / FOLDER).glob('*.npz')]
        return {int(name) for name in names if name.isdigit()}

    def _read(self, number, names, others):
        wanted = {name: arrays.Array(*KINDS.get(name, ANY)) for name in names}
        with _belonging():
            return arrays.read_npz(self._path(number), wanted, others=others)

    def _mapped(self, least):
        """{name: [E, ...]} of history.npz, which has to have `least` epochs."""
        path = self._workdir / JOINED
        wanted = {
            n: arrays.Array(kinds, axes + 1) for n, (kinds, axes) in KINDS.items()
        }
        with _belonging():
            stacks = arrays.map_npz(path, wanted, others=ANY)
            done = min((*values.shape, 0)[0] for values in stacks.values())
            if done < least:
                raise Unusable(f'{path} has {done} of the {self._epochs} epochs done')
        return stacks


class Writer(History):
    """The history of a run under way, which each epoch appends to.

    `newest` are the arrays of the last epoch, `flips` the numerics.flips.Flips until
    then.

    Args:
      workdir, epochs: of History; what lies there of later epochs is removed.
      given: [N] int in [0, C), the labels at first.
      num_classes: C.
      writing: whether this process writes; of several hosts the first one does.
    """

    def __init__(
        self,
        workdir: pathlib.Path | str,
        epochs: int,
        given: np.ndarray,
        num_classes: int,
        *,
        writing: bool = True,
    ) -> None:
        super().__init__(workdir, epochs)
        self._writing = writing
        if writing:
            for number in self._written() - self._own:
                self._path(number).unlink()
        self.newest: dict[str, Any] = self.epoch(epochs) if epochs else {}
        self.flips = flips.until_now(given, self.each('labels'), num_classes)

    def append(
        self,
        scores: np.ndarray,
        labels: np.ndarray,
        fit: dict[str, np.ndarray] | None = None,
    ) -> None:
        """Writes the next epoch.

        Args:
          scores: [P, N] float32.
          labels: [N] int32.
          fit: {name: array} of what the method fitted; None: nothing.
        """
        self.newest = {'scores': scores, 'labels': labels}
        self.newest |= {f'fit/{name}': values for name, values in (fit or {}).items()}
        self.flips = flips.after(self.flips, labels)
        self._count(self.newest)
        self._epochs += 1
        if self._writing:
            path = self._path(self._epochs)
            path.parent.mkdir(exist_ok=True)
            with whole.replacing(path) as file:
                np.savez(file, **self.newest)
            self._own.add(self._epochs)

    def join(self) -> None:
        """Streams all epochs into history.npz, which takes the place of their files."""
        if not (self._writing and self._own):
            return
        stacks = {name: (self._epochs, self.each(name)) for name in self.names()}
        with whole.replacing(self._workdir / JOINED) as file:
            arrays.stream_npz(file, stacks)
        shutil.rmtree(self._workdir / FOLDER)
        self._own, self._joined = set(), self._mapped(self._epochs)


def write_evidence(workdir: pathlib.Path | str, evidence: np.ndarray) -> None:
    """evidence.npy [N, C] float32: mean over epochs and networks of the probabilities
    of the classes, examples in the order of labels.csv."""
    with whole.replacing(pathlib.Path(workdir) / EVIDENCE) as file:
        np.save(file, np.asarray(evidence, np.float32))


def read_evidence(workdir: pathlib.Path | str) -> np.ndarray | None:
    """[N, C] float32 of `write_evidence`; None: a run of format 1, which has none.

    Raises:
      Damaged: it is no such array.
    """
    path = pathlib.Path(workdir) / EVIDENCE
    if not path.exists():
        return None
    with _belonging():
        return arrays.read_npy(path, arrays.Array('f', 2))


@contextlib.contextmanager
def _belonging():
    """What cannot be used in the block is Damaged, with what to do."""
    try:
        yield
    except Unusable as error:
        raise whole.Damaged(f'{error}; {_AGAIN}') from None
