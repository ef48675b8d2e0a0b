"""A finished run, read from its folder."""

import json
import pathlib
from typing import NamedTuple

import numpy as np
from scipy import special

from fer_jax.data import tables, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

LABELS = ('given_label', 'final_label', 'suggested_label')
TRUST = 'clean_probability_'


class FinishedRun(NamedTuple):
    """What a run left behind."""

    folder: pathlib.Path
    result: dict  # result.json
    rows: list  # metrics.jsonl, one dict an epoch
    labels: list  # labels.csv, one dict of texts an example
    scores: np.ndarray | None  # [E, P, N] float32, from history.npz

    @property
    def name(self):
        return self.folder.name

    @property
    def trust(self):
        """[P, N] float64 in [0, 1]: that each label is right, by network."""
        first = self.labels[0]
        names = [name for name in first if name.startswith(TRUST)]
        columns = [[float(row[name]) for row in self.labels] for name in names]
        return np.array(columns, np.float64).reshape(len(names), len(self.labels))

    @property
    def log_odds(self):
        """[P, N] float64, finite: the log-odds of `trust`."""
        return special.logit(np.clip(self.trust, 1e-300, 1 - 1e-15))


def read(folder):
    """The run in `folder`.

    Raises:
      Missing: there is no finished run.
      whole.Damaged: its files are not what a run wrote.
    """
    folder = pathlib.Path(folder)
    if not (folder / 'result.json').is_file():
        raise Missing(
            f'{folder}: no result.json, so no finished run; train it first, or start'
            ' the same command again to finish it'
        )
    # runs that do not say what they answer by did so by their first network
    result = {'answer': '1'} | json.loads((folder / 'result.json').read_text())
    labels = read_labels(folder / 'labels.csv', result['class_names'])
    with np.load(folder / 'history.npz') as history:
        scores = history['scores'] if history['scores'].size else None
    if scores is not None and scores.shape[-1] != len(labels):
        raise whole.Damaged(
            f'{folder}: labels.csv has {len(labels):,} rows and history.npz the scores'
            f' of {scores.shape[-1]:,} examples; give the folder as its run left it'
        )
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    return FinishedRun(
        folder=folder,
        result=result,
        rows=[json.loads(line) for line in lines],
        labels=labels,
        scores=scores,
    )


def read_labels(path, class_names):
    """The rows of labels.csv, one dict of texts an example.

    Raises:
      Missing: no such file.
      whole.Damaged: not what a run wrote; names the line.
    """
    known = {*class_names}
    try:
        rows = [*tables.rows(path, (*LABELS, 'clean_label', 'flips', 'id'))]
        for row in rows:
            where, texts = f'{path} {row.line}', row.texts()
            named = [texts[name] for name in LABELS]
            named += filter(None, [texts['clean_label']])
            foreign = [name for name in named if name not in known]
            if foreign:
                raise Unusable(f'{where}: {quoted(foreign[0])} is no class of the run')
            tables.integer(texts['flips'], where)
            trust = [texts[name] for name in texts if name.startswith(TRUST)]
            if not all(0 <= value <= 1 for value in tables.numbers(trust, where)):
                raise Unusable(f'{where}: wanted probabilities from 0 to 1')
        if not rows:
            raise Unusable(f'{path} has no rows')
    except Missing:
        raise
    except Unusable as error:
        raise whole.Damaged(
            f'{error}; remove result.json and give the command of the run again, which'
            ' writes both anew'
        ) from None
    return [row.texts() for row in rows]
