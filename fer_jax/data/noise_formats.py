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

import csv
import functools
import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fer_jax.data import pickles
from fer_jax.errors import Unusable

CLEAN = 'clean_label'  # CIFAR-N's name of the true labels


class Rows(NamedTuple):
    """A list as a file has it."""

    labels: list  # numbers as int or text; class names in a csv
    names: list | None = None  # what each row calls its example; None: by order
    clean: list | None = None  # numbers of the true classes, where the file has them
    first_row: int = 0  # what people call row 0 of the file


class Format(NamedTuple):
    """How a format is read and written."""

    read: Callable  # (path, table) -> Rows
    write: Callable  # (path, table, Rows) -> bytes
    first: int | None = 0  # number of the first class; None: classes by name
    named: bool = True  # its rows have ids


def _text(path):
    try:
        return path.read_text('utf-8-sig')
    except UnicodeDecodeError:
        raise Unusable(f'{path} is no text file; is it of another format?') from None


def _read_lines(path, _):
    rows = [line.rsplit(maxsplit=1) for line in _text(path).rstrip().splitlines()]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise Unusable(
                f'{path}: row {number} is {" ".join(row)!r}, wanted a file name and '
                'the number of a class'
            )
    names, labels = zip(*rows) if rows else ((), ())
    return Rows(list(labels), list(names), first_row=1)


def _write_lines(ending, _path, _table, rows):
    bare = (re.sub(r'\.(jpe?g|png|bmp)$', '', name) for name in rows.names)
    lines = (f'{name}{ending} {label}\n' for name, label in zip(bare, rows.labels))
    return ''.join(lines).encode()


def _read_json(path, _):
    try:
        labels = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise Unusable(f'{path} is no JSON: {error}') from None
    if not isinstance(labels, list):
        raise Unusable(f'{path} is no list of labels; DivideMix writes one')
    return Rows(labels)


def _write_json(_path, _table, rows):
    return json.dumps(rows.labels).encode()


def read_cifarn(path, table):
    """Rows of a CIFAR-N file; `table` names its labels, None: the only ones there.

    Raises:
      Unusable: no such labels, or something other than labels.
    """
    found = pickles.read(path)
    if isinstance(found, np.ndarray):
        found = {table or 'labels': found}
    if not isinstance(found, dict):
        raise Unusable(f'{path} holds no tables of labels, as CIFAR-N has')
    names = [name for name in found if name != CLEAN]
    chosen = table or (names[0] if len(names) == 1 else None)
    if chosen not in found:
        raise Unusable(
            f'{path} has the labels {", ".join(map(str, names))}; name one of them, '
            f'given: {table or "none"}'
        )
    tables = []
    for name in (chosen, CLEAN):
        column = np.asarray(found.get(name, []))
        if column.size and not np.issubdtype(column.dtype, np.integer):
            raise Unusable(f'{path}: {name} is of {column.dtype}, wanted integers')
        tables.append(column.reshape(-1).tolist())
    return Rows(tables[0], clean=tables[1] or None)


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


def _read_csv(path, _):
    rows = list(csv.reader(io.StringIO(_text(path), newline='')))
    if not rows or rows[0] != ['id', 'label']:
        found = ','.join(rows[0]) if rows else ''
        raise Unusable(f'{path}: the header is {found!r}, wanted id,label')
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != 2:
            raise Unusable(
                f'{path}: row {number} has {len(row)} fields, wanted id and label'
            )
    return Rows([row[1] for row in rows[1:]], [row[0] for row in rows[1:]], first_row=2)


def _write_csv(_path, _table, rows):
    text = io.StringIO(newline='')
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['id', 'label'])
    writer.writerows(zip(rows.names, rows.labels))
    return text.getvalue().encode()


FORMATS = {
    'resup': Format(_read_lines, functools.partial(_write_lines, '.jpg'), first=1),
    'eac': Format(_read_lines, functools.partial(_write_lines, '.jpg'), first=1),
    'scn': Format(_read_lines, functools.partial(_write_lines, '_aligned.jpg')),
    'dividemix': Format(_read_json, _write_json, named=False),
    'cifarn': Format(read_cifarn, _write_cifarn, named=False),
    'csv': Format(_read_csv, _write_csv, first=None),
}
