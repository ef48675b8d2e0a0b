"""What a field of a config is: one entry of data, from which everything else follows.

Defaults, checks, --help and docs/fields.md are all made of these entries, so that none
of them can say something else than the others.
"""

import math
import re
from typing import Any, NamedTuple

from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

INTERVAL = re.compile(r'([\[(])(\S+), (\S+)([\])])')


class Field(NamedTuple):
    """A field; range and unit of a tuple are those of its items."""

    default: Any
    meaning: str  # for people, without a full stop
    range: Any = None  # the words that it may be, or an interval as '[0, 1)', or any
    unit: str = ''
    items: type | None = None  # type of a tuple's items
    free: bool = False  # may differ when a run goes on: its numbers stay the same
    per_host: bool = False  # may differ between the hosts of a run
    path: tuple | None = None  # names files or folders, but for these words; None: none

    @property
    def allowed(self) -> str:
        """What it may be, in words: 'adam, sgd', '1 or more epochs', 'text'."""
        if isinstance(self.range, str):
            return f'{limits(self.range)} {self.unit}'.rstrip()
        if self.range is not None:
            return ', '.join(map(str, self.range))
        kind = self.items or type(self.default)
        return {bool: 'True, False', str: 'text'}.get(kind, 'number')


def check(name: str, field: Field, value: Any) -> None:
    """Raises Unusable unless `value` lies in the range of `field`.

    Args:
      name: of the field, for the message.
    """
    for item in value if field.items else (value,):
        if isinstance(field.range, str):
            check_interval(name, field.range, item)
        elif field.range is not None and item not in field.range:
            known = ', '.join(map(str, field.range))
            shown = quoted(item) if isinstance(item, str) else item
            raise Unusable(f'{name} is {shown}; it must be one of {known}')


def check_interval(name: str, interval: str, value: Any) -> None:
    """Raises Unusable unless `value` is a finite number inside `interval`."""
    left, low, high, right = _ends(interval)
    low, high = float(low), float(high)
    above = value >= low if left == '[' else value > low
    below = value <= high if right == ']' else value < high
    if math.isfinite(value) and above and below:
        return
    share = high == 1 and 2 <= value <= 100
    remedy = f'; for {value:g} % write {value / 100:g}' if share else ''
    raise Unusable(f'{name} must be {limits(interval)}, got {value}{remedy}')


def limits(interval: str) -> str:
    """'1 or more', 'above 0' or 'in [0, 1)': an interval in words."""
    left, low, high, _ = _ends(interval)
    if high != 'inf':
        return f'in {interval}'
    return f'{low} or more' if left == '[' else f'above {low}'


def _ends(interval):
    """'[', '0', 'inf', ')' of '[0, inf)'."""
    return INTERVAL.fullmatch(interval).groups()
