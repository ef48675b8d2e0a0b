"""A paper's table as data: its rows, its columns, and the numbers that it prints.

A file of configs/reproduce is one `TABLE`. `read` refuses one that makes no sense,
naming file, row and field, before anything is run.
"""

import importlib.util
import math
import pathlib
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_origin, get_type_hints

from fer_jax import doors, home
from fer_jax.data import sets
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable
from fer_jax.reproduce import measures
from fer_jax.sweeps.plan import Planned

TABLES = home.CONFIGS / 'reproduce'
NONE: Mapping[str, Any] = types.MappingProxyType({})
UNKNOWN = None  # a number that the paper shows, as in a figure, and that is not at hand
EMPTY = '-'  # a cell that the paper leaves empty, and that is not run
UNSAFE = re.compile(r'[^a-z0-9.]+')  # in a name of a folder


class Column(NamedTuple):
    """A column: what is learned from, and what is measured."""

    name: str
    dataset: str  # one of data.sets.SETS
    fields: Mapping[str, Any] = NONE  # as {'noise.rate': 0.1}, for all rows
    measure: str = 'accuracy'  # one of measures.MEASURES
    tested_on: str = ''  # another set; '': its own


class Arm(NamedTuple):
    """A row: a method with its settings, and what the paper prints of it."""

    name: str
    config: str | None  # as --config names it; None: cited by the paper, not run
    published: Sequence[Any]  # by column: number, (mean, deviation), UNKNOWN, EMPTY
    fields: Mapping[str, Any] = NONE  # what makes the row what it is
    setup: Mapping[str, Any] = NONE  # the paper's, left out with --on or --start
    at: Mapping[str, Mapping[str, Any]] = NONE  # {name of a column: fields}


class Table(NamedTuple):
    """A table or a figure of a paper."""

    title: str
    paper: str
    place: str  # where it stands in the paper
    columns: Sequence[Column]
    rows: Sequence[Arm]
    reported: str = 'last5'  # which of ours stands beside the paper's: a key of KINDS
    claims: Sequence[tuple[str, str]] = ()  # (row, row that the paper finds it above)
    notes: Sequence[str] = ()  # what a reader has to know


def names() -> list[str]:
    """Names of the tables that there are."""
    return sorted(path.stem for path in TABLES.glob('*.py') if path.stem != '__init__')


def read(named: str) -> Table:
    """The Table that is meant by a name of `names` or by the path of a file.

    Raises:
      Missing: there is none.
      Unusable: a field that is none, a number that is no number ...; names file, row
        and field.
    """
    path = pathlib.Path(named)
    if not path.is_file():
        path = TABLES / f'{path.name.removesuffix(".py")}.py'
    if not path.is_file() or path.stem == '__init__':
        near = doors.nearest(named, names())
        meant = f'did you mean {near}?' if near else '--list lists them'
        raise Missing(f'no table {quoted(named)}; {meant}')
    return checked(loaded(path), path.name)


def loaded(path: pathlib.Path) -> Any:
    """What a file calls TABLE.

    Raises:
      Unusable: it cannot be run, or has none.
    """
    spec = importlib.util.spec_from_file_location(f'_table_{path.stem}', path)
    if spec is None or spec.loader is None:
        raise Unusable(f'{path.name}: wanted a Python file')
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return module.TABLE
    except Exception as error:  # a file of the user's can raise anything
        said = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise Unusable(f'{path.name} gives no table: {said[:200]}') from error


def checked(table: Any, file: str) -> Table:
    """The table, which makes sense.

    Args:
      file: its name, for messages.

    Raises:
      Unusable: it does not; says where.
    """
    if not isinstance(table, Table):
        raise Unusable(f'{file}: TABLE is no fer_jax.reproduce.table.Table')
    _check_kinds(table, file)
    if table.reported not in measures.KINDS:
        kinds = ', '.join(measures.KINDS)
        raise Unusable(f'{file}: reported is {quoted(table.reported)}; one of {kinds}')
    for kind, things, wanted in (
        ('column', table.columns, Column),
        ('row', table.rows, Arm),
    ):
        if not things or not all(isinstance(one, wanted) for one in things):
            raise Unusable(f'{file}: wanted {kind}s, each a {wanted.__name__}')
        for one in things:
            _check_kinds(one, f'{file}: {kind} {quoted(one.name)}')
        _check_apart(kind, [one.name for one in things], file)
    _check_apart('row', [slug(arm.name) for arm in table.rows if arm.config], file)
    known = [arm.name for arm in table.rows]
    for claim in table.claims:
        if not (isinstance(claim, tuple) and len(claim) == 2 and {*claim} <= {*known}):
            raise Unusable(
                f'{file}: claims has {quoted(claim)}; wanted names of two rows, the'
                ' better one first'
            )
    for column in table.columns:
        _check_column(column, f'{file}: column {quoted(column.name)}')
    for arm in table.rows:
        _check_arm(arm, table.columns, f'{file}: row {quoted(arm.name)}')
    return table


def _check_kinds(thing, where):
    """Raises Unusable unless the fields of a NamedTuple are what it says they are."""
    for field, hint in get_type_hints(type(thing)).items():
        value = getattr(thing, field)
        kind = hint if isinstance(hint, types.UnionType) else get_origin(hint) or hint
        if not isinstance(value, kind) or (kind is Sequence and isinstance(value, str)):
            wanted = getattr(kind, '__name__', str(kind)).lower()
            raise Unusable(f'{where}: {field} is {quoted(value)}; wanted a {wanted}')


def _check_apart(kind, called, file):
    twice = [name for name in called if called.count(name) > 1]
    if twice:
        raise Unusable(f'{file}: two {kind}s called {quoted(twice[0])}')


def _check_column(column, where):
    for field, value, known in (
        ('dataset', column.dataset, sets.SETS),
        ('measure', column.measure, measures.MEASURES),
        ('tested_on', column.tested_on, ('', *sets.SETS)),
    ):
        if value not in known:
            raise Unusable(
                f'{where}: {field} is {quoted(value)}; one of {", ".join(known)}'
            )
    if column.tested_on and column.measure != 'accuracy':
        raise Unusable(f'{where}: tested_on another set there is accuracy alone')


def _check_arm(arm, columns, where):
    if len(arm.published) != len(columns):
        raise Unusable(
            f'{where} has {len(arm.published)} published numbers, and there are'
            f' {len(columns)} columns; write EMPTY where the paper has none'
        )
    for column, value in zip(columns, arm.published):
        parts = value if isinstance(value, tuple) else (value,)
        most = 100 if column.measure == 'accuracy' else math.inf
        right = len(parts) in (1, 2) and all(_is_number(part, most) for part in parts)
        if value not in (UNKNOWN, EMPTY) and not right:
            raise Unusable(
                f'{where}, column {quoted(column.name)}: published is {quoted(value)};'
                ' wanted a number (accuracies in %), (mean, deviation), UNKNOWN or'
                ' EMPTY'
            )
    for name, fields in arm.at.items():
        if name not in [column.name for column in columns]:
            raise Unusable(f'{where}: at has {quoted(name)}, which is no column')
        if not isinstance(fields, Mapping):
            raise Unusable(f'{where}: at {quoted(name)} is no mapping of fields')
    for column in columns if arm.config else ():
        given = settings(arm, column) | {'data.dir': 'DIR'}
        try:
            Planned('', f'{arm.config}:dataset={column.dataset}', texts(given)).read()
        except Unusable as error:
            said = str(error).removeprefix(': ').replace('--config.', '')
            raise Unusable(f'{where}, column {quoted(column.name)}: {said}') from None


def _is_number(value, most):
    return isinstance(value, int | float) and 0 <= value <= most


def settings(arm: Arm, column: Column, *, papers: bool = True) -> dict[str, Any]:
    """{field: value} of the run of a row in a column.

    Args:
      papers: with the paper's own setup.
    """
    setup = arm.setup if papers else {}
    return {**setup, **column.fields, **arm.fields, **arm.at.get(column.name, {})}


def texts(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Fields as a Planned has them."""
    return tuple((path, str(value)) for path, value in fields.items())


def slug(name: str) -> str:
    """A name of a row or column as part of a folder's: 'SCN-C' -> 'scn-c'."""
    return UNSAFE.sub('-', name.lower().replace('%', '')).strip('-') or 'unnamed'


def listed() -> None:
    """Prints which tables there are, a line each."""
    for name in names():
        table = loaded(TABLES / f'{name}.py')
        print(f'{name:34} {table.paper}, {table.place}: {table.title}')
