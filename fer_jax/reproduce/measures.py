"""What a table measures of a finished run."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

from fer_jax.data import sets
from fer_jax.reproduce import looks
from fer_jax.training import files

KINDS = {  # key of a run's numbers -> how it is called
    'last': 'last epoch',
    'last5': 'mean of the last 5 epochs',
    'best': 'best epoch, chosen on the test set',
}


class Measure(NamedTuple):
    """A number of a run."""

    name: str
    unit: str  # behind the number
    digits: int
    rising: bool  # whether more is better
    read: Callable[[dict], dict[str, float]]  # {kind: value}, of what is known
    looks: bool = False  # whether it is read of looks.of, and not of result.json


def accuracy(result: dict[str, Any]) -> dict[str, float]:
    """Test accuracy in %."""
    keys = {'last': 'last', 'last5': 'last5', 'best': 'best_on_test'}
    return {kind: 100 * result[key] for kind, key in keys.items()}


def of_end(key: str) -> Callable[[dict], dict[str, float]]:
    """What reads a number of the end of a run."""
    return lambda known: {'last': known[key]} if key in known else {}


def distance(name: str) -> Measure:
    """How far test faces lie from the mean of their class; of all, or of one class."""
    called = 'distance to the centre of the class'
    return Measure(called, '', 2, False, of_end(name), looks=True)


MEASURES = {
    'accuracy': Measure('test accuracy', '%', 2, True, accuracy),
    'flips': Measure('changes of labels', '', 0, False, of_end('flips')),
    'returns': Measure('changes of labels back', '', 0, False, of_end('returns')),
    'cosine': Measure(
        'likeness of two networks on test faces', '', 3, True, of_end('cosine'), True
    ),
    'distance': distance('distance'),
    **{
        f'distance {name}': distance(f'distance {name}')
        for name in sets.SETS['raf_db'].class_names
    },
}
ELSEWHERE = Measure('accuracy on another set', '%', 2, True, of_end('accuracy'), True)


class Measured(NamedTuple):
    """A finished run, as a table sees it."""

    values: dict[str, float]  # {kind: value}
    dataset_digest: str
    noise_sha256: str | None


def read(
    workdir: pathlib.Path, measure: str, tested: pathlib.Path | None = None
) -> Measured | None:
    """The Measured of a run; None of one that is not finished, or has no such number.

    Args:
      tested: folder of another prepared set, on whose test split it is measured.

    Raises:
      Damaged: its result.json is not what a run wrote.
      Unusable: its networks cannot be looked at.
    """
    if not files.finished(workdir):
        return None
    result = files.read_result(workdir)
    kind = ELSEWHERE if tested else MEASURES[measure]
    values = kind.read(looks.of(workdir, result, tested) if kind.looks else result)
    if not values:
        return None
    return Measured(values, result['dataset_digest'], result['noise_list_sha256'])
