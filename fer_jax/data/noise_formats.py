"""Noise lists in the formats that authors publish: files <-> rows.

  resup, eac  `train_00001.jpg 5`: file name and number of the class, from 1
              (Zhang et al. 2023, Zhang et al. 2022; RAF-DB). ReSup's symmetric files
              list the test rows too, corrupted like the others
  scn         `/home/.../train_00001_aligned.jpg 4`: the author's path, from 0
              (Wang et al. 2020)
  dividemix   a JSON list of numbers from 0 (Li et al. 2020; CIFAR)
  cifarn      {'clean_label': [N], 'worse_label': [N], ...}, numbers from 0, as torch's
              .pt or NumPy's .npy (Wei et al. 2022; CIFAR); no pickled code is run
  csv         `id,label`: a class by its name, or its place in the prepared folder

noise_exchange.py says which example of a set a row belongs to.
"""

import functools
import io
import json
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fer_jax.data import documents, pickles, tables
from fer_jax.data.noise_list import HEADER
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

CLEAN = 'clean_label'  # CIFAR-N's name of the true labels
LIST = documents.sequence(documents.ANY)  # DivideMix's


class Rows(NamedTuple):
    """A list as a file has it."""

    labels: list  # numbers as int or text; class names in a csv
    names: list | None = None  # what each row calls its example; None: by order
    clean: list | None = None  # numbers of the true classes, where the file has them
    numbers: Sequence | None = None  # of the lines that the rows stand in; None: from 0


class Format(NamedTuple):
    """How a format is read and written."""

    read: Callable  # (path, table, most bytes) -> Rows
    write: Callable  # (path, table, Rows) -> bytes
    first: int | None = 0  # number of the first class; None: classes by name
    named: bool = True  # its rows have ids


def _read_lines(path, *_):
    rows = [*tables.lines(path, 'NAME CLASS')]
    numbers, fields = zip(*rows) if rows else ((), ())
    names, labels = zip(*fields) if rows else ((), ())
    return Rows([*labels], [*names], numbers=numbers)


def _write_lines(ending, _path, _table, rows):
    bare = (re.sub(r'\.(jpe?g|png|bmp)$', '', name) for name in rows.names)
    lines = (f'{name}{ending} {label}\n' for name, label in zip(bare, rows.labels))
    return ''.join(lines).encode()


def _read_json(path, *_):
    labels = documents.read(path, LIST, 'DivideMix writes a list of numbers')
    return Rows(labels)


def _write_json(_path, _table, rows):
    return json.dumps(rows.labels).encode()


def read_cifarn(
    path: str | os.PathLike, table: str | None, most: int = pickles.LARGEST
) -> Rows:
    """Rows of a CIFAR-N file; `table` names its labels, None: the only ones there.
    It is of at most `most` bytes, and holds no more.

    CIFAR-100N has the labels of the 20 coarse classes, too; they are meant only when
    `table` names them.

    Raises:
      Unusable: no such labels, or something other than labels.
    """
    content = pickles.read(path, most)
    if isinstance(content, np.ndarray):
        content = {table or 'labels': content}
    if not isinstance(content, dict) or not all(
        isinstance(name, str) for name in content
    ):
        raise Unusable(f'{path} holds no tables of labels, as CIFAR-N has')
    names = [name for name in content if not name.startswith('clean')]
    fine = [name for name in names if 'coarse' not in name]
    chosen = table or (fine[0] if len(fine) == 1 else None)
    if chosen is None or chosen not in content:
        raise Unusable(
            f'{path} has the labels {", ".join(map(quoted, names[:9]))}; name one of '
            f'them, given: {table or "none"}'
        )
    columns = [_column(path, name, content.get(name, [])) for name in (chosen, CLEAN)]
    return Rows(columns[0], clean=columns[1] or None)


def _column(path, name, values):
    """A table of labels as a list of int."""
    try:
        column = np.asarray(values)
    except ValueError:  # lists of several lengths
        column = np.array(None)
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1:
        raise Unusable(f'{path}: {quoted(name)} is no list of labels')
    if column.size and not np.issubdtype(column.dtype, np.integer):
        raise Unusable(f'{path}: {quoted(name)} is of {column.dtype}, wanted integers')
    return column.tolist()


def _write_cifarn(path, table, rows):
    columns = {CLEAN: rows.clean, table or 'noisy_label': rows.labels}
    columns = {name: np.array(column, np.int64) for name, column in columns.items()}
    buffer = io.BytesIO()
    if path.suffix == '.npy':
        np.save(buffer, columns)
    elif path.suffix == '.pt':  # what torch.save makes of a dict of arrays
        with zipfile.ZipFile(buffer, 'w') as archive:
            archive.writestr(f'{path.stem}/data.pkl', pickle.dumps(columns, protocol=2))
            archive.writestr(f'{path.stem}/version', '3\n')
    else:
        raise Unusable(f'{path}: CIFAR-N lists are .pt or .npy files')
    return buffer.getvalue()


def _read_csv(path, *_):
    rows = [*tables.rows(path, HEADER)]
    return Rows(
        [row['label'] for row in rows],
        [row.exact('id') for row in rows],
        numbers=[row.number for row in rows],
    )


def _write_csv(_path, _table, rows):
    return tables.text(HEADER, zip(rows.names, rows.labels)).encode()


FORMATS = {
    'resup': Format(_read_lines, functools.partial(_write_lines, '.jpg'), first=1),
    'eac': Format(_read_lines, functools.partial(_write_lines, '.jpg'), first=1),
    'scn': Format(_read_lines, functools.partial(_write_lines, '_aligned.jpg')),
    'dividemix': Format(_read_json, _write_json, named=False),
    'cifarn': Format(read_cifarn, _write_cifarn, named=False),
    'csv': Format(_read_csv, _write_csv, first=None),
}
