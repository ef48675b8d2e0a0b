"""A text file with some fields changed, byte for byte as it was everywhere else.

Marks in front, encodings, line ends, quotes, blanks and empty lines stay. What a
changed field holds is written as `tables` reads it. Changes are by the number of the
line that a record ends in, as of tables.Row and tables.lines; None takes a record out.
"""

import itertools
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from fer_jax.data import delimited, tables


def table(
    path: str | os.PathLike,
    columns: Sequence[str],
    changes: Mapping[int, Callable | None],
    headless: Sequence[str] = (),
) -> Iterator[bytes]:
    """The content of a csv, in pieces, with other texts in some columns of some rows.

    Args:
      path, headless: as of `tables.rows`.
      columns: to change.
      changes: {line: function of their texts -> their new texts, or None}.

    Raises: as `tables.rows`.
    """
    chosen = [
        (row.record, [row.place(name) for name in columns])
        for row in tables.rows(path, columns, headless=headless)
        if row.number in changes
    ]
    return _rewritten(path, chosen, changes)


def records(
    path: str | os.PathLike,
    counts: Collection[int],
    last: int,
    changes: Mapping[int, Callable | None],
) -> Iterator[bytes]:
    """As `table`, of a csv without a header, of whose fields the `last` ones change.

    Args:
      counts: as of `tables.records`.
    """
    chosen = [
        (record, [*range(len(record.fields) - last, len(record.fields))])
        for record in delimited.records(path, lambda fields: len(fields) in counts)
        if record.number in changes
    ]
    return _rewritten(path, chosen, changes)


def words(
    path: str | os.PathLike, changes: Mapping[int, str | None]
) -> Iterator[bytes]:
    """The content of a list of words, as of `tables.lines`, with other last ones."""
    mark, encoding = delimited.encoding_of(path)
    yield mark
    for number, line in delimited.lines(path):
        if number in changes:
            word, bare = changes[number], line.rstrip()
            kept = bare.removesuffix(bare.split()[-1])
            line = '' if word is None else kept + word + line[len(bare) :]
        yield line.encode(encoding)


def _rewritten(path, chosen, changes):
    """The content with changed records; `chosen` are (Record, places of fields)."""
    mark, encoding = delimited.encoding_of(path)
    yield mark
    begins = {record.first: (record, places) for record, places in chosen}
    lines = delimited.lines(path)
    for number, line in lines:
        if number in begins:
            record, places = begins[number]
            more = itertools.islice(lines, record.number - record.first)
            line += ''.join(part for _, part in more)
            line = _changed(line, record, places, changes[record.number])
        yield line.encode(encoding)


def _changed(text, record, places, change):
    """The lines of a Record with other texts in the fields at some places."""
    if change is None:
        return ''
    new = change([record.fields[place].strip() for place in places])
    spans = record.spans(text)
    for place, word in sorted(zip(places, new), reverse=True):
        begin, end = spans[place]
        text = text[:begin] + tables.field(word, record.separator) + text[end:]
    return text
