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

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from fer_jax.data import sets, tables
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

EMOTIONS = sets.SETS['ferplus'].class_names  # the table's columns
COLUMNS = (*EMOTIONS, 'unknown', 'NF')
RULES = {'majority7': EMOTIONS[:7], 'majority8': EMOTIONS, 'plurality': EMOTIONS}
FILE = 'fer2013new.csv'
HEADER = ['Usage', 'Image name', *COLUMNS]
MOST = 100  # votes; ten people looked at a face


class Row(NamedTuple):
    """A face in a table of votes."""

    usage: str
    name: str  # of the image; '' where there is none
    votes: list  # ten counts
    line: str  # where it stands
    number: int  # of that line, from 1


def decide(votes: np.ndarray, rule: str) -> tuple[np.ndarray, np.ndarray]:
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


def aligned(path: str | os.PathLike, usage: np.ndarray) -> list[Row]:
    """The Rows of a FERPlus table that aligns row by row with FER2013's.

    The `Image name` column is no row number and is not used; `Usage` of both tables
    must agree in every row.

    Args:
      path: fer2013new.csv.
      usage: the Usage column [N] of fer2013.csv.

    Raises:
      Unusable: another header, another number of rows, rows that do not align or
        votes that are no counts.
    """
    table = [*rows(path)]
    if len(table) != len(usage):
        raise Unusable(
            f'{path} has {len(table):,} rows and fer2013.csv {len(usage):,}: '
            'they align row by row, so take both from one release'
        )
    for number, (row, wanted) in enumerate(zip(table, usage)):
        if row.usage != wanted:
            raise Unusable(
                f'{path}: row {number} has Usage {quoted(row.usage)}; '
                f'wanted {wanted}, as in that row of fer2013.csv'
            )
    return table


def rows(path: str | os.PathLike) -> Iterator[Row]:
    """The Rows of fer2013new.csv. Raises as `aligned`."""
    for row in tables.rows(path, HEADER):
        votes = counts([row[name] for name in COLUMNS], f'{path} {row.line}')
        yield Row(row['Usage'], row['Image name'], votes, row.line, row.number)


def counts(votes: Iterable[str], where: str) -> list[int]:
    """Ten votes as whole numbers; Unusable that says where they stand."""
    numbers = [tables.integer(vote, f'{where}, votes') for vote in votes]
    if not all(0 <= vote <= MOST for vote in numbers):
        raise Unusable(f'{where}: votes {numbers}; wanted counts from 0 to {MOST}')
    return numbers
