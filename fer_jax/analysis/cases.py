"""The labels of a finished run and everything that is known about them."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from fer_jax.analysis import calibration, opinions, runs, signals, thumbnails, verdict
from fer_jax.data import documents, prepared
from fer_jax.errors import Unusable
from fer_jax.numerics import flips
from fer_jax.training import contents, examples, files, history

ASSUMED = (
    'The estimate takes the test faces to be like the training ones, and their labels'
    ' to be right: with easier faces it comes out too high, with wrong labels too low.'
)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Case(verdict.Verdict):
    """A finished run's labels, row i being example i of its tables."""

    run: runs.FinishedRun
    final: np.ndarray  # [N] int, the relabel table at the end
    networks: np.ndarray  # [P, N] probability that a label is right, by network
    evidence: np.ndarray | None  # [N, C] float32, mean probabilities over the epochs
    tables: np.ndarray  # [E, N] int32, the labels after each epoch, mapped
    flips: flips.Flips  # of all epochs
    judged: signals.Judgement  # by what
    scale: opinions.Scale  # of the scores
    data: prepared.Prepared | str  # or a line that says why there is none

    @property
    def faces(self) -> thumbnails.Faces | str:
        """The pictures, or a line that says why there are none."""
        return self.data if isinstance(self.data, str) else thumbnails.Faces(self.data)

    def doubts(self) -> list[str]:
        """As of every verdict, and what the estimate of the rate rests on."""
        least, most = calibration.RATES
        rate, said = self.rate, super().doubts()
        if not rate.told:
            said.insert(1, ASSUMED)
        if not rate.told and not least < rate.estimate < most:
            end = 'lower' if rate.estimate <= least else 'upper'
            said.append(
                f'The estimated noise rate, {100 * rate.estimate:.0f} %, is the {end}'
                ' end of what is looked for: the order of the labels holds, their'
                ' probabilities may be far off. Most often the networks have learned'
                ' too little to tell.'
            )
        return said

    def content(self, pictures: int = verdict.PICTURES) -> dict[str, Any]:
        """As of every verdict, without what takes a look at the faces by a network."""
        from fer_jax.analysis import audit  # which stands on cases

        return audit.gather(self, pictures, which=None)

    def table(self) -> files.Labels:
        """What labels.csv says."""
        return self.run.labels._replace(right=self.right, rank=self.rank)


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
    calibration.check_rate(rate)
    found = runs.read(workdir)
    documents.check(
        found.result, contents.AUDITED, f'{workdir}: {files.RESULT}', contents.BACK
    )
    names, judged = tuple(found.result['class_names']), signals.of(found)
    labels, tables = found.labels, found.past.all('labels')
    known = calibration.rate_of_run(found.rows, len(names), rate)
    trust = calibration.trust(found.scores, judged.rising)
    evidence = history.read_evidence(found.folder)
    if evidence is not None:  # runs of older versions have none
        trust = calibration.with_evidence(trust, evidence, labels.given)
    return Case(
        run=found,
        name=found.name,
        class_names=names,
        ids=labels.ids,
        given=labels.given,
        suggested=labels.suggested,
        final=labels.final,
        clean_labels=labels.clean,
        networks=labels.trust,
        trust=trust,
        right=calibration.right_probability(trust, known.share),
        rate=known,
        evidence=evidence,
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
        data, _ = examples.data_of_run(config, folder)
        if data.digest != found.result['dataset_digest']:
            raise Unusable(f'{data.folder} is not the set that the run learned from')
        return data
    except (ValueError, OSError) as error:
        if folder:
            raise
        return (
            f'The pictures could not be read: {error}.'
            ' audit --data=FOLDER says where they are.'
        )
