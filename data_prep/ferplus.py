"""FERPlus: from ten votes a face to one label (Barsoum et al. 2016).

Ten people looked at each face of FER2013; `fer2013new.csv` counts their votes for
eight emotions, "unknown" and "NF" (not a face). A rule turns the counts v of a face
into a label or drops the face. Every rule first sets single votes to 0, as the
authors' code does: v_c <- v_c [v_c > 1].

  majority8   the column with the most votes, when it holds more than half of the
              remaining ones (2 max v > sum v, over all ten columns); dropped
              otherwise, and when that column is unknown or NF
  majority7   the same, and contempt is dropped too
  plurality   the emotion with the most votes among the eight, however few; dropped
              on a tie and when no emotion has a vote left
"""

import csv

import numpy as np

from fer_jax.data import sets
from fer_jax.errors import Unusable

EMOTIONS = sets.SETS['ferplus'].class_names  # the table's columns
COLUMNS = (*EMOTIONS, 'unknown', 'NF')
RULES = {'majority7': EMOTIONS[:7], 'majority8': EMOTIONS, 'plurality': EMOTIONS}
FILE = 'fer2013new.csv'
HEADER = ['Usage', 'Image name', *COLUMNS]


def decide(votes, rule):
    """Label of each face under a rule, and why a face has none.

    Args:
      votes: counts [N, 10] int, in the order of COLUMNS.
      rule: a key of RULES, whose value names the classes in order.

    Returns:
      labels [N] int32, -1 where dropped; reasons [N] str, '' where kept.
    """
    counts = np.where(votes > 1, votes, 0)
    if rule == 'plurality':
        counts = counts[:, : len(EMOTIONS)]
        most = counts.max(axis=1)
        tied = (counts == most[:, None]).sum(axis=1) > 1
        labels = counts.argmax(axis=1)
        reasons = np.select([most == 0, tied], ['no vote left', 'tie'], '')
    else:
        labels = counts.argmax(axis=1)
        outright = 2 * counts.max(axis=1) > counts.sum(axis=1)
        names = np.array(COLUMNS)[labels]
        reasons = np.where(labels < len(RULES[rule]), '', names)
        reasons = np.where(outright, reasons, 'no majority')
    return np.where(reasons == '', labels, -1).astype(np.int32), reasons


def read_votes(path, usage):
    """Votes [N, 10] int32 of a FERPlus table that aligns row by row with FER2013's.

    The `Image name` column is no row number and is not read; `Usage` of both tables
    must agree in every row.

    Args:
      path: fer2013new.csv.
      usage: the Usage column [N] of fer2013.csv.

    Raises:
      Unusable: another header, another number of rows, rows that do not align or
        votes that are no counts.
    """
    with open(path, newline='', encoding='utf-8') as file:
        rows = list(csv.reader(file))
    header, rows = (rows[0] if rows else []), rows[1:]
    if header != HEADER:
        raise Unusable(
            f'{path}: the header is {",".join(header)!r}, want {",".join(HEADER)!r}'
        )
    if len(rows) != len(usage):
        raise Unusable(
            f'{path} has {len(rows):,} rows and fer2013.csv {len(usage):,}: '
            'they align row by row, so take both from one release'
        )
    votes = np.zeros((len(rows), len(COLUMNS)), np.int32)
    for number, row in enumerate(rows):
        if len(row) != len(HEADER) or row[0] != usage[number]:
            raise Unusable(
                f'{path}: row {number} starts with {",".join(row[:2])!r} and has '
                f'{len(row)} fields, want {usage[number]} and {len(HEADER)} fields, '
                'as row for row in fer2013.csv'
            )
        try:
            votes[number] = row[2:]
        except ValueError:
            raise Unusable(
                f'{path}: the votes of row {number} are {",".join(row[2:])}, '
                f'want {len(COLUMNS)} whole numbers'
            ) from None
    return votes
