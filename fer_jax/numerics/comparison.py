"""What repeated runs say together: means, differences of methods, orders of methods."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
FEW = 5  # pairs of runs; fewer decide nothing, for three are of one sign by luck


class Spread(NamedTuple):
    """Mean of some runs and how far they lie apart."""

    mean: float
    deviation: float  # divided by n - 1; nan of a single run
    count: int  # type: ignore[assignment]  # not the one of tuples


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """The Spread of values [n], n at least 1.

    >>> spread([0.5, 0.75])
    Spread(mean=0.625, deviation=0.1767..., count=2)
    """
    many = np.asarray(values, np.float64)
    deviation = many.std(ddof=1) if len(many) > 1 else math.nan
    return Spread(float(many.mean()), float(deviation), len(many))


def paired_bootstrap(
    values: Sequence[float] | np.ndarray, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of values [n] (Efron 1979); nan of a single one.

    For the difference of two methods `values` are the differences of their runs, pair
    by pair: runs of one seed share noise list and order of examples, so what these do
    to both is not in the differences. With fewer than five pairs the interval is too
    narrow to be taken at its word: no resample is outside the range of the n values.

    Args:
      level: share of the resamples inside the interval.
      seed: of RESAMPLES draws.

    Returns:
      Lower and upper end.
    """
    many = np.asarray(values, np.float64)
    if len(many) < 2:
        return math.nan, math.nan
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = (generator.random((RESAMPLES, len(many))) * len(many)).astype(int)
    tail = (1 - level) / 2
    low, high = np.quantile(many[drawn].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """tau-b of two rankings of the same n things (Kendall 1945), in [-1, 1].

    (pairs that both order alike - pairs that they order otherwise) / sqrt(pairs that
    the first orders * pairs that the second orders); a tie orders nothing. nan where
    one of them has nothing but ties, or fewer than two things.

    >>> kendall([1, 2, 3], [10, 30, 20])
    0.333...
    """
    a, b = (np.asarray(values, np.float64) for values in (first, second))
    upper = np.triu_indices(len(a), 1)
    signs = [np.sign(values[:, None] - values)[upper] for values in (a, b)]
    ordered = [np.count_nonzero(sign) for sign in signs]
    if not all(ordered):
        return math.nan
    return float(np.sum(signs[0] * signs[1]) / math.sqrt(ordered[0] * ordered[1]))
