"""Published noise lists (noise_formats.py) <-> NoiseLists of a prepared set.

Numbers follow the set's own order of classes (sets.SETS), whatever the order of the
prepared folder. A row belongs to the example of its id: a file name is that id, or
shares its last part without `.jpg` and `_aligned`. DivideMix and CIFAR-N have no ids.
There the set's ids tell the source's order, `train-00012`: the k-th label belongs to
the k-th of them by number. CIFAR-N's clean labels must then agree with the set's true
ones in every row, and the noisy labels of both more often than by chance, class by
class: so a table of coarser classes is refused, whatever it is called.
"""

import os
import pathlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from fer_jax.data import noise_list, pickles, sets, whole
from fer_jax.data.noise_formats import FORMATS, Rows
from fer_jax.data.noise_list import NoiseList
from fer_jax.data.prepared import Prepared
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable
from fer_jax.numerics import noise


def read(
    name: str,
    path: str | os.PathLike,
    data: Prepared,
    *,
    table: str | None = None,
    drop_test_rows: bool = False,
    most: int = pickles.LARGEST,
) -> NoiseList:
    """The NoiseList that a file of the format `name` gives to a prepared set.

    Args:
      table: which labels of a CIFAR-N file, such as worse_label; None: the only ones.
      drop_test_rows: leave out rows about test examples; they are counted in the
        list's protocol. Else such rows are an error.
      most: bytes of a CIFAR-N file, and of what it holds.

    Raises:
      Unusable: rows that are none of the format; unknown, missing and double ids (the
        first few are named); test rows; an order that is not the set's.
      Missing: no such file.
    """
    form, path = _format(name, table), pathlib.Path(path)
    if not path.is_file():
        raise Missing(f'{path}: no such file; give the list to import')
    rows = form.read(path, table, most)
    labels = _places(path, rows, rows.labels, form.first, data)
    if form.named:
        places = _by_id(path, rows, data)
    else:
        places = _by_order(path, rows, labels, data)
    tests = places < 0
    if tests.any() and not drop_test_rows:
        raise Unusable(
            f'{path} has {tests.sum():,} rows about test examples, '
            f'{_few(np.array(rows.names)[tests])}; noise is for the training split: '
            'leave them out with --test-rows=drop'
        )
    given = np.full(len(data.train.ids), -1, np.int32)
    given[places[~tests]] = labels[~tests]
    if (given < 0).any():
        missing = data.train.ids[given < 0]
        raise Unusable(
            f'{path} lacks {len(missing):,} training examples: {_few(missing)}; '
            'import the list into the set that it was made for'
        )
    true = noise_list.true_labels(data.test)[-1 - places[tests]]
    protocol = {
        'dataset': data.digest,
        'kind': 'imported',
        'format': name,
        'file': path.name,
        'file_sha256': whole.file_sum(path),
        'table': table,
        'test_rows_dropped': int(tests.sum()),
        'test_rows_wrong': int(np.sum(labels[tests] != true)),
    }
    return noise_list.of(data, given, protocol)


def write(
    name: str,
    path: str | os.PathLike,
    given: NoiseList,
    data: Prepared,
    *,
    table: str | None = None,
) -> None:
    """Writes a NoiseList of a prepared set in the format `name`, whole or not at all.

    Args:
      table: what a CIFAR-N file calls the labels; None: noisy_label.

    Raises:
      Unusable: ids that the format cannot carry, or a path that it does not have.
    """
    form, path = _format(name, table), pathlib.Path(path)
    own = _own_order(data)
    called = {place: number + (form.first or 0) for number, place in enumerate(own)}
    if form.first is None:
        called = dict(enumerate(data.class_names))
    labels, clean = (
        np.array([called[place] for place in column.tolist()])
        for column in (given.labels, noise_list.true_labels(data.train))
    )
    rows = Rows(labels.tolist(), data.train.ids.tolist())
    if not form.named:
        order = _source_order(path, data)
        rows = Rows(labels[order].tolist(), clean=clean[order].tolist())
    content = form.write(path, table, rows)
    if name in ('resup', 'eac', 'scn'):
        _check_names(path, content, data)
    with whole.replacing(path) as file:
        file.write(content)


def check_order(
    path: str | os.PathLike,
    labels: np.ndarray,
    clean: Sequence[int] | np.ndarray | None,
    true: np.ndarray,
) -> None:
    """Stops at a list without ids whose order or classes are not those of the set.

    Args:
      labels: [N] of the list, at `path`.
      clean: [N] clean labels of the list, or None where it has none.
      true: [N] of the set, in the order of its source.

    Raises:
      Unusable: a clean label differs; the list agrees with the true labels no more than
        another order would; or few classes are most often labelled as themselves, as
        numbers of coarser classes or of classes in another order do.
    """
    if clean is None:
        wrong = 0
    elif len(clean) != len(true):
        wrong = len(true)
    else:
        wrong = int(np.sum(np.asarray(clean) != true))
    if wrong:
        raise Unusable(
            f'{path}: its clean labels are not those of the set in {wrong:,} of '
            f'{len(true):,} rows, so its order is another one; get the list for '
            'the order of the original files'
        )
    counts = noise.realised(true, labels, max(np.max(true), np.max(labels)) + 1)
    chance = counts.sum(axis=0) @ counts.sum(axis=1) / len(true) ** 2
    agreement = np.mean(labels == true)
    # three standard deviations of what another order would give
    if agreement < chance + 3 * np.sqrt(chance * (1 - chance) / len(true)):
        raise Unusable(
            f'{path} agrees with {agreement:.1%} of the true labels, as any order '
            f'would ({chance:.1%}); it is a list of another set or order'
        )
    present = counts.sum(axis=1) > 0
    own = np.sum((counts.diagonal() == counts.max(axis=1)) & present)
    if 2 * own < present.sum():
        raise Unusable(
            f'{path}: only {own} of {present.sum()} classes are most often labelled as '
            'themselves, so its labels are those of other classes; choose another table'
        )


def _source_order(path, data):
    """Training rows [N] in the source's own order, told by ids such as train-00012."""
    matches = [re.fullmatch(r'train[-_](\d+)\D*', name) for name in data.train.ids]
    if None in matches:
        odd = data.train.ids[matches.index(None)]
        raise Unusable(
            f'{path}: its format has no ids, and ids like {odd} do not tell the order '
            'of the source; use a csv of id,label'
        )
    numbers = np.array([int(match[1]) for match in matches])
    if len(np.unique(numbers)) < len(numbers):
        raise Unusable(f'{path}: two ids of the training split have one number')
    return np.argsort(numbers)


def _by_order(path, rows, labels, data):
    """Training row of each of the labels [N] of a list without ids."""
    order = _source_order(path, data)
    if len(labels) != len(order):
        raise Unusable(
            f'{path} has {len(labels):,} labels and the training split '
            f'{len(order):,}: its labels have no ids, so it must have one for each'
        )
    clean = rows.clean and _places(path, rows, rows.clean, 0, data)
    check_order(path, labels, clean, noise_list.true_labels(data.train)[order])
    return order


def _by_id(path, rows, data):
    """Training row of each row [n]; -1 - row for rows about test examples."""
    find = _finder(data)
    places = [find(name) for name in rows.names]
    unknown = [name for name, place in zip(rows.names, places) if place is None]
    if unknown:
        raise Unusable(
            f'{path} has {len(unknown):,} ids that the set does not have: '
            f'{_few(unknown)}; the set has ids like {data.train.ids[0]}'
        )
    places = np.array(places, np.int64)
    _, first, counts = np.unique(places, return_index=True, return_counts=True)
    if (counts > 1).any():
        double = [rows.names[row] for row in np.sort(first[counts > 1])]
        raise Unusable(
            f'{path} has {len(double):,} ids more than once: {_few(double)}; '
            'leave one row for each'
        )
    return places


def _finder(data):
    """name -> training row, -1 - row of a test example, or None."""
    exact, spelled, ends = {}, {}, {}
    for ids, encode in ((data.train.ids, int), (data.test.ids, lambda row: -1 - row)):
        for row, name in enumerate(ids.tolist()):
            exact.setdefault(name, encode(row))
            # what several examples share names none of them
            for key, table in ((_spelled(name), spelled), (_end(name), ends)):
                table[key] = None if key in table else encode(row)

    def find(name):
        known = name if name in exact else name.strip()
        if known in exact:
            return exact[known]
        return spelled.get(_spelled(known), ends.get(_end(known)))

    return find


def _spelled(name):
    """A name in composed characters: a disk of a Mac's has é as e and an accent."""
    return unicodedata.normalize('NFC', name)


def _end(name):
    """'/home/aligned/train_00001_aligned.jpg' -> 'train_00001'."""
    name = _spelled(name).replace('\\', '/').rpartition('/')[2]
    return re.sub(r'(_aligned)?\.(jpe?g|png|bmp)$', '', name, flags=re.IGNORECASE)


def _own_order(data):
    """Place in the folder's classes of each class in the set's own order."""
    known = sets.SETS[data.set_name].class_names or data.class_names
    return [data.class_names.index(name) for name in known if name in data.class_names]


def _places(path, rows, labels, first, data):
    """Labels of a file -> places [n] int32 in the folder's classes."""
    if first is None:
        known = {name: place for place, name in enumerate(data.class_names)}
        wanted = f'a class name or 0 to {len(known) - 1}'
        if not any(name.isdigit() for name in known):
            known |= {str(place): place for place in known.values()}
        for word in set(labels) - known.keys():
            known[word] = sets.number_of(word, data.class_names)
        classes = [known[word] for word in labels]
    else:
        known = {str(k + first): place for k, place in enumerate(_own_order(data))}
        wanted = f'{first} to {first + len(known) - 1}'
        classes = [known.get(str(label)) for label in labels]
    if None in classes:
        row = classes.index(None)
        line = row if rows.numbers is None else rows.numbers[row]
        raise Unusable(
            f'{path}: row {line} has the label {quoted(labels[row])}, wanted {wanted}'
        )
    return np.array(classes, np.int32)


def _format(name, table):
    if name not in FORMATS:
        raise Unusable(f'unknown format {name!r}; there are: {", ".join(FORMATS)}')
    if table and name != 'cifarn':
        raise Unusable(f'--table chooses labels of a cifarn file; {name} has one')
    return FORMATS[name]


def _few(names):
    """'a, b, c and 7 more'."""
    more = f' and {len(names) - 3:,} more' if len(names) > 3 else ''
    return ', '.join(quoted(name) for name in names[:3]) + more


def _check_names(path, content, data):
    """Raises Unusable when file names lead back to other examples, or to none."""
    find = _finder(data)
    for row, line in enumerate(content.decode().splitlines()):
        if find(line.rpartition(' ')[0]) != row:
            raise Unusable(
                f'{path}: the format names files, and {data.train.ids[row]} shares its '
                'with another example; export a csv'
            )
