"""Text of any hand -> lines, and records of fields between separators.

tables.py says what is taken and what is refused, and makes rows of the records.
"""

import codecs
import io
import itertools
import os
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fer_jax.data import limits, regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

SEPARATORS = ',;\t'
MARKS = {  # of an encoding, in front of a file; of UTF-8 there may be none
    codecs.BOM_UTF8: 'utf-8',
    codecs.BOM_UTF16_LE: 'utf-16-le',
    codecs.BOM_UTF16_BE: 'utf-16-be',
}


class Record(NamedTuple):
    """A record of a file, and where it lies."""

    first: int  # number of its first line, from 1
    number: int  # and of its last one
    fields: list[str]
    separator: str

    def spans(self, text: str) -> list[tuple[int, int]]:
        """(begin, end) of each field in the record's own lines, joined to `text`.

        Of a field in quotes they are outside these.
        """
        field = re.compile(rf' *"(?:[^"]|"")*" *|[^{self.separator}\r\n]*')
        spans = [(0, -1)]
        for _ in self.fields:
            match = field.match(text, spans[-1][1] + 1)  # behind the separator
            assert match  # at least nothing
            spans.append(match.span())
        return spans[1:]


def records(
    path: str | os.PathLike, fit: Callable, data: bytes | None = None
) -> Iterator[Record]:
    """The records of a file, with the separator by which the first one fits best.

    Args:
      fit: fields -> how well they fit; of equals the first of SEPARATORS.
    """
    rest = lines(path, data)
    blank = ''.join((*SEPARATORS, ' \r\n'))
    first = [*itertools.islice((one for one in rest if one[1].strip(blank)), 1)]

    def fitness(separator):
        try:
            found = next(_fields(iter(first), separator, path), None)
            return fit(found.fields if found else [])
        except ValueError:  # a quote that goes on in the next line, or a wrong one
            return fit([])

    best = max(SEPARATORS, key=fitness)
    return _fields(itertools.chain(first, rest), best, path)


def encoding_of(path: str | os.PathLike) -> tuple[bytes, str]:
    """`marked` of a file."""
    with regular.opened(path) as file:
        return marked(file.read(3))


def marked(start: bytes) -> tuple[bytes, str]:
    """(mark in front of a file or b'', name of its encoding), by its first bytes."""
    mark = next((mark for mark in MARKS if start.startswith(mark)), b'')
    return mark, MARKS.get(mark, 'utf-8')


def lines(
    path: str | os.PathLike, data: bytes | None = None
) -> Iterator[tuple[int, str]]:
    """(number from 1, line with its end) of a text file."""
    path = pathlib.Path(path)
    limit = limits.limit('line')
    with regular.opened(path) if data is None else io.BytesIO(data) as binary:
        mark, encoding = marked(binary.read(3))
        binary.seek(len(mark))
        number = 0
        # lines end as in the file: a field in quotes may hold such an end
        with io.TextIOWrapper(binary, encoding, newline='') as file:
            try:
                while line := file.readline(limit.most):
                    number += 1
                    _check(path, number, line, limit)
                    yield number, line
            except UnicodeError:
                raise Unusable(
                    f'{path}: no text in UTF-8, behind line {number:,}; save it as '
                    'csv in UTF-8, or give the right file'
                ) from None


def _check(path, number, line, limit):
    if '\0' in line:
        raise Unusable(
            f'{path} line {number} has a NUL byte, so it is damaged or no text; get '
            'it again'
        )
    if len(line) >= limit.most:
        raise Unusable(
            f'{path} line {number} is longer than {limit.most:,} characters; is this '
            f'the right file? {limit.more}'
        )


def _fields(lines, separator, path):
    """Each Record that is not empty."""
    for first, line in lines:
        number, fields = first, line.rstrip('\r\n').split(separator)
        if '"' in line:
            number, fields = _quoting(first, line, lines, separator, path)
        if any(field.strip() for field in fields):
            yield Record(first, number, fields, separator)


def _quoting(number, line, lines, separator, path):
    """(last line number, fields) of a record with quotes; it may go on in `lines`."""
    opening, closing = ' *"', rf' *(?:({separator})|[\r\n]*$)'
    fields, place = [], 0
    while place is not None:
        quote = re.compile(opening).match(line, place)
        if not quote:
            end = line.find(separator, place)
            fields.append(line[place : None if end < 0 else end].rstrip('\r\n'))
            place = None if end < 0 else end + 1
            continue
        field, number, line, place = _inside(number, line, quote.end(), lines, path)
        close = re.compile(closing).match(line, place)
        if not close:
            raise Unusable(
                f'{path} line {number}: text stands behind a closing quote, '
                f'{quoted(line[place:].strip())}; double the quotes in a field'
            )
        fields.append(field)
        place = close.end() if close[1] else None
    return number, fields


def _inside(number, line, place, lines, path):
    """The field in quotes from `place` on; number, line and place behind its end."""
    began, pieces, size = number, [], 0
    limit = limits.limit('line')
    while size <= limit.most:
        end = line.find('"', place)
        pieces.append(line[place : None if end < 0 else end])
        size += len(pieces[-1]) + 1
        if end < 0:
            number, line = next(lines, (0, ''))
            place = 0
            if not line:
                break
        elif line[end + 1 : end + 2] == '"':
            pieces.append('"')
            place = end + 2
        else:
            return ''.join(pieces), number, line, end + 1
    raise Unusable(
        f'{path} line {began}: a quote is opened and not closed; close it, or get the '
        'file again'
    )
