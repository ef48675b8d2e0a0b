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

import io
import itertools
import math
import pathlib
import re

from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

SEPARATORS = ',;\t'
LONGEST = 1 << 24  # characters of a line, or of a field over several lines
MISSING = frozenset(('', 'na', 'n/a', '#n/a', '<na>', 'nan', 'null', 'none', 'unknown'))
MARKS = {b'\xff\xfe': 'utf-16', b'\xfe\xff': 'utf-16'}  # else UTF-8


class MissingColumns(Unusable):
    """A header without some of the columns that are wanted."""

    def __init__(self, path, header, missing):
        self.header, self.missing = header, missing
        super().__init__(
            f'{path}: the header is {quoted(",".join(header))}; it lacks '
            f'{", ".join(missing)}'
        )


class Row:
    """A row of a table: `row[column]` is its text without the blanks around it."""

    __slots__ = ('_fields', '_places', 'number')

    def __init__(self, number, fields, places):
        self.number = number  # of the line that it ends in, from 1
        self._fields, self._places = fields, places

    def __getitem__(self, column):
        return self.exact(column).strip()

    def exact(self, column):
        """The text of a field with the blanks that it has."""
        return self._fields[self._places[column]]

    @property
    def line(self):
        """'line 12', for a message."""
        return f'line {self.number}'

    def texts(self):
        """{column: exact text} of the wanted columns and of all others."""
        return {name: self._fields[place] for name, place in self._places.items()}


def rows(path, columns, data=None):
    """The Rows of a csv file, one by one.

    Args:
      path: the file; its name stands in messages.
      columns: names that the header must have.
      data: the content as bytes, of a file that was read already.

    Raises:
      FileNotFoundError: no such file.
      MissingColumns: the header lacks some of `columns`.
      ValueError: no table, for one of the reasons above.
    """
    wanted = {_plain(name) for name in columns}

    def fit(fields):
        found = {_plain(name) for name in fields}
        return len(found & wanted), len(found)

    records = _separated(path, fit, data)
    header = [name.strip() for name in next(records, (0, []))[1]]
    while header and not header[-1]:
        header.pop()  # spreadsheets leave separators behind
    places = _places(path, header, columns)
    for number, fields in records:
        surplus = any(field.strip() for field in fields[len(header) :])
        if surplus or len(fields) < len(header):
            raise Unusable(
                f'{path} line {number} has {len(fields)} fields; wanted '
                f'{len(header)}, as in the header'
            )
        yield Row(number, fields, places)


def records(path, counts):
    """(line number, fields without blanks around them) of a csv without a header.

    Args:
      counts: the numbers of fields that a row may have.

    Raises: as `rows`; ValueError at a row with another number of fields.
    """
    for number, fields in _separated(path, lambda fields: len(fields) in counts):
        if len(fields) not in counts:
            raise Unusable(
                f'{path} line {number} has {len(fields)} fields; wanted '
                f'{" or ".join(map(str, counts))}'
            )
        yield number, [field.strip() for field in fields]


def lines(path, columns):
    """(line number, fields) of each line of a text file, split at white space.

    The first field may hold blanks, as names of files do.

    Args:
      columns: names of the fields, for the message; as many are wanted.

    Raises: as `rows`; ValueError at a line with fewer fields.
    """
    count = len(columns.split())
    for number, line in _lines(path):
        fields = line.rsplit(maxsplit=count - 1)
        if not fields:
            continue
        if len(fields) != count:
            raise Unusable(
                f'{path} line {number}: {quoted(line.strip())} has {len(fields)} '
                f'fields; wanted {count}: {columns}'
            )
        yield number, [fields[0].strip(), *fields[1:]]


def words(path):
    """All words of a text file. Raises as `rows`."""
    return [word for _, line in _lines(path) for word in line.split()]


def matrix(path):
    """Rows of as many numbers as there are rows, as floats; lines with # are passed.

    Raises: as `rows`; ValueError at anything else.
    """
    found = []
    for number, line in _lines(path):
        words = re.split(r'[\s,;]+', line.partition('#')[0].strip())
        if words != ['']:
            found.append(numbers(words, f'{path} line {number}'))
    if not found or {len(row) for row in found} != {len(found)}:
        wide = sorted({len(row) for row in found})
        raise Unusable(
            f'{path} has {len(found)} rows of {quoted(wide)} numbers; wanted C rows of'
            ' C numbers'
        )
    return found


def text(header, rows):
    """A csv of `rows`, iterables of as many values as `header`, as `rows` reads it."""
    return ''.join(','.join(map(_field, row)) + '\n' for row in (header, *rows))


def missing(word):
    """Whether a label means that there is none: empty, NA, nan, unknown ..."""
    return word.strip().casefold() in MISSING


def integer(word, where):
    """A whole number, which some programs write as 3.0; ValueError that says where."""
    found = re.fullmatch(r'([+-]?[0-9]{1,9})(\.0*)?', word.strip())
    if not found:
        raise Unusable(f'{where}: {quoted(word)}; wanted a whole number')
    return int(found[1])


def numbers(texts, where):
    """Texts as finite floats; ValueError that says where they stand."""
    try:
        found = [float(one) for one in texts]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)) or any('_' in one for one in texts):
        raise Unusable(f'{where}: {quoted(", ".join(texts[:4]))}; wanted numbers')
    return found


def _lines(path, data=None):
    """(number from 1, line with its end) of a text file."""
    path = pathlib.Path(path)
    if data is None and not path.is_file():
        raise Missing(f'{path}: no such file')
    with open(path, 'rb') if data is None else io.BytesIO(data) as binary:
        encoding = MARKS.get(binary.read(2), 'utf-8-sig')
        binary.seek(0)
        number = 0
        # lines end as in the file: a field in quotes may hold such an end
        with io.TextIOWrapper(binary, encoding, newline='') as file:
            try:
                while line := file.readline(LONGEST):
                    number += 1
                    _check(path, number, line)
                    yield number, line
            except UnicodeError:
                raise Unusable(
                    f'{path}: no text in UTF-8, behind line {number:,}; save it as '
                    'csv in UTF-8, or give the right file'
                ) from None


def _check(path, number, line):
    if '\0' in line:
        raise Unusable(
            f'{path} line {number} has a NUL byte, so it is damaged or no text; get '
            'it again'
        )
    if len(line) >= LONGEST:
        raise Unusable(
            f'{path} line {number} is longer than {LONGEST:,} characters; is this the '
            'right file?'
        )


def _records(lines, separator, path):
    """(line number, fields) of each record that is not empty."""
    for number, line in lines:
        fields = line.rstrip('\r\n').split(separator)
        if '"' in line:
            number, fields = _quoting(number, line, lines, separator, path)
        if any(field.strip() for field in fields):
            yield number, fields


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
    while size <= LONGEST:
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


def _separated(path, fit, data=None):
    """The records of a file, with the separator by which the first one fits best.

    Args:
      fit: fields -> how well they fit; of equals the first of SEPARATORS.
    """
    lines = _lines(path, data)
    blank = ''.join((*SEPARATORS, ' \r\n'))
    first = [*itertools.islice((one for one in lines if one[1].strip(blank)), 1)]

    def fitness(separator):
        try:
            return fit(next(_records(iter(first), separator, path), (0, []))[1])
        except ValueError:  # a quote that goes on in the next line, or a wrong one
            return fit([])

    best = max(SEPARATORS, key=fitness)
    return _records(itertools.chain(first, lines), best, path)


def _plain(name):
    return name.strip().casefold()


def _places(path, header, columns):
    """{name: place} of every column, the wanted ones as `columns` spells them."""
    found, lacking = {}, []
    for place, name in enumerate(header):
        found.setdefault(name, place)
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
            found[column] = same[0]
        else:
            lacking.append(column)
    if lacking:
        raise MissingColumns(path, header, lacking)
    return found


def _field(value):
    value = str(value)
    if not re.search(r'[",\r\n]', value):
        return value
    return '"' + value.replace('"', '""') + '"'
