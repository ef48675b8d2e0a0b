"""TFRecord files of tf.train.Example, written and read at random without TensorFlow.

A record is `<u64 length><masked crc32c(length)><data><masked crc32c(data)>`, little
endian, where masked(c) = ((c >> 15 | c << 17) + 0xa282ead8) mod 2^32 (TensorFlow,
core/lib/io/record_writer.h). The format has no index: one pass over a shard finds
where each record lies, and checks both sums while it is there.
"""

import contextlib
import os
import struct
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Self

import google_crc32c
import numpy as np
from google.protobuf import message
from tensorflow_datasets.proto import tf_example_pb2

from fer_jax.data import arrays, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

HEADER = struct.Struct('<QI')
SUM = struct.Struct('<I')
LENGTH = struct.Struct('<Q')
CUT = 'the data are cut short'


class RecordWriter:
    """Writes records one after the other to the file at `path`; a context manager."""

    def __init__(self, path: str | os.PathLike) -> None:
        self._file = open(path, 'wb')  # noqa: SIM115 (closed by close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Appends one record of `data` (bytes) with its two check sums."""
        header = HEADER.pack(len(data), _masked_sum(LENGTH.pack(len(data))))
        self._file.write(header + data + SUM.pack(_masked_sum(data)))


def encode_example(id: str, image: bytes, label: int) -> bytes:
    """A serialised tf.train.Example of an encoded `image` (bytes), its id and label."""
    example = tf_example_pb2.Example()
    feature = example.features.feature
    feature['id'].bytes_list.value.append(id.encode())
    feature['image/encoded'].bytes_list.value.append(image)
    feature['label'].int64_list.value.append(int(label))
    return example.SerializeToString(deterministic=True)


def decode_example(data: bytes) -> tuple[str, bytes]:
    """(id str, image bytes) of a serialised example. The label on disk stays there:
    labels come from the tables, so that no file changes when a label does.

    Raises:
      Unusable: not an example with 'id' and 'image/encoded'.
    """
    try:
        feature = tf_example_pb2.Example.FromString(data).features.feature
        (id,) = feature['id'].bytes_list.value
        (image,) = feature['image/encoded'].bytes_list.value
        return id.decode(), image
    except (message.DecodeError, ValueError) as error:
        raise Unusable(
            "a record is not an example with one 'id' and one 'image/encoded'; "
            'write the data set again with data_prep'
        ) from error


def index_records(path: str | os.PathLike) -> np.ndarray:
    """Where each record's data lies: [n, 2] int64, byte offset and length.

    The first pass over a shard checks every sum and leaves the table beside it, in
    `<shard>.index.npy`. Later calls read the table as long as the shard's size and
    time of change are still those, and pass over the shard again when they are not.
    In a folder that cannot be written to, every call is a first one.

    Raises:
      Damaged: a damaged or cut record; the message names file, record and byte.
    """
    stat = os.stat(path)
    stamp = np.array([[stat.st_size, stat.st_mtime_ns]], np.int64)
    cache = f'{os.fspath(path)}.index.npy'
    with contextlib.suppress(OSError, Unusable):  # none yet, or another: then the
        table = arrays.read_npy(cache, arrays.Array('i', 2))  # shard is the truth
        if np.array_equal(table[:1], stamp) and _fills(table[1:], stat.st_size):
            return table[1:]
    table = np.concatenate([stamp, scan(path, stat.st_size)])
    # a read-only folder keeps no table
    with contextlib.suppress(OSError), whole.replacing(cache) as file:
        np.save(file, table)
    return table[1:]


def _fills(table, size):
    """Whether records [n, 2] lie one behind the other in a shard of `size` bytes."""
    begins = table[:, 0] - HEADER.size
    ends = table.sum(axis=1) + SUM.size
    return (table[:, 1] >= 0).all() and np.array_equal([*begins, size], [0, *ends])


def salvage(
    paths: Sequence[str | os.PathLike], ids: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """What can still be read of damaged shards.

    A damaged record costs itself alone; where a length is damaged, the next record is
    found by its check sums. Which ones are lost is told by the ids in the others.

    Args:
      ids: [N] str, of the records in their order.

    Returns:
      For RecordSource, [N, 3] int64: shard, byte offset and length of each record's
      data, -1 where it is lost; and a line for each damage: file, record, byte.

    Raises:
      Missing: a shard is missing.
      Unusable: a record with an id that is not one of `ids`.
    """
    table, damage = np.full((len(ids), 3), -1, np.int64), []
    rows = {name: row for row, name in enumerate(ids.tolist())}
    for shard, path in enumerate(paths):
        try:
            indexed, named = _of(shard, index_records(path)), 1  # the first tells all
        except whole.Damaged:
            indexed, said = _scan_on(path, os.stat(path).st_size)
            damage += said
            indexed, named = _of(shard, indexed), len(indexed)
        readable = RecordSource(paths, indexed)
        for record in range(named if len(indexed) else 0):
            name, _ = decode_example(readable[record])
            if name not in rows:
                raise Unusable(
                    f'{path}: holds {quoted(name)}, which labels.npz does not; copy the'
                    ' data set again or write it anew'
                )
            until = None if named == 1 else record + 1
            part = indexed[record:until]
            table[rows[name] : rows[name] + len(part)] = part
    return table, damage


def _of(shard, table):
    """[n, 3]: the number of the shard before each row of its table [n, 2]."""
    return np.insert(table, 0, shard, axis=1)


class RecordSource:
    """The records of several shards as one sequence: len(source), source[i] -> bytes.

    Args:
      paths: of the shards, in order.
      table: from `salvage`; without it, every record of every shard.

    Reads with `pread` on descriptors opened at first use: safe from several threads,
    picklable, and no mapped page counts as resident memory. The data's sum is checked
    at each read too, so a table that went stale unnoticed gives an error, never a
    wrong record.

    Raises:
      Missing: a shard is missing.
      Damaged: a damaged record.
    """

    def __init__(
        self, paths: Sequence[str | os.PathLike], table: np.ndarray | None = None
    ) -> None:
        self._paths = [os.fspath(path) for path in paths]
        if table is None:
            tables = [
                _of(shard, index_records(path)) for shard, path in enumerate(paths)
            ]
            table = np.concatenate([np.zeros((0, 3), np.int64), *tables])
        self._table = table
        self._forget_files()

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f'RecordSource({len(self)} records in {len(self._paths)} files)'

    def __getitem__(self, i: int) -> bytes:
        if not 0 <= i < len(self):
            raise IndexError(f'record {i} of {len(self)}')
        shard, offset, length = self._table[i].tolist()
        if shard < 0:
            raise whole.Damaged(f'record {i} is one of those that cannot be read')
        block = os.pread(self._file(shard), length + SUM.size, offset)
        data = block[:length]
        if len(block) != length + SUM.size or block[length:] != _sum_bytes(data):
            record = int(np.sum(self._table[:i, 0] == shard))
            position = offset - HEADER.size
            raise _damage(self._paths[shard], record, position, 'changed since indexed')
        return data

    def __getstate__(self) -> dict[str, Any]:
        return {k: self.__dict__[k] for k in ('_paths', '_table')}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget_files()

    def _forget_files(self):
        self._files, self._lock = {}, threading.Lock()
        weakref.finalize(self, _close, self._files)

    def _file(self, shard):
        if shard not in self._files:
            with self._lock:
                if shard not in self._files:
                    self._files[shard] = os.open(self._paths[shard], os.O_RDONLY)
        return self._files[shard]


def _close(files):
    for file in files.values():
        os.close(file)


def scan(path: str | os.PathLike, size: int) -> np.ndarray:
    """As index_records, by a pass over a shard of `size` bytes; nothing is left."""
    spans = []
    for span, damage in _walk(path, size):
        if damage:
            raise damage
        spans.append(span)
    return np.array(spans, np.int64).reshape(-1, 2)


def _scan_on(path, size):
    """As scan, past every damage: offsets and lengths [n, 2], [what is damaged]."""
    walked = list(_walk(path, size))
    spans = [span for span, damage in walked if not damage]
    said = [str(damage) for _, damage in walked if damage]
    return np.array(spans, np.int64).reshape(-1, 2), said


def _walk(path, size):
    """((offset, length) or None, None or Damaged) of each record or damaged place."""
    number, position = 0, 0
    with open(path, 'rb') as file:
        while position < size:
            length, wrong = _record_at(file, position)
            if wrong:
                yield None, _damage(path, number, position, wrong)
            else:
                yield (position + HEADER.size, length), None
            number += 1
            if length is None or wrong == CUT:
                position = _next_header(file, position + 1, size)
            else:
                position += HEADER.size + length + SUM.size


def _record_at(file, position):
    """(length of the data or None, what is wrong or '') of the record at a byte."""
    file.seek(position)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None, 'the header is cut short'
    length, expected = HEADER.unpack(header)
    if _masked_sum(header[: LENGTH.size]) != expected:
        return None, 'its length is damaged'
    data, end = file.read(length), file.read(SUM.size)
    if len(data) + len(end) < length + SUM.size:
        return length, CUT
    return length, '' if end == _sum_bytes(data) else 'its data are damaged'


def _next_header(file, start, size):
    """First byte from `start` on where a header agrees with its sum; size: none."""
    file.seek(start)
    rest = file.read()
    for begin in range(len(rest) - HEADER.size + 1):
        _, expected = HEADER.unpack_from(rest, begin)
        if _masked_sum(rest[begin : begin + LENGTH.size]) == expected:
            return start + begin
    return size


def _masked_sum(data):
    value = google_crc32c.value(data)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _sum_bytes(data):
    return SUM.pack(_masked_sum(data))


def _damage(path, record, position, what):
    return whole.Damaged(
        f'{os.fspath(path)}: record {record} at byte {position}: {what}; '
        'copy the file again or write the data set anew'
    )
