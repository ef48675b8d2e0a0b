"""Tables of text, read and written in one way: csv files of any hand, lists of words.

Taken as they come: UTF-8 with a mark in front or without, and UTF-16 with one; the line
ends of every system; empty lines, and rows of nothing but separators; commas,
semicolons or tabs, as the header tells; columns in any order, among others, their names
in any case; quotes, and blanks around names, fields and quotes. A field is as long as
it likes, a line has a limit.

Refused, in a line that names file and line: other encodings, NUL bytes, a quote that is
never closed or has text behind it, a row with more or fewer fields than the header.

`text` writes what `rows` reads back, whatever the texts hold but NUL.
"""

import functools
import itertools
import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fer_jax.data import delimited
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

MISSING = frozenset(('', 'na', 'n/a', '#n/a', '<na>', 'nan', 'null', 'none', 'unknown'))


class MissingColumns(Unusable):
    """A header without some of the columns that are wanted."""

    def __init__(
        self, path: str | os.PathLike, header: Sequence[str], missing: Sequence[str]
    ) -> None:
        self.header, self.missing = header, missing
        super().__init__(
            f'{path}: the header is {quoted(",".join(header))}; it lacks '
            f'{", ".join(missing)}'
        )


class Row:
    """A row of a table: `row[column]` is its text without the blanks around it."""

    __slots__ = ('_fields', '_places', 'number', 'record')

    def __init__(self, record: delimited.Record, places: Mapping[str, int]) -> None:
        self.record = record
        self.number = record.number  # of the line that it ends in, from 1
        self._fields, self._places = record.fields, places

    def __getitem__(self, column: str) -> str:
        return self.exact(column).strip()

    def exact(self, column: str) -> str:
        """The text of a field with the blanks that it has."""
        return self._fields[self._places[column]]

    def place(self, column: str) -> int:
        """Which of the record's fields is a column's, from 0."""
        return self._places[column]

    @property
    def line(self) -> str:
        """'line 12', for a message."""
        return f'line {self.number}'

    def texts(self) -> dict[str, str]:
        """{column: exact text} of the wanted columns and of all others."""
        return {name: self._fields[place] for name, place in self._places.items()}


def rows(
    path: str | os.PathLike,
    columns: Sequence[str],
    data: bytes | None = None,
    headless: Sequence[str] = (),
) -> Iterator[Row]:
    """The Rows of a csv file, one by one.

    Args:
      path: the file; its name stands in messages.
      columns: names that the header must have.
      data: the content as bytes, of a file that was read already.
      headless: names of the fields where the first row has as many and none of
        `columns`, and so is no header.

    Raises:
      Missing: no such file.
      MissingColumns: the header lacks some of `columns`.
      Unusable: no table, for one of the reasons above.
    """
    wanted = {_plain(name) for name in columns}

    def fit(fields):
        names = {_plain(name) for name in fields}
        return len(names & wanted), len(fields) == len(headless), len(names)

    records = delimited.records(path, fit, data)
    first = next(records, delimited.Record(0, 0, [], ','))
    header = [name.strip() for name in first.fields]
    if len(header) == len(headless) and not wanted & {*map(_plain, header)}:
        header, records = [*headless], itertools.chain([first], records)
    while header and not header[-1]:
        header.pop()  # spreadsheets leave separators behind
    places = _places(path, header, columns)
    for record in records:
        surplus = any(field.strip() for field in record.fields[len(header) :])
        if surplus or len(record.fields) < len(header):
            raise Unusable(
                f'{path} line {record.number} has {len(record.fields)} fields; wanted '
                f'{len(header)}, as in the header'
            )
        yield Row(record, places)


def records(
    path: str | os.PathLike, counts: Collection[int]
) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields without blanks around them) of a csv without a header.

    Args:
      counts: the numbers of fields that a row may have.

    Raises: as `rows`; Unusable at a row with another number of fields.
    """
    for record in delimited.records(path, lambda fields: len(fields) in counts):
        number, fields = record.number, record.fields
        if len(fields) not in counts:
            raise Unusable(
                f'{path} line {number} has {len(fields)} fields; wanted '
                f'{" or ".join(map(str, counts))}'
            )
        yield number, [field.strip() for field in fields]


def lines(path: str | os.PathLike, columns: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of each line of a text file, split at white space.

    The first field may hold blanks, as names of files do.

    Args:
      columns: names of the fields, for the message; as many are wanted.

    Raises: as `rows`; Unusable at a line with fewer fields.
    """
    count = len(columns.split())
    for number, line in delimited.lines(path):
        fields = line.rsplit(maxsplit=count - 1)
        if not fields:
            continue
        if len(fields) != count:
            raise Unusable(
                f'{path} line {number}: {quoted(line.strip())} has {len(fields)} '
                f'fields; wanted {count}: {columns}'
            )
        yield number, [fields[0].strip(), *fields[1:]]


def words(path: str | os.PathLike) -> list[str]:
    """All words of a text file. Raises as `rows`."""
    return [word for _, line in delimited.lines(path) for word in line.split()]


def matrix(path: str | os.PathLike) -> list[list[float]]:
    """Rows of as many numbers as there are rows, as floats; lines with # are passed.

    Raises: as `rows`; Unusable at anything else.
    """
    table = []
    for number, line in delimited.lines(path):
        words = re.split(r'[\s,;]+', line.partition('#')[0].strip())
        if words != ['']:
            table.append(numbers(words, f'{path} line {number}'))
    if not table or {len(row) for row in table} != {len(table)}:
        wide = sorted({len(row) for row in table})
        raise Unusable(
            f'{path} has {len(table)} rows of {quoted(wide)} numbers; wanted C rows of'
            ' C numbers'
        )
    return table


def text(header: Iterable, rows: Iterable[Iterable]) -> str:
    """A csv of `rows`, iterables of as many values as `header`, as `rows` reads it."""
    return ''.join(','.join(map(field, row)) + '\n' for row in (header, *rows))


def missing(word: str) -> bool:
    """Whether a label means that there is none: empty, NA, nan, unknown ..."""
    return word.strip().casefold() in MISSING


def integer(word: str, where: str | os.PathLike) -> int:
    """A whole number, which some programs write as 3.0; Unusable that says where."""
    match = re.fullmatch(r'([+-]?[0-9]{1,9})(\.0*)?', word.strip())
    if not match:
        raise Unusable(f'{where}: {quoted(word)}; wanted a whole number')
    return int(match[1])


def numbers(texts: Sequence[str], where: str | os.PathLike) -> list[float]:
    """Texts as finite floats; Unusable that says where they stand."""
    try:
        values = [float(word) for word in texts]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)) or any('_' in word for word in texts):
        raise Unusable(f'{where}: {quoted(", ".join(texts[:4]))}; wanted numbers')
    return values


def _plain(name):
    return name.strip().casefold()


def _places(path, header, columns):
    """{name: place} of every column, the wanted ones as `columns` spells them."""
    places, lacking = {}, []
    for number, name in enumerate(header):
        places.setdefault(name, number)
    for column in columns:
        same = [i for i, name in enumerate(header) if name == column.strip()] or [
            i for i, name in enumerate(header) if _plain(name) == _plain(column)
        ]
        if len(same) > 1:
            raise Unusable(
                f'{path}: the header has {quoted(column)} more than once; give each '
                'column a name of its own'
            )
        if same:
            places[column] = same[0]
        else:
            lacking.append(column)
    if lacking:
        raise MissingColumns(path, header, lacking)
    return places


def field(value: object, separators: str = ',') -> str:
    """A value as a field of a csv, in quotes where it needs them."""
    value = str(value)
    if not _special(separators).search(value):
        return value
    return '"' + value.replace('"', '""') + '"'


@functools.cache
def _special(separators):
    """What a field has quotes for: a table has hundreds of thousands of them."""
    return re.compile(rf'["\r\n{separators}]')
