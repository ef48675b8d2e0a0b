"""What every door for files of pictures shares: checks, the report, and the import.

A door reads the label files of its source and says what it Found. `run` checks that,
prints it beside what the set's authors published, makes the squares on all cores and
writes the prepared folder. Stopped, however hard, the same command goes on.
"""

import argparse
import dataclasses
import errno
import os
import pathlib
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple, NoReturn

import rich.console

from fer_jax import cores
from fer_jax.data import opening, picture_folders, prepared, whole, writing
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable
from fer_jax.faces import networks

from . import alignment, forms, presence, reports, squares
from .presence import place, several
from .squares import Picture

SHARD = 8192  # examples; no more is done again after a kill
ALIGNED_SHARD = 1024  # which takes longer
NO_TEST = 'no test split: audit judges all labels; training needs faces to test on'
AS_GIVEN = (('train', 'train'), ('test', 'test'))  # splits, and their names in sets.py
DRAWN = (('all', 'all'),)
NOT_OF_THE_SOURCE = ('out', 'force', 'workers', 'then')  # options


class Place(str):
    """A file or folder beside the source that an option names."""


class Found(NamedTuple):
    """What a door found in its source."""

    set_name: str  # of sets.SETS
    class_names: tuple
    called: tuple  # what the source calls each class
    splits: dict  # {'train': Pictures, 'test': Pictures}
    files: tuple = ()  # label files; their sha256 go to the manifest
    said: tuple = ()  # lines for the report: rules taken, rows left out
    published: tuple = AS_GIVEN  # which counts of sets.py stand beside which
    doubts: tuple = ()  # lines: what is taken as it is, and may be wrong
    left_out: Mapping = types.MappingProxyType({})  # files that are no pictures: counts
    form: forms.Form | None = None  # how labels are written back; None: they are not


def add_arguments(parser: argparse.ArgumentParser, size_px: int | None) -> None:
    """Adds the options that all these doors have; `size_px` is the usual side.

    None: the door finds it in its source.
    """
    parser.add_argument('--out', required=True, help='folder to write')
    usual = size_px or "the source's"
    parser.add_argument(
        '--size', type=int, default=size_px, help=f'side in pixels; default: {usual}'
    )
    parser.add_argument(
        '--on-corrupt',
        choices=('stop', 'skip'),
        default='stop',
        help='at a picture that is missing or cannot be read: stop (default) or leave'
        ' it out, counted and listed',
    )
    parser.add_argument(
        '--workers', type=int, default=cores.count(), help='default: one a core'
    )
    parser.add_argument('--force', action='store_true', help='replace the folder')
    opening.add_arguments(parser)
    parser.set_defaults(then=prepare)
    alignment.add_arguments(parser)


def run(options: argparse.Namespace, door: str, found: Found, **recipe: Any) -> Any:
    """What is done with what a door found: `options.then`, as a rule `prepare`.

    The doctor puts another function there, and so looks at sources through the doors.
    """
    return options.then(options, door, presence.spelled(found), **recipe)


def prepare(
    options: argparse.Namespace, door: str, found: Found, **recipe: Any
) -> None:
    """Checks and prints what a door found, and writes it as a prepared folder.

    Args:
      options: of `add_arguments`.
      door: its name.
      found: Found.
      recipe: options of the door for the manifest.

    Raises:
      Unusable, OSError: anything that cannot be used, in one line.
    """
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    if options.size < 1:
        raise Unusable(f'--size={options.size}; wanted 1 or more pixels')
    aligner = alignment.make(options, options.size)
    if options.align == 'mtcnn':
        console.print(networks.LICENCE)
    limits = opening.limits_of(options)
    for line in found.said:
        console.print(printable(line))
    if found.left_out:
        console.print(f'left out: {picture_folders.told(found.left_out)}')
    for line in found.doubts:
        print(f'warning: {line}', file=sys.stderr)
    console.print(reports.class_table(found))
    check(found)
    if not found.splits['test']:
        console.print(NO_TEST)
    stamps = presence.look(found, options.on_corrupt)
    count = sum(map(len, stamps.values()))
    workers = options.workers if count > squares.FEW else 1
    try:
        with (
            squares.workers(workers, options.size, aligner, limits) as convert,
            reports.bar(console) as shown,
        ):
            task = shown.add_task('pictures', total=count)
            data = writing.write(
                options.out,
                set_name=found.set_name,
                class_names=found.class_names,
                image_size_px=options.size,
                recipe={
                    'door': door,
                    **recipe,
                    'align': aligner and dataclasses.asdict(aligner),
                    'pictures': {name: len(rows) for name, rows in stamps.items()},
                    'sources': sums(found.files),
                },
                splits={
                    name: writing.Restartable(
                        stamps[name],
                        Remaining(
                            found.splits[name],
                            behind(found.splits, name),
                            convert,
                            options,
                            console,
                        ),
                    )
                    for name in prepared.SPLITS
                },
                shard_examples=ALIGNED_SHARD if aligner else SHARD,
                force=options.force,
                source=told(door, options) if found.form else None,
                progress=lambda done: shown.update(task, completed=done),
                **({'listing': ('alignment.csv', *alignment.NOTED)} if aligner else {}),
            )
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        said = 'the disk is full; make room, and the same command goes on'
        raise OSError(error.errno, said, str(options.out)) from None
    except BrokenProcessPool:
        raise Unusable(
            f'{options.out}: a worker was killed, for want of memory perhaps; the same '
            f'command goes on, with fewer than --workers={workers} if so'
        ) from None
    reports.end(console, data.folder)


def told(door: str, options: argparse.Namespace) -> dict[str, Any]:
    """What the manifest says of a source: the words that origin.again takes."""
    words = []
    for name, value in vars(options).items():
        if name in NOT_OF_THE_SOURCE or value is None or value is False:
            continue
        if name == 'source' or isinstance(value, Place):
            value = os.path.abspath(value)
        end = '' if value is True else f'={value}'
        words.append(f'--{name.replace("_", "-")}{end}')
    return {'door': door, 'words': words}


def sums(files: Iterable[str | os.PathLike]) -> dict[str, str]:
    """{name: sha256} of label files; with their folder where names are not unique."""
    paths = [pathlib.Path(file) for file in files]
    unique = len({path.name for path in paths}) == len(paths)
    return {
        path.name if unique else f'{path.parent.name}/{path.name}': whole.file_sum(path)
        for path in paths
    }


def behind(splits: Mapping[str, list[Picture]], name: str) -> list[Picture]:
    """The Pictures of all splits that are written behind one."""
    place = prepared.SPLITS.index(name)
    return [row for later in prepared.SPLITS[place + 1 :] for row in splits[later]]


@dataclasses.dataclass(frozen=True)
class Remaining:
    """remaining(n) -> the Examples of Pictures n, n + 1, ..., as they are asked for."""

    pictures: list[Picture]
    behind: list[Picture]  # of the splits that follow
    convert: Callable  # of squares.workers
    options: argparse.Namespace
    console: rich.console.Console

    def __call__(self, start: int) -> Iterator[writing.Example]:
        rest = self.pictures[start:]
        if start:
            self.console.print(
                f'{start:,} pictures are there of an import that was stopped; '
                'it goes on behind them'
            )
        stops = self.options.on_corrupt == 'stop'
        for number, (picture, square) in enumerate(zip(rest, self.convert(rest))):
            if square.data is None and stops:
                reason = square.note[0]
                if reason.startswith(squares.UNREADABLE):
                    self.stop_at(rest[number:], reason)
            id = picture.id if square.data else printable(picture.id)
            yield writing.Example(
                id, square.data, picture.label, picture.clean_label, square.note
            )

    def stop_at(self, rest: Sequence[Picture], reason: str) -> NoReturn:
        """Raises Unusable about a Picture, the first of the rest, and says how many
        more of them cannot be read."""
        first, *others = rest
        others += self.behind
        count = self.options.workers if len(others) > squares.FEW else 1
        limits, boxed = opening.limits_of(self.options), self.options.align is None
        self.console.print(f'{place(first)}: {reason}; looking for others')
        with squares.examiners(count, limits, boxed) as troubles:
            bad = [row for row, said in zip(others, troubles(others)) if said]
        more, what = '', 'it'
        if bad:
            what = 'them'
            more = f'; {len(bad) + 1:,} pictures cannot be read, this one, '
            more += several(map(place, bad))
        raise Unusable(
            f'{place(first)}: {reason}{more}; put {what} right and give the same '
            f'command again, or --on-corrupt=skip leaves {what} out'
        )


def check(found: Found) -> None:
    """Stops at what would make a wrong data set.

    Raises:
      Unusable: nothing to train on, an empty training class, one class only, an id used
        twice, a label out of range.
    """
    many = len(found.class_names)
    if many < 2:
        raise Unusable(
            f'one class only ({", ".join(found.class_names) or "none"}), '
            'nothing written: is --source a level too high or too low?'
        )
    if not found.splits['train']:
        raise Unusable('no picture in the train split, nothing written')
    for split, pictures in found.splits.items():
        first = {}
        for picture in pictures:
            if not 0 <= picture.label < many or not -1 <= picture.clean_label < many:
                raise Unusable(
                    f'{place(picture)}: label {picture.label}, clean label '
                    f'{picture.clean_label}; wanted 0 to {many - 1}'
                )
            if not picture.id or '\0' in picture.id:
                raise Unusable(
                    f'{place(picture)}: the id {quoted(picture.id)}; wanted a text'
                )
            other = first.setdefault(picture.id, picture)
            if other is not picture:
                raise Unusable(
                    f'the id {quoted(picture.id)} is used twice in {split}: by '
                    f'{place(other)} and {place(picture)}; ids must be unique'
                )
    used = {picture.label for picture in found.splits['train']}
    empty = [name for i, name in enumerate(found.class_names) if i not in used]
    if empty:
        raise Unusable(
            f'no training picture of {", ".join(empty)}, nothing written: '
            'see the counts above'
        )
