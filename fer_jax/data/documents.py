"""JSON files of ours, read in one way: each one agrees with its schema or is refused.

A schema is a `Kind`, made of the ones below. What a schema does not name may be there,
for older and newer versions write other fields; what it names is of the right type and
in its range. Refused, in a line that names file and field: what is no JSON, or is cut
short, nested too deep, beyond its limit (limits.py), no regular file, or names a field
twice.
"""

import json
import math
import os
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fer_jax.data import limits, regular
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

DEEPEST = 50  # containers in each other
MOST_WHOLE = 1 << 53  # beyond it other programs read another number


class Kind(NamedTuple):
    """What a value has to be."""

    wanted: str  # in words, for a message
    fits: Callable  # value -> bool, of the value without what is in it
    inside: Callable = lambda value: ()  # value -> (name, value, Kind) of what is in it


def read(path: str | os.PathLike, kind: Kind, remedy: str) -> Any:
    """The value in a JSON file.

    Args:
      path: the file.
      kind: its schema.
      remedy: what to do when the file cannot be used, for the message.

    Raises:
      Missing: no such file.
      Unusable: it is refused, for one of the reasons above.
    """
    try:
        data = regular.content(path, limits.limit('json'))
    except Unusable as error:
        raise type(error)(f'{error}; {remedy}') from None
    return parse(data, kind, path, remedy)


def parse(data: str | bytes, kind: Kind, where: str | os.PathLike, remedy: str) -> Any:
    """The value of JSON text or UTF-8 at `where`. Raises Unusable, as `read`."""
    try:
        value = json.loads(data, object_pairs_hook=_once)
        if _deeper(value):
            raise RecursionError
    except RecursionError:
        raise Unusable(f'{where} is nested too deep; {remedy}') from None
    except json.JSONDecodeError as error:
        said = f'{error.msg} in line {error.lineno}'
        raise Unusable(f'{where} is no whole JSON ({said}); {remedy}') from None
    except ValueError as error:  # no UTF-8, a name twice, a number of 5,000 digits
        said = str(error) if isinstance(error, Unusable) else 'no text or no number'
        raise Unusable(f'{where} is no JSON ({said}); {remedy}') from None
    return check(value, kind, where, remedy)


def check(value: Any, kind: Kind, where: str | os.PathLike, remedy: str) -> Any:
    """The value itself, when it is of a kind. Raises Unusable, as `read`."""
    fault = _fault(value, kind)
    if fault:
        raise Unusable(f'{where}: {fault}; {remedy}')
    return value


def _once(pairs):
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unusable(f'it has {quoted(twice)} twice')
    return value


def _deeper(value):
    """Whether containers lie in each other more than DEEPEST times."""
    level = [[value]]
    for _ in range(DEEPEST + 1):
        parts = (one.values() if isinstance(one, dict) else one for one in level)
        level = [
            inner for part in parts for inner in part if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


class _Absent:
    """The value of a field that is not there."""


def _fault(value, kind, path=''):
    """What is wrong with a value, in words; '' when nothing is."""
    name = path or 'the content'
    if value is _Absent:
        return f'{name} is missing, wanted {kind.wanted}'
    if not kind.fits(value):
        return f'{name} {_shown(value)}, wanted {kind.wanted}'
    for key, inner, its in kind.inside(value):
        fault = _fault(inner, its, _joined(path, key))
        if fault:
            return fault
    return ''


def _joined(path, key):
    if isinstance(key, int):
        return f'{path}[{key}]'
    key = key if re.fullmatch(r'[\w-]{1,60}', key, re.ASCII) else quoted(key)
    return f'{path}.{key}' if path else key


def _shown(value):
    if isinstance(value, dict | list):
        return f'{"an object" if isinstance(value, dict) else "a list"} of {len(value)}'
    return quoted(value) if isinstance(value, str) else quoted(json.dumps(value))[1:-1]


ANY = Kind('anything', lambda value: True)
TEXT = Kind('a text', lambda value: isinstance(value, str))
TRUTH = Kind('true or false', lambda value: isinstance(value, bool))
NOTHING = Kind('null', lambda value: value is None)
SHA256 = Kind(
    'a sha256, 64 hexadecimal digits',
    lambda value: isinstance(value, str) and re.fullmatch('[0-9a-f]{64}', value),
)
FILE_NAME = Kind(  # of a file in the same folder
    'the name of a file, without a folder',
    lambda value: (
        isinstance(value, str)
        and value not in ('', '.', '..')
        and not re.search(r'[/\\\0]', value)
    ),
)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


REAL = Kind('a number, or NaN', _is_number)


def number(least: float = -math.inf, most: float = math.inf) -> Kind:
    """A finite number."""
    return Kind(
        f'a finite number{_range(least, most)}',
        lambda value: (
            _is_number(value)
            and abs(value) <= 1.8e308  # also False when it is NaN
            and least <= value <= most
        ),
    )


def whole_number(least: int = 0, most: int = MOST_WHOLE) -> Kind:
    """An integer from `least` to `most`."""
    return Kind(
        f'a whole number{_range(least, most)}',
        lambda value: (
            isinstance(value, int)
            and not isinstance(value, bool)
            and least <= value <= most
        ),
    )


def _range(least, most):
    low = '' if least == -math.inf else f' from {least:,}'
    return low if most in (math.inf, MOST_WHOLE) else f'{low} to {most:,}'


def one_of(values: Iterable) -> Kind:
    """One of some texts or numbers."""
    listed = [*values]
    return Kind(
        listed[0] if len(listed) == 1 else f'one of {", ".join(map(str, listed))}',
        lambda value: not isinstance(value, bool) and value in listed,
    )


def sequence(
    kind: Kind, least: int = 0, most: int = MOST_WHOLE, *, distinct: bool = False
) -> Kind:
    """A list of `least` to `most` values of a kind, all different where `distinct`."""

    def fits(value):
        if not isinstance(value, list) or not least <= len(value) <= most:
            return False
        # unhashable ones are not of the kind, which is said of the first of them
        plain = all(isinstance(item, str | int | float) for item in value)
        return not (distinct and plain) or len(set(value)) == len(value)

    return Kind(
        f'a list{_range(least, most) if least or most < MOST_WHOLE else ""} of'
        f' {"different values, each " * distinct}{kind.wanted}',
        fits,
        lambda value: ((i, item, kind) for i, item in enumerate(value)),
    )


def mapping(kind: Kind) -> Kind:
    """An object whose fields, whatever their names, are of a kind."""
    return Kind(
        f'an object of {kind.wanted}',
        lambda value: isinstance(value, dict),
        lambda value: ((name, inner, kind) for name, inner in value.items()),
    )


def fields(
    wanted: Mapping[str, Kind],
    optional: Mapping[str, Kind] = types.MappingProxyType({}),
) -> Kind:
    """An object with the fields {name: Kind}; the `optional` ones may be missing."""
    optional = dict(optional)

    def inside(value):
        for name, kind in wanted.items():
            yield name, value.get(name, _Absent), kind
        for name, kind in optional.items():
            if name in value:
                yield name, value[name], kind

    return Kind('an object', lambda value: isinstance(value, dict), inside)


def either(*kinds: Kind) -> Kind:
    """Any of some kinds; the first that fits decides about what is inside."""

    def inside(value):
        return next(kind for kind in kinds if kind.fits(value)).inside(value)

    return Kind(
        ' or '.join(kind.wanted for kind in kinds),
        lambda value: any(kind.fits(value) for kind in kinds),
        inside,
    )


def checked(kind: Kind, wanted: str, holds: Callable) -> Kind:
    """A kind with a condition more: holds(value) -> bool, `wanted` in words."""

    def inside(value):
        yield from kind.inside(value)
        if not holds(value):
            yield 'content', value, Kind(wanted, lambda value: False)

    return Kind(kind.wanted, kind.fits, inside)
