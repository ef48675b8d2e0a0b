"""A finished run, read from its folder."""

import csv
import json
import pathlib
from typing import NamedTuple

import numpy as np


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


def read(folder):
    """The run in `folder`.

    Raises:
      FileNotFoundError: there is no finished run.
    """
    folder = pathlib.Path(folder)
    if not (folder / 'result.json').is_file():
        raise FileNotFoundError(
            f'{folder}: no result.json, so no finished run; train it first, or start'
            ' the same command again to finish it'
        )
    with (folder / 'labels.csv').open(encoding='utf-8') as file:
        labels = list(csv.DictReader(file))
    with np.load(folder / 'history.npz') as history:
        scores = history['scores'] if history['scores'].size else None
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    return FinishedRun(
        folder=folder,
        result=json.loads((folder / 'result.json').read_text()),
        rows=[json.loads(line) for line in lines],
        labels=labels,
        scores=scores,
    )
