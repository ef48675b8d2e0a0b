"""What an import prints."""

import collections
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rich.console
import rich.progress
import rich.table

from fer_jax.data import prepared, sets
from fer_jax.data.quoting import printable

if TYPE_CHECKING:  # which imports this module
    from .importing import Found


def class_table(found: 'Found') -> rich.table.Table:
    """Counts by class and split, beside the published ones, as a table to print."""
    known = sets.SETS[found.set_name]
    table = rich.table.Table('label', 'in the source', 'class')
    columns: list[list[int | None]] = []
    published_as = dict(found.published)
    pictures = found.splits | {'all': [*found.splits['train'], *found.splits['test']]}
    for split in (*prepared.SPLITS, *(published_as.keys() & {'all'})):
        labels = collections.Counter(row.label for row in pictures[split])
        counts = [labels[i] for i in range(len(found.class_names))]
        table.add_column(split, justify='right')
        columns.append([*counts, sum(counts)])
        true = collections.Counter(row.clean_label for row in pictures[split])
        if true.keys() - {-1}:
            table.add_column(f'{split} clean', justify='right')
            counts = [true[i] for i in range(len(found.class_names))]
            columns.append([*counts, sum(counts)])
        named = published_as.get(split, '')
        if named in known.counts:
            table.add_column('published', justify='right')
            columns.append(published(known, named, found.class_names))
    rows = [*zip(range(len(found.called)), found.called, found.class_names)]
    for row, counts in zip([*rows, ('', '', 'all')], zip(*columns)):
        shown = ['' if count is None else f'{count:,}' for count in counts]
        table.add_row(*map(str, row), *shown)
    return table


def why(counts: collections.Counter) -> str:
    """' (NF 2, again 1)', to stand behind their number: words and how many of each, the
    most first; '' of none."""
    said = ', '.join(f'{word} {count:,}' for word, count in counts.most_common())
    return f' ({said})' if said else ''


def published(
    known: sets.DataSet, split: str, class_names: Sequence[str]
) -> list[int | None]:
    """What the authors of a set count: examples of each class (None), and of all."""
    if split not in known.class_counts:
        return [*(None for _ in class_names), known.counts[split]]
    by_name = dict(zip(known.class_names, known.class_counts[split]))
    counts = [by_name[name] for name in class_names]
    return [*counts, sum(counts)]


def bar(console: rich.console.Console) -> rich.progress.Progress:
    """A progress bar with a rate."""
    return rich.progress.Progress(
        rich.progress.TextColumn('{task.description}'),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeRemainingColumn(),
        console=console,
    )


def end(console: rich.console.Console, folder: pathlib.Path) -> None:
    """Prints what was left out or noted of the pictures, and where the folder is."""
    for split, kept, reason, count in prepared.manifest(folder).get('notes', []):
        what = 'kept' if kept == 'yes' else 'left out'
        console.print(f'{split}: {count:,} {what}: {reason}')
    for path in folder.parent.glob(f'.{folder.name}.*.partial'):
        console.print(
            f'{printable(path)}: left by an import with other options that was '
            'stopped; give those again to go on with it, or remove it'
        )
    console.print(f'written: {printable(folder)}')
