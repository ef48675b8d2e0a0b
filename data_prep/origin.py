"""What a prepared set remembers of its source, and how that is found again.

manifest.json has the door and its options as words of a command line, with absolute
paths; so the same door finds the same pictures again, and where their labels stand.
"""

import contextlib
import importlib
import io
import os
import pathlib
from typing import NamedTuple

from fer_jax import doors, home
from fer_jax.data import prepared
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable

from .__main__ import DOORS
from .forms import Form
from .importing import Found, sums


class Origin(NamedTuple):
    """A set's source, as its door finds it now."""

    door: str
    words: list[str]  # of its command line
    root: pathlib.Path  # folder of the source
    whole: bool  # whether all in that folder is of the source
    found: Found

    @property
    def form(self) -> Form:
        """Of its labels."""
        assert self.found.form is not None  # `again` saw to it
        return self.found.form


def of(folder: str | os.PathLike, source: str | os.PathLike | None = None) -> Origin:
    """The Origin of the prepared set in a folder.

    Args:
      source: where its source lies now; None: where it was.

    Raises:
      Missing, Unusable: the set remembers none, or its files have changed since.
    """
    known = prepared.manifest(folder)
    if 'source' not in known:
        raise Unusable(
            f'{folder} does not remember its source, for it is older than that or made'
            f' of no files of pictures; make it again with {home.prepare()}, or give'
            ' --as=csv'
        )
    words = known['source']['words']
    if source is not None:
        words = _now_at(words, os.path.abspath(source))
    origin = again(known['source']['door'], words)
    _check_sums(folder, known, origin)
    _check_labels(prepared.load(folder), origin.found)
    return origin


def again(door: str, words: list[str]) -> Origin:
    """What a door finds by the words of its command line.

    Raises:
      Missing, Unusable: no such door or options, or what the door refuses.
    """
    if door not in DOORS:
        raise Unusable(f'no door {quoted(door)}, which this set was made through')
    module = importlib.import_module(f'.{DOORS[door]}', __package__)
    parser = doors.Parser(f'{home.prepare()} {door}', add_help=False)
    module.add_arguments(parser)
    if parser.get_default('then') is None:  # it would write instead of look
        raise Unusable(f'the door {door} reads no files of pictures; give --as=csv')
    options = parser.parse_args([*words, '--out=none'])
    looked: list[Found] = []
    options.then = lambda options, door, found, **recipe: looked.append(found)
    with contextlib.redirect_stdout(io.StringIO()):  # it was said at the import
        module.run(options)
    if looked[0].form is None:
        raise Unusable(f'labels of a source of {door} are not written; give --as=csv')
    place = pathlib.Path(options.source)
    folder = place if place.is_dir() else place.parent
    words = [word for word in words if not _usual(parser, word)]
    return Origin(door, words, folder, folder == place, looked[0])


def _usual(parser, word):
    """Whether a word of a command line says no more than is so without it."""
    name, equals, value = word.removeprefix('--').partition('=')
    return equals and value == str(parser.get_default(name.replace('-', '_')))


def elsewhere(origin: Origin, folder: pathlib.Path) -> list[str]:
    """The words of the door's command line for a source like it in another folder."""
    return _moved(origin.words, origin.root, folder)


def _now_at(words, source):
    """The words for a source that was moved, with what lies in its folder."""
    name = '--source='
    old = next((word for word in words if word.startswith(name)), name)
    before, now = old.removeprefix(name), source
    if os.path.isfile(source):
        before, now = os.path.dirname(before), os.path.dirname(now)
    return [
        *_moved([word for word in words if word != old], before, now),
        name + source,
    ]


def _moved(words, old, new):
    """The words with the places below the folder `old` as places below `new`."""
    moved = []
    for word in words:
        name, _, value = word.partition('=')
        if os.path.isabs(value) and pathlib.Path(value).is_relative_to(old):
            place = pathlib.Path(new, pathlib.Path(value).relative_to(old))
            word = f'{name}={place}'
        moved.append(word)
    return moved


def _check_sums(folder, known, origin):
    was, now = known['recipe'].get('sources', {}), sums(origin.found.files)
    other = [name for name in now if now[name] not in was.values()]
    if other:
        raise Unusable(
            f'{origin.root}: {printable(", ".join(other))} has changed since {folder}'
            ' was made of it, so its lines may be others; make the set again'
        )


def _check_labels(data, found):
    """Stops where the source does not say of a picture what the set says."""
    for split in prepared.SPLITS:
        rows = {row.id: row for row in found.splits[split]}
        table = getattr(data, split)
        for name, label in zip(table.ids.tolist(), table.labels.tolist()):
            row = rows.get(name)
            said = found.class_names[row.label] if row else 'not there'
            if said != data.class_names[label]:
                raise Unusable(
                    f'{printable(name)} is {data.class_names[label]} in {data.folder}'
                    f' and {said} in its source, which has changed since; make the set'
                    ' again'
                )
