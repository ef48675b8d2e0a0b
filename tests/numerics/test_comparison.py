"""Statistics of repeated runs, against scipy and by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from fer_jax.numerics import comparison


def test_spread_by_hand():
    """Of 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, 14 / 2 = 7."""
    found = comparison.spread([1.0, 2.0, 6.0])
    assert found == (3.0, pytest.approx(math.sqrt(7)), 3)


def test_one_run_has_no_deviation_and_no_interval():
    found = comparison.spread([0.5])
    assert found.mean == 0.5
    assert found.count == 1
    assert math.isnan(found.deviation)
    assert all(map(math.isnan, comparison.paired_bootstrap([0.5])))


def test_the_interval_of_two_is_their_range():
    """Three of the four resamples of two values have a mean off the middle, and each
    end has a quarter of them: more than the tail of 2.5 %."""
    assert comparison.paired_bootstrap([1.0, 3.0]) == (1.0, 3.0)


def test_the_interval_is_that_of_scipy():
    values = np.random.default_rng(3).normal(1.0, 2.0, 12)
    wanted = stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method='percentile', rng=5
    ).confidence_interval
    np.testing.assert_allclose(comparison.paired_bootstrap(values), wanted, atol=0.05)


def test_pairing_takes_away_what_both_have_in_common():
    shared = np.array([0.50, 0.60, 0.70, 0.80])  # noise lists of four seeds
    first, second = shared + np.array([0.02, 0.03, 0.02, 0.03]), shared
    low, high = comparison.paired_bootstrap(first - second)
    np.testing.assert_allclose([low, high], [0.02, 0.03], atol=0.003)
    assert comparison.spread(first).deviation > 0.1


@pytest.mark.parametrize(
    'second', [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 1, 3, 3, 5], [1, 1, 1, 2, 1]]
)
def test_tau_is_that_of_scipy(second):
    first = [0.1, 0.2, 0.2, 0.4, 0.9]
    wanted = stats.kendalltau(first, second, variant='b').statistic
    assert comparison.kendall(first, second) == pytest.approx(wanted)


@pytest.mark.parametrize('second', [[7, 7, 7], [1], []])
def test_tau_of_nothing_that_is_ordered(second):
    assert math.isnan(comparison.kendall(range(len(second)), second))
