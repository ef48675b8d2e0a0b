"""Labels written back in the form that a prepared set's source has.

What is written is a source again: the same door takes it with the same options. It is
read back so before it gets its name.
"""

import collections
import os
import pathlib
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from fer_jax.data import prepared, whole
from fer_jax.errors import Unusable

from . import mirror, origin
from .forms import Labels
from .origin import Origin


class Restored(NamedTuple):
    """What was written."""

    gap: str  # what stands in the place of a dropped label; '': its row is gone
    empty: list[str]  # classes without a training label
    command: str  # door and options that import it again


def write(
    data: prepared.Prepared,
    labels: Mapping[str, Labels],
    target: pathlib.Path,
    source: Origin,
    copy: bool = False,
) -> Restored:
    """Writes a folder like the source, with other labels of the training split.

    Args:
      labels: {id: classes that it is to have}, none: it is dropped.
      target: the folder, which must not be there.
      source: of `origin.of`.
      copy: whether to copy pictures and all else; they are linked otherwise.

    Raises:
      Unusable: there is something at `target` already, or it lies in the source.
    """
    target, root, form = target.absolute(), source.root, source.form
    if os.path.realpath(root) in map(os.path.realpath, target.parents):
        raise Unusable(f'{target} lies in the source, {root}; name a folder elsewhere')
    rows = {row.id: row for row in source.found.splits['train']}
    changes = [(rows[name], classes) for name, classes in labels.items()]
    other = mirror.Changes(form.written(changes), form.moved(changes), form.loose)
    parts = None if source.whole else _parts(source)
    with whole.folder(target) as partial:
        mirror.fill(root, partial, other, parts, copy)
        _check(source, labels, partial)
    used = {row.label for row in rows.values() if row.id not in labels}
    used |= {classes[0] for classes in labels.values() if len(classes) == 1}
    return Restored(
        form.gap,
        [name for label, name in enumerate(data.class_names) if label not in used],
        shlex.join([source.door, *origin.elsewhere(source, target), '--out=FOLDER']),
    )


def _parts(source):
    """Names in a folder that are of a source, which is a file in it."""
    pictures = (row.path for rows in source.found.splits.values() for row in rows)
    paths = {os.path.normpath(path) for path in (*source.found.files, *pictures)}
    below = [pathlib.Path(path) for path in paths]
    root = source.root
    return {p.relative_to(root).parts[0] for p in below if p.is_relative_to(root)}


def _check(source, labels, folder):
    """Reads a written source with its door, and holds it against what was meant."""
    again = origin.again(source.door, origin.elsewhere(source, folder)).found
    train, test = (source.found.splits[split] for split in prepared.SPLITS)
    names = source.found.class_names
    kept = collections.Counter((row.id, names[row.label]) for row in test)
    kept.update((row.id, names[row.label]) for row in train if row.id not in labels)
    new = collections.Counter(
        (row.id, names[labels[row.id][0]])
        for row in train
        if len(labels.get(row.id, ())) == 1
    )
    said = collections.Counter(
        (row.id, again.class_names[row.label])
        for rows in again.splits.values()
        for row in rows
    )
    rest = said - kept
    if source.form.renames:
        new, rest = _classes(new), _classes(rest)
    if kept - said or new != rest:
        raise Unusable(
            f'{source.root} was not read back as it was to be, and nothing is written;'
            ' please report this, with the options of its import'
        )


def _classes(counts):
    """A Counter of classes, of one of (id, class)."""
    return collections.Counter(name for _, name in counts.elements())
