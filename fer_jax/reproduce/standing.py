"""How methods stand to each other: their order, and differences over pairs of runs."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fer_jax.numerics import comparison
from fer_jax.reproduce import measures
from fer_jax.reproduce.cells import Cell
from fer_jax.reproduce.numbers import NOTHING, Found, mean_of, signed, text
from fer_jax.reproduce.table import Column, Table

SHOWN = 3  # pairs
ORDER_HEADS = ('', 'Kendall tau-b', 'holds', 'the paper', 'here')
DIFFERENCE_HEADS = ('', '', 'paper', 'ours', '95 % interval', 'pairs', '')
PAIRED = (
    'Runs of one seed are a pair: same noise, same order of examples. Intervals are'
    ' percentiles of a bootstrap over the pairs, and too narrow where there are fewer'
    ' than five.'
)


class Order(NamedTuple):
    """How the methods of a column are ordered, the best first."""

    column: str
    tau: str
    paper: list[str]
    ours: list[str]
    pairs: int  # of methods that the paper has one ahead of the other
    turned: list[str]  # those that stand the other way round here

    @property
    def verdict(self) -> str:
        """Whether the paper's order holds, in words."""
        if not self.turned:
            return 'yes'
        shown = '; '.join(self.turned[:SHOWN]) + '; ...' * (len(self.turned) > SHOWN)
        return f'no, {len(self.turned)} of {self.pairs} pairs: {shown}'

    @property
    def cells(self) -> list[str]:
        """A line below ORDER_HEADS."""
        ranks = ' > '.join(self.paper), ' > '.join(self.ours)
        return [self.column, self.tau or NOTHING, self.verdict, *ranks]


class Difference(NamedTuple):
    """A method less another one: the paper's number, and ours over pairs of runs."""

    better: str
    worse: str
    column: str  # '': over all columns
    paper: str
    ours: str
    low: str  # ends of the 95 % interval; '' of a single pair
    high: str
    count: int  # type: ignore[assignment]  # pairs
    verdict: str
    measure: str

    @property
    def interval(self) -> str:
        """The interval as people write it."""
        return f'{self.low} to {self.high}' if self.low else NOTHING

    @property
    def cells(self) -> list[str]:
        """A line below DIFFERENCE_HEADS, behind the names of the methods."""
        where = self.column or 'all columns'
        numbers = self.paper or NOTHING, self.ours, self.interval, str(self.count)
        return [where, *numbers, self.verdict]


def orders(
    table: Table, cells: Sequence[Sequence[Cell]], found: Sequence[Sequence[Found]]
) -> list[Order]:
    """The Order of each column in which two methods or more have both numbers."""
    made = []
    for place, column in enumerate(table.columns):
        names, theirs, ours = [], [], []
        for arm, row, ones in zip(table.rows, cells, found):
            mean, values = mean_of(row[place].published), ones[place]
            if not math.isnan(mean) and values.by_seed:
                names.append(arm.name)
                theirs.append(mean)
                own = [*values.values(table.reported).values()]
                ours.append(comparison.spread(own).mean)
        if len(names) < 2:
            continue
        rising = measures.MEASURES[column.measure].rising
        tau = comparison.kendall(theirs, ours)
        above = [
            (i, j)
            for i, j in itertools.permutations(range(len(names)), 2)
            if (theirs[i] > theirs[j]) == rising and theirs[i] != theirs[j]
        ]
        turned = [
            f'{names[i]} behind {names[j]}'
            for i, j in above
            if (ours[i] < ours[j]) == rising and ours[i] != ours[j]
        ]
        made.append(
            Order(
                column.name,
                text(tau, 2),
                ranked(names, theirs, rising),
                ranked(names, ours, rising),
                len(above),
                turned,
            )
        )
    return made


def ranked(names: Sequence[str], values: Sequence[float], rising: bool) -> list[str]:
    """Names by their values, the best first."""
    order = sorted(range(len(names)), key=lambda i: values[i], reverse=rising)
    return [names[i] for i in order]


def differences(
    table: Table, cells: Sequence[Sequence[Cell]], found: Sequence[Sequence[Found]]
) -> list[Difference]:
    """The Difference of each claim in each column, and over those that measure what the
    first one does."""
    number = {arm.name: place for place, arm in enumerate(table.rows)}
    made = []
    for better, worse in table.claims:
        rows = number[better], number[worse]
        pooled: dict[str, dict] = {}
        for place, column in enumerate(table.columns):
            pair = [(cells[row][place], found[row][place]) for row in rows]
            pairs = paired(pair, table.reported)
            first, second = (mean_of(cell.published) for cell, _ in pair)
            if not pairs:
                continue
            made.append(
                difference(better, worse, column.name, first - second, pairs, column)
            )
            if alike(column, table.columns[0]):
                pooled[column.name] = pairs
        if len(pooled) > 1:  # columns of the same runs count once
            every = {
                names: one for pairs in pooled.values() for names, one in pairs.items()
            }
            made.append(
                difference(better, worse, '', math.nan, every, table.columns[0])
            )
    return made


def alike(first: Column, second: Column) -> bool:
    """Whether two columns measure the same."""
    return (first.measure, first.tested_on) == (second.measure, second.tested_on)


def paired(
    pair: Sequence[tuple[Cell, Found]], reported: str
) -> dict[tuple[str, str], float]:
    """{names of two runs of a seed: difference of their numbers}, of two cells."""
    (first, ours), (second, theirs) = pair
    a, b = ours.values(reported), theirs.values(reported)
    return {
        (first.runs[seed].name, second.runs[seed].name): a[seed] - b[seed]
        for seed in sorted(a.keys() & b.keys())
    }


def difference(
    better: str,
    worse: str,
    column: str,
    theirs: float,
    pairs: Mapping[Any, float],
    of: Column,
) -> Difference:
    """The Difference of two methods over pairs of runs.

    Args:
      column: its name; '': over all columns.
      theirs: the paper's difference, or NaN.
      pairs: {names of two runs: difference}.
      of: a column whose measure it is.
    """
    measure = measures.MEASURES[of.measure]
    values = [*pairs.values()]
    low, high = comparison.paired_bootstrap(values)
    sign = 1 if measure.rising else -1
    ends = sorted((sign * low, sign * high))
    verdict = 'open'
    if math.isnan(low):
        verdict = 'one pair says nothing'
    elif len(values) < comparison.FEW:
        verdict = 'too few pairs'
    elif ends[0] > 0:
        verdict = 'holds'
    elif ends[1] < 0:
        verdict = 'reversed'
    return Difference(
        better,
        worse,
        column,
        signed(theirs, measure.digits),
        signed(comparison.spread(values).mean, measure.digits),
        signed(low, measure.digits),
        signed(high, measure.digits),
        len(values),
        verdict,
        measure.name,
    )
