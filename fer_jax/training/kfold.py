"""Out-of-fold probabilities of every training example, as cleanlab takes them.

RUN/kfold/0 ... K-1    runs that never see the examples of their fold
RUN/pred_probs.npy     [N, C] float32, of the run that did not see the example: the
                       mean over its networks and its epochs (TrainState.evidence)
RUN/labels.npy         [N] int64, given
RUN/ids.npy            [N] str, the ids in labels.csv and in their order
RUN/class_names.json   names of the columns; labels are places in it

cleanlab.filter.find_label_issues(labels, pred_probs)
"""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from fer_jax.errors import Unusable
from fer_jax.training import (
    checkpoint,
    fields,
    files,
    loop,
    setup,
    shared,
)

SAME = ('digest', 'noise_list_sha256', 'corrections_sha256')  # of data.json


def run(
    workdir: pathlib.Path | str,
    k: int,
    stop: Callable[[], bool] = lambda: False,
    *,
    data: pathlib.Path | str | None = None,
    which: str = 'last',
) -> pathlib.Path | None:
    """Trains K runs with the config of the run in `workdir` and writes the files above.

    They run one after the other, in RUN/kfold. Stopped they are saved, and the same
    call goes on. The run itself need not be finished.

    Args:
      k: number of folds, at least 2; drawn by data.subset_seed, stratified by given
        label (data.folds).
      stop: as of loop.train.
      data: its prepared folder, where that has moved.
      which: checkpoint of each fold's run, up to which its epochs are averaged:
        'last', 'best' (chosen on the test set) or the number of a step.

    Returns:
      The folder with the files; None when stopped.

    Raises:
      Unusable: no run there, too few folds, no such checkpoint,
        or data that are no longer the run's.
      FloatingPointError, OSError: of loop.train.
    """
    workdir = pathlib.Path(workdir)
    if k < 2:
        raise Unusable(f'{k} folds; give 2 or more, as --kfold=5')
    if which not in ('last', 'best') and not which.isdigit():
        # else it would be found out when a fold has been trained
        raise Unusable(f'--which={which}; wanted last, best or the number of a step')
    about = files.read_data(workdir)
    config = fields.stored(workdir)
    config.data.dir = str(data or config.data.dir)
    config.data.folds = k
    parts = []
    with shared.kept():
        for fold in range(k):
            config.data.fold = fold
            found = out_of_fold(config, workdir, about, which, stop)
            if found is None:
                return None
            parts.append(found)
    positions, ids, labels, probs = map(np.concatenate, zip(*parts))
    order = np.argsort(positions)  # as in labels.csv
    export(workdir, probs[order], labels[order], ids[order], about['class_names'])
    return workdir


def out_of_fold(
    config: Any,
    workdir: pathlib.Path,
    about: dict[str, Any],
    which: str,
    stop: Callable[[], bool],
) -> tuple[np.ndarray, ...] | None:
    """Trains the run that leaves out config.data.fold, or goes on with it.

    Returns:
      positions [n], ids [n], labels [n] and probs [n, C] of the fold; None when
      stopped.
    """
    part = setup.prepare(config, workdir / 'kfold' / str(config.data.fold))
    now = files.read_data(part.workdir)
    for name in SAME:
        if now[name] != about.get(name):
            raise Unusable(
                f'{workdir} learned from {name} {about.get(name)}, and its folds would'
                f' from {now[name]}; put its data back in {config.data.dir}'
            )
    if not loop.finished(part) and loop.train(part, stop) is None:
        return None
    examples, names = part.examples, part.prepared.class_names
    shape = len(examples.ids), len(names)
    wanted = {'evidence': jax.ShapeDtypeStruct(shape, np.float32)}
    saved = checkpoint.read(files.checkpoints(part.workdir), which, wanted, names)
    left_out = ~examples.learned
    return (
        examples.positions[left_out],
        examples.ids[left_out],
        examples.labels[left_out],
        saved['evidence'][left_out],
    )


def export(
    workdir: pathlib.Path,
    probs: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
) -> None:
    """Writes what cleanlab takes.

    Args:
      probs: [N, C]; rows are made to sum to 1 in float32.
      labels: [N] int in [0, C).
      ids: [N] str.
      class_names: of the C columns.
    """
    probs = np.asarray(probs, np.float64)
    probs /= probs.sum(axis=1, keepdims=True)
    files.write_out_of_fold(workdir, probs, labels, ids, class_names)
