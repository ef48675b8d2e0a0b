"""The rate by a random sample, and probabilities that keep to it."""

import numpy as np
import pytest
from scipy import special, stats

from fer_jax.analysis import sampled
from fer_jax.numerics import metrics


def test_the_interval_is_that_of_clopper_and_pearson():
    """10 of 100: .0490 to .1762, as their tables have it."""
    found = sampled.rate(np.arange(100) < 10)
    assert (found.wrong, found.judged, found.share) == (10, 100, 0.1)
    np.testing.assert_allclose([found.low, found.high], [0.0490, 0.1762], atol=5e-5)
    exact = stats.binomtest(10, 100).proportion_ci(method='exact')
    np.testing.assert_allclose([found.low, found.high], exact)


@pytest.mark.parametrize(
    ('wrong', 'low', 'high'), [([], 0, 1), ([0] * 4, 0, 0.6024), ([1] * 4, 0.3976, 1)]
)
def test_none_wrong_and_all_wrong_leave_the_other_bound_open(wrong, low, high):
    found = sampled.rate(np.array(wrong, bool))
    np.testing.assert_allclose([found.low, found.high], [low, high], atol=1e-4)
    assert np.isnan(found.share) == (not wrong)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty():
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        found = sampled.rate(generator.random(200) < 0.3)
        inside += found.low <= 0.3 <= found.high
    assert inside >= 0.94 * 400


def labels(shift, slope, n=8000, seed=0):
    """Log-odds, and labels that are right as sigmoid(shift + slope log_odds) says."""
    generator = np.random.default_rng(seed)
    log_odds = 2 * generator.standard_normal(n)
    return log_odds, generator.random(n) < special.expit(shift + slope * log_odds)


@pytest.mark.parametrize(('shift', 'slope'), [(0, 1), (-1.5, 1), (1, 0.7), (-1, 1.5)])
def test_a_sample_of_two_hundred_calibrates_all(shift, slope):
    log_odds, right = labels(shift, slope)
    errors = []
    for draw in range(10):
        rows = np.random.default_rng(draw).permutation(len(right))[:200]
        found = sampled.calibrated(log_odds, rows, right[rows])
        errors.append(metrics.reliability(found, right).error)
        assert (np.diff(found[np.argsort(log_odds)]) >= 0).all()  # the order stays
    assert np.mean(errors) < 0.05


def test_a_sample_without_wrong_labels_claims_no_certainty():
    log_odds, _ = labels(0, 1)
    rows = np.arange(50)
    found = sampled.calibrated(log_odds, rows, np.ones(50, bool))
    assert 0.9 < found.mean() < 1
    assert np.isfinite(found).all()
    # nothing judged: what was said before
    before = sampled.calibrated(log_odds, rows[:0], np.ones(0, bool))
    np.testing.assert_allclose(before, special.expit(log_odds), atol=1e-4)
