"""The labels of a finished run and everything that is known about them."""

import pathlib
from typing import NamedTuple

import numpy as np

from fer_jax.analysis import calibration, opinions, runs, signals
from fer_jax.data import documents, prepared
from fer_jax.errors import Unusable
from fer_jax.numerics import flips
from fer_jax.training import contents, examples, files, history


class Case(NamedTuple):
    """A finished run's labels, row i being example i of its tables."""

    run: runs.FinishedRun
    names: tuple  # of the C classes
    ids: np.ndarray  # [N] str
    given: np.ndarray  # [N] int
    suggested: np.ndarray  # [N] int
    final: np.ndarray  # [N] int, the relabel table at the end
    clean_labels: np.ndarray  # [N] int, -1 where unknown
    networks: np.ndarray  # [P, N] probability that a label is right, by network
    right: np.ndarray  # [N] float64, calibrated probability that it is right
    rate: float | None  # of wrong labels, given by who knows it; None: estimated
    evidence: np.ndarray | None  # [N, C] float32, mean probabilities over the epochs
    tables: np.ndarray  # [E, N] int32, the labels after each epoch, mapped
    flips: flips.Flips  # of all epochs
    judged: signals.Judgement  # by what
    scale: opinions.Scale  # of the scores
    data: prepared.Prepared | str  # or a line that says why there is none

    @property
    def known(self) -> np.ndarray:
        """[N] bool: whether the clean label is."""
        return self.clean_labels >= 0

    @property
    def wrong(self) -> np.ndarray:
        """[N] bool: known to be wrong."""
        return self.known & (self.clean_labels != self.given)

    @property
    def order(self) -> np.ndarray:
        """[N] int: examples from the least trusted label on, as the page has them."""
        return np.argsort(self.right, kind='stable')

    @property
    def rank(self) -> np.ndarray:
        """[N] int32: place of each example in `order`."""
        return np.argsort(self.order).astype(np.int32)


def read(
    workdir: pathlib.Path | str,
    folder: pathlib.Path | str | None = None,
    rate: float | None = None,
) -> Case:
    """The Case of the finished run in `workdir`.

    Args:
      folder: of its prepared data; None: where the run found them.
      rate: share of wrong labels in (0, 1), from somebody who knows it better than the
        estimate; None: estimated.

    Raises:
      Missing: no finished run there.
      Unusable: the run has no opinion of its labels, `folder` is another set, or a
        rate out of range.
    """
    if rate is not None and not 0 < rate < 1:
        raise Unusable(f'--rate={rate}; wanted a share in (0, 1): for 30 % give 0.3')
    found = runs.read(workdir)
    documents.check(
        found.result, contents.AUDITED, f'{workdir}: {files.RESULT}', contents.BACK
    )
    names, judged = tuple(found.result['class_names']), signals.of(found)
    labels, estimate = found.labels, calibration.wrong_rate(found.rows, len(names))
    tables = found.past.all('labels')
    return Case(
        run=found,
        names=names,
        ids=labels.ids,
        given=labels.given,
        suggested=labels.suggested,
        final=labels.final,
        clean_labels=labels.clean,
        networks=labels.trust,
        right=calibration.right_probability(
            found.scores, judged.rising, rate or estimate
        ),
        rate=rate,
        evidence=history.read_evidence(found.folder),
        tables=tables,
        flips=flips.until_now(labels.given, tables, len(names)),
        judged=judged,
        scale=opinions.scale(judged.name, judged.rising),
        data=data_of(found, folder),
    )


def data_of(
    found: runs.FinishedRun, folder: pathlib.Path | str | None
) -> prepared.Prepared | str:
    """The prepared set of a run, or a line that says why it cannot be had.

    Raises:
      Unusable: `folder` was given and is another set.
    """
    config = found.result['config']['data']
    try:
        data = prepared.load(folder or config['dir'])
        if data.digest != found.result['dataset_digest']:
            raise Unusable(f'{data.folder} is not the set that the run learned from')
        return examples.check_records(data, config['on_corrupt'])[0]
    except (ValueError, OSError) as error:
        if folder:
            raise
        return f'The pictures could not be read: {error}. Give --data=FOLDER.'
