"""A finished run, read from its folder."""

import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.data import whole
from fer_jax.training import contents, files, history


class Told(NamedTuple):
    """What a finished run says of itself, without its examples."""

    folder: pathlib.Path
    result: dict  # result.json
    rows: list  # metrics.jsonl, one dict an epoch

    @property
    def name(self) -> str:
        return self.folder.name


class FinishedRun(NamedTuple):
    """What a run left behind."""

    folder: pathlib.Path
    result: dict  # result.json
    rows: list  # metrics.jsonl, one dict an epoch
    labels: files.Labels
    past: history.History
    scores: np.ndarray  # [E, P, N] float32, mapped from its file

    @property
    def name(self) -> str:
        return self.folder.name


def told(workdir: pathlib.Path | str) -> Told:
    """What the run in `workdir` says of itself. Raises as `read`."""
    workdir = pathlib.Path(workdir)
    result = files.read_result(workdir)
    rows = files.read_rows(workdir)
    if not rows:
        raise whole.Damaged(f'{workdir}: no {files.ROWS}; {contents.BACK}')
    return Told(workdir, result, rows)


def read(workdir: pathlib.Path | str) -> FinishedRun:
    """The run in `workdir`.

    Raises:
      Missing: there is no finished run.
      Damaged: its files are not what a run wrote.
    """
    workdir, result, rows = told(workdir)
    labels = files.read_labels(workdir, result['class_names'])
    past = history.History(workdir, len(rows))
    scores, tables = past.all('scores'), past.all('labels')
    places = len(result['class_names'])
    if not 0 <= tables.min() <= tables.max() < places:
        raise whole.Damaged(
            f'{workdir}: labels of history.npz are not in 0 to {places - 1};'
            f' {contents.BACK}'
        )
    if scores.shape[-1] != len(labels.ids):
        raise whole.Damaged(
            f'{workdir}: labels.csv has {len(labels.ids):,} rows and history.npz the'
            f' scores of {scores.shape[-1]:,} examples; give the folder as its run left'
            ' it'
        )
    return FinishedRun(workdir, result, rows, labels, past, scores)
