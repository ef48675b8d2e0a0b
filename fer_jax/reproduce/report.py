"""What a table says: numbers of its runs beside the paper's, orders, differences.

Everything is written down here once, as text, and the page, the Markdown and the CSV
(`writing`) all show these texts.
"""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import fer_jax
from fer_jax.numerics import comparison
from fer_jax.reproduce import measures
from fer_jax.reproduce.cells import Cell
from fer_jax.reproduce.numbers import (
    Found,
    Number,
    mean_of,
    published,
    read,
    signed,
    text,
)
from fer_jax.reproduce.standing import Difference, Order, differences, orders
from fer_jax.reproduce.table import Arm, Table

TAIL = 12  # characters of a digest
DATA_HEADS = ('', 'data set (sha256)', 'noise lists by seed (sha256)')
CITED = 'cited by the paper, not run'


class Box(NamedTuple):
    """A cell of the report."""

    paper: Number
    ours: dict[str, Number]  # {kind of measures.KINDS: ...}; {}: nothing is finished
    difference: str  # ours, as reported, less the paper's
    count: int  # type: ignore[assignment]  # finished runs, not the one of tuples
    planned: int
    state: str  # why there is no number, or how many runs are finished
    shown: str  # ours, of the kind that the paper reports

    def of(self, kind: str) -> Number:
        """Our number of a kind; an empty one where there is none."""
        return self.ours.get(kind, Number())


class Row(NamedTuple):
    """A row of the report."""

    name: str
    how: str  # its config and fields
    boxes: list[Box]

    def of(self, kind: str) -> list[str]:
        """Its name and our numbers of a kind, a line below the columns."""
        return [self.name, *(box.of(kind).shown for box in self.boxes)]


class Data(NamedTuple):
    """What a column was run on."""

    column: str
    digest: str
    noise_lists: list[str]  # by seed

    @property
    def cells(self) -> list[str]:
        """A line below DATA_HEADS."""
        return [self.column, self.digest, ' '.join(self.noise_lists)]


class Report(NamedTuple):
    """All that the three outputs say."""

    title: str
    paper: str
    place: str
    head: list[str]  # what has to be known before a number is read
    command: str
    version: str
    reported: str  # in words
    columns: list[str]
    units: list[str]
    rows: list[Row]
    orders: list[Order]
    differences: list[Difference]
    data: list[Data]
    missing: list[str]  # columns and rows that were not run, and why
    notes: list[str]

    @property
    def run(self) -> list[Row]:
        """The rows that have a config."""
        return [row for row in self.rows if row.how != CITED]

    @property
    def by_kind(self) -> dict[str, list[list[str]]]:
        """{heading: lines}: our numbers of each kind, of the rows that have some."""
        rows = [row for row in self.rows if any(box.ours for box in row.boxes)]
        return {
            f'Ours: {called}': [row.of(kind) for row in rows]
            for kind, called in measures.KINDS.items()
            if rows
        }

    @property
    def headings(self) -> list[str]:
        """The columns, with their units where these differ."""
        if len({*self.units}) == 1:
            return self.columns
        return [
            f'{name} ({unit})' if unit else name
            for name, unit in zip(self.columns, self.units)
        ]

    @property
    def explained(self) -> str:
        """What the numbers of the table are."""
        unit = f', in {self.units[0]}' if len({*self.units}) == 1 else ''
        return (
            f'Ours is the {self.reported}{unit}: mean ± standard deviation over the'
            " runs of a cell. Below it the paper's number, and ours less the paper's."
        )


def of(
    table: Table,
    cells: Sequence[Sequence[Cell]],
    folder: pathlib.Path,
    *,
    command: str,
    head: Iterable[str] = (),
    failed: Mapping[str, str] = {},
) -> Report:
    """The Report of what is finished in the folders of the runs.

    Args:
      cells: of cells.of.
      folder: that of the runs' folders.
      command: which made it.
      head: lines that come before everything.
      failed: {name of a run: why it failed}.

    Raises:
      Damaged: a run's result.json is not what it wrote.
    """
    found = [
        [read(cell, column.measure, folder) for cell, column in zip(row, table.columns)]
        for row in cells
    ]
    rows = [
        Row(
            arm.name,
            how(arm, row),
            [
                box(cell, one, table.reported, column.measure, failed)
                for cell, one, column in zip(row, ones, table.columns)
            ],
        )
        for arm, row, ones in zip(table.rows, cells, found)
    ]
    return Report(
        title=table.title,
        paper=table.paper,
        place=table.place,
        head=[*head, *mixed(table, found)],
        command=command,
        version=fer_jax.__version__,
        reported=measures.KINDS[table.reported],
        columns=[column.name for column in table.columns],
        units=[measures.MEASURES[column.measure].unit for column in table.columns],
        rows=rows,
        orders=orders(table, cells, found),
        differences=differences(table, cells, found),
        data=data(table, found),
        missing=missing(table, cells, failed),
        notes=list(table.notes),
    )


def how(arm: Arm, row: Sequence[Cell]) -> str:
    """A row's config and its own fields, as they are run where it is."""
    if arm.config is None:
        return CITED
    own = {**arm.setup, **arm.fields}
    runs = [run for cell in row for run in cell.runs[:1]]
    if runs:
        own = {path: text for path, text in runs[0].fields if path in own}
    return ', '.join([arm.config, *(f'{path}={value}' for path, value in own.items())])


def box(
    cell: Cell,
    found: Found,
    reported: str,
    measure: str,
    failed: Mapping[str, str],
) -> Box:
    """A cell of the report."""
    digits = measures.MEASURES[measure].digits
    printed = published(cell.published, digits)
    spreads = {
        kind: comparison.spread([*found.values(kind).values()])
        for kind in found.kinds()
    }
    ours = {
        kind: Number(text(spread.mean, digits), text(spread.deviation, digits))
        for kind, spread in spreads.items()
    }
    kind = reported if reported in spreads else 'last'
    difference = ''
    if spreads:
        difference = signed(spreads[kind].mean - mean_of(cell.published), digits)
    done, planned = len(found.by_seed), len(cell.runs)
    state = '' if done == planned else f'{done} of {planned} runs'
    if not planned:
        state = 'not run' if cell.reason else ''
    elif any(run.name in failed for run in cell.runs):
        state = f'{state}, failed' if done else 'failed'
    shown = ours.get(kind, Number()).shown
    return Box(printed, ours, difference, done, planned, state, shown)


def data(table: Table, found: Sequence[Sequence[Found]]) -> list[Data]:
    """What each column was run on, as far as something is finished."""
    made = []
    for place, column in enumerate(table.columns):
        runs = [ones[place].by_seed for ones in found if ones[place].by_seed]
        if not runs:
            continue
        lists = {
            seed: one.noise_sha256[:TAIL]
            for by_seed in runs
            for seed, one in by_seed.items()
            if one.noise_sha256
        }
        digest = next(iter(runs[0].values())).dataset_digest[:TAIL]
        made.append(Data(column.name, digest, [lists[seed] for seed in sorted(lists)]))
    return made


def mixed(table: Table, found: Sequence[Sequence[Found]]) -> list[str]:
    """A line for each column whose rows are not all of the same data."""
    said = []
    for place, column in enumerate(table.columns):
        kinds: dict[int, set] = {}
        for ones in found:
            for seed, one in ones[place].by_seed.items():
                known = (one.dataset_digest, one.noise_sha256)
                kinds.setdefault(seed, set()).add(known)
        if any(len(kind) > 1 for kind in kinds.values()):
            said.append(
                f'{column.name}: the runs of one seed are not all of the same data, so'
                ' its rows do not compare.'
            )
    return said


def missing(
    table: Table, cells: Sequence[Sequence[Cell]], failed: Mapping[str, str]
) -> list[str]:
    """Lines about what was not run, and about runs that failed."""
    where: dict[str, list[tuple[str, str]]] = {}
    for arm, row in zip(table.rows, cells):
        for column, cell in zip(table.columns, row):
            if cell.reason:
                where.setdefault(cell.reason, []).append((arm.name, column.name))
    said = []
    for reason, places in where.items():
        names = [*dict.fromkeys(column for _, column in places)]
        arms = [*dict.fromkeys(arm for arm, _ in places)]
        every = [arm.name for arm in table.rows if arm.config]
        of = '' if len(arms) == len(every) else f' ({", ".join(arms)})'
        said.append(f'{", ".join(names)}{of}: {reason}')
    return said + [f'{name} failed: {why}' for name, why in failed.items()]
