"""How large what is read from a file may be, and how one allows more.

A small file can ask for any amount of memory or time, so that all that is read has a
limit. Those of pictures and pickles are options of the commands that take some; the
others stand in LIMITS, and the environment moves them, for every command:

    FER_JAX_LIMITS=arrays=4000,members=20000
"""

import os
import re
from typing import NamedTuple

from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

VARIABLE = 'FER_JAX_LIMITS'
MB = 10**6


class Limit(NamedTuple):
    """What something may be at most."""

    most: int  # bytes, or what is counted
    more: str  # how more is allowed, for a message


class Usual(NamedTuple):
    """A limit that the environment can move."""

    number: int  # of units
    unit: int
    what: str


LIMITS = {
    'json': Usual(16, MB, 'MB of a JSON file of ours'),  # some 40 times that in memory
    'arrays': Usual(
        1000, MB, 'MB of the arrays of a .npz or .npy, unless the file itself has more'
    ),
    'line': Usual(16, MB, 'million characters of a line or a field of a table'),
    'members': Usual(10_000, 1, 'members of an archive'),
    'note': Usual(1, MB, "MB of a file of AffectNet's annotations"),
    'network': Usual(32, MB, "MB of dlib's network"),
}


def limit(name: str) -> Limit:
    """The Limit of this name, of LIMITS.

    Raises:
      Unusable: the environment has no limits in VARIABLE.
    """
    usual = LIMITS[name]
    number = moved().get(name, usual.number)
    return Limit(
        int(number * usual.unit), f'{VARIABLE}={name}={2 * number:g} allows more'
    )


def moved() -> dict[str, float]:
    """{name: number of its units} of the limits that the environment moves.

    Raises:
      Unusable: a name that is none, or a number that is not above 0.
    """
    numbers = {}
    for part in filter(None, os.environ.get(VARIABLE, '').split(',')):
        name, _, number = part.strip().partition('=')
        positive = re.fullmatch(r'[0-9]{1,9}(\.[0-9]{1,9})?', number)
        if name not in LIMITS or not positive or not float(number):
            raise Unusable(
                f'{VARIABLE} has {quoted(part)}; wanted NAME=NUMBER, above 0, of '
                f'{", ".join(LIMITS)}'
            )
        numbers[name] = float(number)
    return numbers
