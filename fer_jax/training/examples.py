"""Which examples a run has, and the labels that it is told."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fer_jax.data import corrections, folds, noise_list, pipeline, prepared
from fer_jax.errors import Unusable


class Examples(NamedTuple):
    """The training examples of a run; row i of each is example i of its tables."""

    positions: np.ndarray  # [N] rows of the prepared set's training split
    ids: np.ndarray  # [N] str
    labels: np.ndarray  # [N] int32, given: what the run learns from
    clean_labels: np.ndarray  # [N] int32, for diagnostics only; -1 when unknown
    learned: np.ndarray  # [N] bool, False for the fold that is left out


def labels_of_test(split: prepared.Split) -> np.ndarray:
    """[M] int32 of the images that can be read: clean labels where they are known.

    Raises:
      Unusable: there are none.
    """
    rows = split.readable()
    if not len(rows):
        raise Unusable(
            'the set has no test faces, on which accuracy is measured; prepare it'
            ' again with some (--test-fraction=0.2), or judge its labels with audit'
            ' --data, which needs none'
        )
    return np.where(split.clean_labels >= 0, split.clean_labels, split.labels)[rows]


def ordered(config: Any, examples: Examples) -> pipeline.Order:
    """The pipeline.Order of the examples that are learned from.

    Raises:
      Unusable: fewer of them than a batch.
    """
    learned = np.flatnonzero(examples.learned)
    if len(learned) < config.batch_size:
        raise Unusable(
            f'{len(learned)} training examples are fewer than one batch of'
            f' {config.batch_size}; set --config.batch_size to at most'
            f' {len(learned)}'
        )
    balanced = examples.labels[learned] if config.data.balanced else None
    return pipeline.Order(learned, config.batch_size, config.seed, balanced)


def check_records(
    data: prepared.Prepared, on_corrupt: str, splits: Sequence[str] = prepared.SPLITS
) -> tuple[prepared.Prepared, list[str]]:
    """Reads every record once (an index is kept) -> data, lines about what is damaged.

    Raises:
      Damaged: a damaged record, unless `on_corrupt` is 'skip'.
    """
    damage = []
    for name in splits:
        split = getattr(data, name)
        if on_corrupt == 'skip':
            split, lines = split.salvaged()
            data, damage = data._replace(**{name: split}), damage + lines
        else:
            split.records()
    return data, damage


def data_of_run(
    config: Any,
    folder: str | os.PathLike | None = None,
    splits: Sequence[str] = prepared.SPLITS,
) -> tuple[prepared.Prepared, list[str]]:
    """The prepared set of a run, as check_records gives it.

    Args:
      config: its config.data, of which `dir` and `on_corrupt` are looked at.
      folder: of another set, or where its own lies now; None: where the run found it.
      splits: those that are to be read.
    """
    data = prepared.load(folder or config['dir'])
    return check_records(data, config['on_corrupt'], splits)


def adds_noise(config: Any) -> bool:
    """Whether the config asks for label noise."""
    noise = config.noise
    return bool(noise.list or noise.rate or noise.kind in ('asymmetric_fer', 'matrix'))


def find_noise(
    config: Any, data: prepared.Prepared, workdir: pathlib.Path
) -> noise_list.NoiseList:
    """The run's noise list: the copy in `workdir`, that of `noise.list`, or drawn."""
    if noise_list.complete(workdir):
        return noise_list.load(workdir, data)
    noise = config.noise
    if noise.list:
        return noise_list.load(noise.list, data)
    return noise_list.draw(
        data,
        kind=noise.kind,
        rate=noise.rate,
        seed=noise.seed,
        exact=noise.exact,
        inclusive=noise.inclusive and noise.kind == 'symmetric',
        matrix=noise_list.read_matrix(noise.matrix) if noise.matrix else None,
    )


def read_corrections(
    config: Any, data: prepared.Prepared
) -> corrections.Corrections | None:
    """The decisions of noise.corrections; None when the config names no file."""
    path = config.noise.corrections
    if not path:
        return None
    return corrections.load(path, data.train.ids, data.class_names)


def given_labels(
    data: prepared.Prepared, noise: noise_list.NoiseList | None
) -> np.ndarray:
    """[N] labels of the training split, with noise if there is some."""
    return data.train.labels if noise is None else noise.labels


def corrected_counts(
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
) -> dict[str, int] | None:
    """{'changed', 'dropped', 'kept'}: how many labels; None without corrections."""
    if corrected is None:
        return None
    return corrected.counts(given_labels(data, noise))


def drawn(split: prepared.Split, count: int, seed: int = 0) -> np.ndarray:
    """Rows of a split, rising: `count` drawn by a seed, all for 0; readable ones."""
    rows = np.arange(len(split.labels))
    if 0 < count < len(rows):
        generator = np.random.Generator(np.random.Philox(seed))
        order = np.argsort(generator.random(len(rows)), kind='stable')
        rows = np.sort(order[:count])
    return np.intersect1d(rows, split.readable())


def choose(
    config: Any,
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
) -> Examples:
    """The examples that a run knows of: all, or max_train drawn by subset_seed.

    Which ones are drawn depends on the seed and the size of the split alone, and the
    noise list covers the whole split: a larger subset keeps its labels. Corrections
    come last: they change given labels and drop examples.
    """
    positions = drawn(data.train, config.data.max_train, config.data.subset_seed)
    labels, clean_labels = given_labels(data, noise), data.train.clean_labels
    if noise is not None:
        clean_labels = noise_list.true_labels(data.train)
    if corrected is not None:
        labels = corrected.applied(labels)
        positions = positions[~corrected.dropped[positions]]
    return Examples(
        positions=positions,
        ids=data.train.ids[positions],
        labels=labels[positions],
        clean_labels=clean_labels[positions],
        learned=learned_from(config.data, labels[positions]),
    )


def learned_from(settings: Any, labels: np.ndarray) -> np.ndarray:
    """[N] bool: whether an example is outside the fold that config.data leaves out."""
    if not settings.folds:
        return np.ones(len(labels), bool)
    return folds.assign(labels, settings.folds, settings.subset_seed) != settings.fold
