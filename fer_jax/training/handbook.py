"""What --help says, and docs/fields.md: all of it made of the tables of fields.

python -m fer_jax.training.handbook > docs/fields.md
"""

import importlib
import textwrap
from typing import Any

from fer_jax import algorithms
from fer_jax.settings import Field
from fer_jax.training import fields, schema

WIDTH = 88
HEAD = """\
# Fields

Every field of a run's config, made by `python -m fer_jax.training.handbook` from the
tables of `fer_jax/training/schema.py` and of the methods. Each is given as
`--config.FIELD=VALUE`; `python launch.py --config=FILE --help` shows the values that a
config has. Defaults here are those of the tables: data sets have presets of their own
(`configs/default.py`), and methods for some of them (`configs/<method>.py`).

A field marked *free* may differ when a run goes on, *host* also between its hosts.
"""


def summary(method: str) -> str:
    """The first line of what a method's module says of itself."""
    module = importlib.import_module(f'fer_jax.algorithms.{method}')
    return (module.__doc__ or method).splitlines()[0].rstrip('.')


def of_config(config: Any) -> str:
    """What --config=... --help says: each field with the value that it has."""
    entries = schema.of(config)
    values = fields.flat(config.to_dict())
    shown = '\n'.join(
        line(path, entry, values[path]) for path, entry in entries.items()
    )
    name = config.algorithm.name
    return f'{name}: {summary(name)}\n\n{shown}\n'


def line(path: str, field: Field, value: Any = None) -> str:
    """A field as a help text shows it."""
    shown = path if value is None else f'{path}={value}'
    return wrapped(f'  {shown:34}', f'{field.meaning} ({field.allowed})')


def wrapped(start: str, text: str) -> str:
    """`start` and behind it `text`, broken into lines below each other."""
    indent = ' ' * min(len(start) + 1, 37)
    lines = textwrap.wrap(text, WIDTH - len(indent)) or ['']
    if len(start) + 1 > len(indent):
        return '\n'.join((start, *(indent + part for part in lines)))
    return start + ' ' + f'\n{indent}'.join(lines)


def page() -> str:
    """docs/fields.md."""
    groups: dict[str, dict[str, Field]] = {}
    for path, field in schema.FIELDS.items():
        group = path.rpartition('.')[0]
        groups.setdefault(group, {})[path] = field
    parts = [HEAD]
    for group, entries in groups.items():
        parts.append(f'## {group or "The run"}\n\n{table(entries)}')
    for method in algorithms.names():
        entries = algorithms.settings_of(method)
        if entries:
            paths = {f'algorithm.{name}': field for name, field in entries.items()}
            parts.append(f'## {summary(method)}\n\n{table(paths)}')
    return '\n'.join(parts)


def table(entries: dict[str, Field]) -> str:
    """Fields as a table in Markdown."""
    rows = [
        '| field | default | may be | meaning |',
        '|---|---|---|---|',
        *(
            f'| `{path}` | {code(field.default)} | {field.allowed}'
            f' | {field.meaning}{marks(field)} |'
            for path, field in entries.items()
        ),
    ]
    return '\n'.join(rows) + '\n'


def code(value: Any) -> str:
    """A default as Markdown shows it; an empty text is empty."""
    return '' if value == '' else f'`{value}`'


def marks(field: Field) -> str:
    """' *(free, host)*' of a field."""
    said = ['free'] * field.free + ['host'] * field.per_host
    return f' *({", ".join(said)})*' if said else ''


if __name__ == '__main__':
    print(page(), end='')
