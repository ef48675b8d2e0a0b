"""The cells of a table: which runs each has, or why it has none."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fer_jax import home
from fer_jax.configs import default
from fer_jax.data import features, prepared
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable
from fer_jax.numerics import noise
from fer_jax.reproduce.table import EMPTY, Arm, Column, Table, settings, slug, texts
from fer_jax.sweeps import plan
from fer_jax.training import build, examples, starts

MANIFEST = 'manifest.json'
SEEDS = ('seed', 'noise.seed')  # that of a run, which is that of its noise as well
COUNT = 1000  # examples of a method that is made to see whether it can be
DOORS = {  # data set -> the door that prepares it, where that has another name
    'ferplus': 'fer2013 --labels=ferplus_majority8'
}


class Wanted(NamedTuple):
    """How a table is to be run here."""

    data: pathlib.Path  # a folder of prepared sets, or one
    instead: str = ''  # the set that all columns are run on; '': each on its own
    argument: tuple[str, ...] = ()  # of all configs, as 'on=features'
    features: pathlib.Path | None = None  # a folder of the sets' features, or of one's
    fields: tuple[tuple[str, str], ...] = ()  # (path, text), given to all runs
    seeds: int = 3


class Place(NamedTuple):
    """A prepared set."""

    folder: pathlib.Path
    dataset: str  # whose presets its runs have
    class_names: tuple[str, ...] = ()
    reason: str = ''  # why it is not there


class Cell(NamedTuple):
    """A row in a column."""

    published: Any  # a number, (mean, deviation), UNKNOWN or EMPTY
    runs: tuple[plan.Planned, ...]  # one a seed; (): none
    reason: str = ''  # why there is none; '': the paper has none of its own either
    tested: pathlib.Path | None = None  # another set that they are tested on


def of(table: Table, wanted: Wanted) -> list[list[Cell]]:
    """The cells of a table, row by row.

    Raises:
      Unusable: what is wanted suits no cell at all, or a field is none.
    """
    named = [column.dataset for column in table.columns]
    named += [column.tested_on for column in table.columns if column.tested_on]
    places = {name: place(name, wanted) for name in dict.fromkeys(named)}
    found = [
        [
            cell(arm, column, published, places, wanted)
            for column, published in zip(table.columns, arm.published)
        ]
        for arm in table.rows
    ]
    reasons = [one.reason for row in found for one in row if one.reason]
    if not any(one.runs for row in found for one in row):
        raise Unusable(f'nothing to run: {reasons[0]}')
    return found


def runs(cells: list[list[Cell]]) -> list[plan.Planned]:
    """Every run of some cells, once; those of a row together."""
    every = [run for row in cells for one in row for run in one.runs]
    return list({run.name: run for run in every}.values())


def place(dataset: str, wanted: Wanted) -> Place:
    """Where the set of a column is, or the one in its stead.

    Raises:
      Missing: there is no set in its stead.
      Unusable: what is in the folder is no prepared set.
    """
    name = wanted.instead or dataset
    folder = wanted.data / name
    if (wanted.data / MANIFEST).exists():
        folder = wanted.data  # a set itself
    if not (folder / MANIFEST).exists():
        door = DOORS.get(name, name)
        why = (
            f'{folder} is not there; prepare it: {home.prepare()} {door}'
            f' --source=DOWNLOADS --out={folder}'
        )
        if wanted.instead:
            raise Missing(f'--as={quoted(name)}: {why}')
        return Place(folder, name, reason=why)
    told = prepared.manifest(folder)
    known = told['set'] if told['set'] in default.DATASETS else 'folder'
    if not wanted.instead and known != name:
        return Place(folder, name, reason=f'{folder} is {told["set"]}, and no {name}')
    return Place(folder, known, tuple(told['class_names']))


def cell(
    arm: Arm,
    column: Column,
    published: Any,
    places: Mapping[str, Place],
    wanted: Wanted,
) -> Cell:
    """A row in a column.

    Args:
      places: of the sets that columns name.

    Raises:
      Unusable: a field of `wanted.fields` is none of its method's.
    """
    if arm.config is None or published == EMPTY:
        return Cell(published, ())
    where = places[column.dataset]
    tested = places[column.tested_on] if column.tested_on else None
    for reason in (where.reason, tested.reason if tested else ''):
        if reason:
            return Cell(published, (), reason)
    bare = settings(arm, column, papers=not wanted.argument)
    given = bare | dict(wanted.fields)
    try:
        config = planned(arm, column, where, wanted, bare, 0).read()
    except Unusable as error:
        return Cell(published, (), str(error).replace('--config.', ''))
    if wanted.fields:
        config = planned(arm, column, where, wanted, given, 0).read()
    try:
        check_suits(config, where.class_names)
    except Unusable as error:
        return Cell(published, (), str(error).replace('--config.', ''))
    return Cell(
        published,
        tuple(
            planned(arm, column, where, wanted, given, seed)
            for seed in range(wanted.seeds)
        ),
        tested=tested.folder if tested else None,
    )


def check_suits(config: Any, class_names: Sequence[str]) -> None:
    """Raises Unusable when settings of a method do not go together, its networks cannot
    start from what they are to, or noise is of other classes."""
    made = build.algorithm(
        config, num_classes=len(class_names), num_examples=COUNT, platform='cpu'
    )
    starts.choose(config, made)
    drawn = config.noise
    if examples.adds_noise(config) and not (drawn.list or drawn.matrix):
        noise.transition(
            drawn.kind, drawn.rate, len(class_names), class_names=class_names
        )


def planned(
    arm: Arm,
    column: Column,
    where: Place,
    wanted: Wanted,
    given: dict[str, Any],
    seed: int,
) -> plan.Planned:
    """The run of a row in a column with a seed.

    Columns that learn from the same have the same runs.
    """
    parts = [slug(arm.name), slug(where.folder.name)]
    parts += [
        f'{path.rpartition(".")[2]}={plan.part_of_name(value)}'
        for path, value in column.fields.items()
    ]
    if column.name in arm.at:
        parts.append(slug(column.name))
    behind = ','.join((f'dataset={where.dataset}', *wanted.argument))
    kept = {'data.dir': where.folder}
    if wanted.features:
        kept['data.features'] = features_of(where.folder.name, wanted.features)
    return plan.Planned(
        ','.join((*parts, f'seed={seed}')),
        f'{arm.config}:{behind}',
        texts(kept | given | dict.fromkeys(SEEDS, seed)),
    )


def features_of(name: str, folder: pathlib.Path) -> pathlib.Path:
    """Where the features of a set are: in a folder of it, or the folder itself."""
    return folder if (folder / features.CARD).exists() else folder / name
