"""What a run's scores are, and the mixtures that its method fitted to them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.algorithms import Algorithm, Progress
from fer_jax.analysis import runs
from fer_jax.data import documents, whole
from fer_jax.numerics import division
from fer_jax.training import build, contents, files

FIT = 'fit/'  # arrays of a fit in a history


class Judgement(NamedTuple):
    """By what a run judged its labels."""

    name: str  # of its signal
    rising: bool  # scores are the larger, the more likely a label is right
    fits: division.Fitted | None  # leaves [E, P, ...]; None: its method fits nothing


def of(run: runs.FinishedRun) -> Judgement:
    """The Judgement of a runs.FinishedRun.

    A run of an older version stored neither: its method is made once more, and asked.

    Raises:
      Unusable: the files of the run lack what it takes.
    """
    if 'signal' in run.result:
        signal = run.result['signal']
        return Judgement(signal['name'], signal['rising'], stored(run))
    method = rebuilt(run)
    return Judgement(method.signal.name, method.signal.rising, replayed(method, run))


def stored(run: runs.FinishedRun) -> division.Fitted | None:
    """The fits in a run's history, leaves [E, P, ...]; None where there is none.

    Of a run with a mixture for each class they are [E, P, C, ...].

    Raises:
      Damaged: an array is missing, or of another shape than the scores.
    """
    names = [name for name in run.past.names() if name.startswith(FIT)]
    if not names:
        return None
    found = {name.removeprefix(FIT): run.past.all(name) for name in names}
    kept = run.scores.shape[:2]
    try:
        fits = division.from_arrays(found)
    except KeyError as error:
        raise whole.Damaged(
            f'{run.folder}: history.npz has no array {FIT}{error.args[0]};'
            f' {contents.BACK}'
        ) from None
    if fits.ready.ndim == 3:  # a mixture for each class
        kept = *kept, len(run.result['class_names'])
    for name, array in found.items():
        wanted = kept if name in ('ready', 'rejected') else (*kept, 2)
        if array.shape != wanted:
            raise whole.Damaged(
                f'{run.folder}: {FIT}{name} of history.npz is {array.shape},'
                f' wanted {wanted}; {contents.BACK}'
            )
    return fits


def rebuilt(run: runs.FinishedRun) -> Algorithm:
    """The method of a run, from the config in its result.

    Raises:
      Unusable: there is none, or not all of it.
    """
    where = f'{run.folder}: {files.RESULT}'
    documents.check(run.result, contents.REBUILT, where, contents.BACK)
    config = run.result['config']
    return build.method(
        config['algorithm'],
        {'dtype': 'float32'} | config['model'],
        num_classes=len(run.result['class_names']),
        num_examples=run.scores.shape[-1],
    )


def replayed(method: Algorithm, run: runs.FinishedRun) -> division.Fitted | None:
    """The fits that `method` makes of a run's scores once more; None: it makes none.

    They depend on scores and labels alone, so they are those of the run.
    """
    if method.refresh is None:
        return None
    size = run.result['config']['data']['image_size_px']
    images = jnp.zeros((1, size, size, 3))
    memory = jax.jit(lambda key: method.init(key, images)[2])(jax.random.key(0))
    refresh, found = jax.jit(method.refresh), []
    for row, scores in zip(run.rows, run.scores):
        done = Progress(jnp.int32(row['step']), jnp.int32(row['epoch']))
        memory = refresh(memory, scores, np.int32(run.labels.given), done)
        found.append(jax.device_get(method.fit_of(memory)))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *found)
