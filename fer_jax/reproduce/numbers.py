"""Numbers of a cell, the paper's and ours, and how they are written."""

import math
import pathlib
from typing import Any, NamedTuple

from fer_jax.reproduce import measures
from fer_jax.reproduce.cells import Cell
from fer_jax.reproduce.table import EMPTY, UNKNOWN

NOTHING = '-'


class Number(NamedTuple):
    """A mean and a deviation as text; '' where there is none."""

    mean: str = ''
    deviation: str = ''

    @property
    def shown(self) -> str:
        """Both, as people write them."""
        behind = f' ± {self.deviation}' if self.deviation else ''
        return f'{self.mean}{behind}' if self.mean else NOTHING


class Found(NamedTuple):
    """What is finished of a cell: {seed's place among its runs: Measured}."""

    by_seed: dict[int, measures.Measured]

    def kinds(self) -> list[str]:
        """The kinds of numbers that all of them have."""
        return [
            kind
            for kind in measures.KINDS
            if self.by_seed and all(kind in one.values for one in self.by_seed.values())
        ]

    def values(self, kind: str) -> dict[int, float]:
        """{seed's place: value} of a kind, or of the last epoch where that is all."""
        kind = kind if kind in self.kinds() else 'last'
        return {seed: one.values[kind] for seed, one in self.by_seed.items()}


def read(cell: Cell, measure: str, folder: pathlib.Path) -> Found:
    """What is finished of a cell."""
    each = (measures.read(folder / run.name, measure, cell.tested) for run in cell.runs)
    return Found({place: one for place, one in enumerate(each) if one})


def published(value: Any, digits: int) -> Number:
    """What the paper prints."""
    _, *deviation = value if isinstance(value, tuple) else (value,)
    each = [text(one, digits) for one in (mean_of(value), *deviation)]
    return Number(*each)


def mean_of(value: Any) -> float:
    """The published number without its deviation; NaN where there is none."""
    if value in (UNKNOWN, EMPTY):
        return math.nan
    return float(value[0] if isinstance(value, tuple) else value)


def text(value: float, digits: int) -> str:
    """A number as text; '' of NaN."""
    return '' if math.isnan(value) else f'{value:.{digits}f}'


def signed(value: float, digits: int) -> str:
    """A difference as text, with its sign; '' of NaN."""
    return '' if math.isnan(value) else f'{value:+.{digits}f}'
