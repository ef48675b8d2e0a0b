"""The shards of one split on their way into a prepared set (writing.py).

Finished ones are sealed, so that a write that was stopped goes on behind them.
"""

import contextlib
import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fer_jax.data import documents, records, whole
from fer_jax.errors import Unusable


class Example(NamedTuple):
    """One image on its way into a prepared set."""

    id: str
    image: bytes | None  # an encoded JPEG or PNG of image_size_px x image_size_px
    label: int  # the given label
    clean_label: int = -1  # the true label, -1 when unknown
    note: tuple = ()  # of texts: what is to be known of it, or why it has no image


class Restartable(NamedTuple):
    """Examples of a split that can be asked for from any place on."""

    keys: Sequence  # [N] str, of each example: what decides its content
    after: Callable  # after(n) -> iterable of the examples n, n + 1, ... N - 1


class Row(NamedTuple):
    """What stays in memory of an example."""

    id: str
    label: int
    clean_label: int
    kept: bool
    note: tuple


TOLD = documents.fields(  # beside a finished shard
    {
        'sha256': documents.SHA256,
        'keys': documents.SHA256,
        'rows': documents.sequence(
            documents.checked(
                documents.sequence(documents.ANY, len(Row._fields), len(Row._fields)),
                'a text, two whole numbers, true or false, and a list of texts',
                lambda row: (
                    [*map(type, row)] == [str, int, int, bool, list]
                    and max(map(abs, row[1:3])) < 1 << 31
                    and all(isinstance(text, str) for text in row[-1])
                ),
            )
        ),
    }
)


class SplitWriter:
    """Examples of one split -> shards, and the tables that go with them.

    Beside a finished shard lies a json file: the sha256 of the shard, the rows that
    went into it and a digest of their keys. It is written last, so it vouches for it.
    """

    def __init__(self, folder: pathlib.Path, split: str, shard_examples: int) -> None:
        self.split = split
        self.rows: list[Row] = []
        self._folder, self._size = folder, shard_examples
        self._ids: set[str] = set()
        self._keys: Sequence | None = None  # of a Restartable
        self._sums: list[str] = []  # of the finished shards
        self._begin, self._kept, self._writer = 0, 0, None  # of the one being written

    def missing(self, examples: Iterable[Example] | Restartable) -> Iterable[Example]:
        """The examples that follow those whose shards are there already."""
        if not isinstance(examples, Restartable):
            return examples
        self._keys = examples.keys
        while self._take():
            pass
        return examples.after(len(self.rows))

    def _take(self):
        """Takes the next shard of an earlier write; False: there is none to take."""
        shard = self._shard()
        try:
            told = documents.read(_beside(shard), TOLD, 'write the set again')
            rows = [Row(*row) for row in told['rows']]
            end = self._begin + len(rows)
            if told['keys'] != digest(self._keys[self._begin : end]):
                return False
            if told['sha256'] != whole.file_sum(shard):
                return False
            records.index_records(shard)
        except (FileNotFoundError, ValueError):  # none, or damaged
            return False
        self.rows += rows
        self._ids |= {row.id for row in rows if row.kept}
        self._sums.append(told['sha256'])
        self._begin = end
        return True

    def add(self, example: Example) -> None:
        """Notes an example and writes its image; one without is noted alone."""
        if example.image is not None:
            self._write(example)
        kept = example.image is not None
        self.rows.append(
            Row(example.id, example.label, example.clean_label, kept, example.note)
        )
        if self._kept == self._size:
            self._close_shard()

    def _write(self, example):
        if example.id in self._ids:
            raise Unusable(
                f'{self.split} has two examples with the id {example.id!r}; '
                'ids must be unique'
            )
        if self._writer is None:
            _beside(self._shard()).unlink(missing_ok=True)  # spoke of another
            self._writer = records.RecordWriter(self._shard())
        self._writer.write(
            records.encode_example(example.id, example.image, example.label)
        )
        self._ids.add(example.id)
        self._kept += 1

    def close(self) -> None:
        """Lets go of a shard that is not finished."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            finally:
                self._shard().unlink()

    def finish(self) -> None:
        """Finishes the last shard; a test split may have been given nothing."""
        if not self._ids and (self.rows or self.split != 'test'):
            raise Unusable(f'the {self.split} split has no example')
        if self._writer is not None:
            self._close_shard()

    def _close_shard(self):
        shard = self._shard()
        self._writer.close()
        self._writer = None
        records.index_records(shard)  # reads back what was written
        self._sums.append(whole.file_sum(shard))
        end = len(self.rows)
        if self._keys is not None:
            told = {
                'sha256': self._sums[-1],
                'keys': digest(self._keys[self._begin : end]),
                'rows': self.rows[self._begin : end],
            }
            whole.write_text(_beside(shard), json.dumps(told))
        self._begin, self._kept = end, 0

    def _shard(self):
        """The shard that is being written, or is to be written next."""
        return self._folder / f'{self.split}-{len(self._sums)}'

    def rename(self) -> dict[str, str]:
        """Names that say how many shards there are -> {name: sha256}."""
        names = []
        for i in range(len(self._sums)):
            shard = self._folder / f'{self.split}-{i}'
            names.append(f'{self.split}-{i:05d}-of-{len(self._sums):05d}.tfrecord')
            _beside(shard).unlink(missing_ok=True)
            for end in ('', '.index.npy'):
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f'{shard}{end}', self._folder / f'{names[-1]}{end}')
        for path in self._folder.glob(f'{self.split}-*'):
            if path.name.removesuffix('.index.npy') not in names:
                path.unlink()  # of an earlier write that had more
        return dict(zip(names, self._sums))

    def tables(self) -> dict[str, np.ndarray]:
        """{name in labels.npz: [n]} of the examples that have an image."""
        kept = [row for row in self.rows if row.kept]
        return {
            f'{self.split}_ids': np.array([row.id for row in kept], str),
            f'{self.split}_labels': np.array([row.label for row in kept], np.int32),
            f'{self.split}_clean_labels': np.array(
                [row.clean_label for row in kept], np.int32
            ),
        }

    def notes(self) -> list[list[str]]:
        """[split, id, 'yes' or 'no' (kept), *note] of the rows that have one."""
        return [
            [self.split, row.id, 'yes' if row.kept else 'no', *row.note]
            for row in self.rows
            if row.note
        ]


def _beside(shard):
    return shard.with_name(f'{shard.name}.json')


def digest(texts: Iterable[str]) -> str:
    """sha256 over texts, in hexadecimal digits."""
    total = hashlib.sha256()
    for text in texts:
        total.update(f'{text}\n'.encode())
    return total.hexdigest()
