"""What a table measures of a finished run."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

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
    read: Callable[[dict], dict[str, float]]  # result.json -> {kind: value}


def accuracy(result: dict[str, Any]) -> dict[str, float]:
    """Test accuracy in %."""
    keys = {'last': 'last', 'last5': 'last5', 'best': 'best_on_test'}
    return {kind: 100 * result[key] for kind, key in keys.items()}


def of_end(key: str) -> Callable[[dict], dict[str, float]]:
    """What reads a number of result.json that is of the end of a run."""
    return lambda result: {'last': result[key]} if key in result else {}


MEASURES = {
    'accuracy': Measure('test accuracy', '%', 2, True, accuracy),
    'flips': Measure('changes of labels', '', 0, False, of_end('flips')),
    'returns': Measure(
        'changes back to a label that the face had before',
        '',
        0,
        False,
        of_end('returns'),
    ),
}


class Measured(NamedTuple):
    """A finished run, as a table sees it."""

    values: dict[str, float]  # {kind: value}
    dataset_digest: str
    noise_sha256: str | None


def read(workdir: pathlib.Path, measure: str) -> Measured | None:
    """The Measured of a run; None of one that is not finished.

    Raises:
      Damaged: its result.json is not what a run wrote.
    """
    if not files.finished(workdir):
        return None
    result = files.read_result(workdir)
    return Measured(
        MEASURES[measure].read(result),
        result['dataset_digest'],
        result['noise_list_sha256'],
    )
