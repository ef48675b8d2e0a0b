"""A finished run, read from its folder."""

import json
import pathlib
from typing import NamedTuple

import numpy as np
from scipy import special

from fer_jax.data import tables
from fer_jax.errors import Missing


class FinishedRun(NamedTuple):
    """What a run left behind."""

    folder: pathlib.Path
    result: dict  # result.json
    rows: list  # metrics.jsonl, one dict an epoch
    labels: list  # labels.csv, one dict an example
    scores: np.ndarray | None  # [E, P, N] float32, from history.npz

    @property
    def name(self):
        return self.folder.name

    @property
    def trust(self):
        """[P, N] float64 in [0, 1]: that each label is right, by network."""
        first = self.labels[0]
        names = [name for name in first if name.startswith('clean_probability_')]
        columns = [[float(row[name]) for row in self.labels] for name in names]
        return np.array(columns, np.float64).reshape(len(names), len(self.labels))

    @property
    def log_odds(self):
        """[P, N] float64, finite: the log-odds of `trust`."""
        return special.logit(np.clip(self.trust, 1e-300, 1 - 1e-15))


def read(folder):
    """The run in `folder`.

    Raises:
      FileNotFoundError: there is no finished run.
    """
    folder = pathlib.Path(folder)
    if not (folder / 'result.json').is_file():
        raise Missing(
            f'{folder}: no result.json, so no finished run; train it first, or start'
            ' the same command again to finish it'
        )
    table = tables.rows(folder / 'labels.csv', ('id', 'given_label'))
    labels = [row.texts() for row in table]
    with np.load(folder / 'history.npz') as history:
        scores = history['scores'] if history['scores'].size else None
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    return FinishedRun(
        folder=folder,
        # runs that do not say what they answer by did so by their first network
        result={'answer': '1'} | json.loads((folder / 'result.json').read_text()),
        rows=[json.loads(line) for line in lines],
        labels=labels,
        scores=scores,
    )
