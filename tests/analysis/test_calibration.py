import numpy as np
import pytest

from fer_jax.analysis import calibration
from fer_jax.numerics import metrics


@pytest.fixture
def scores():
    """[3, 2, 2000] of labels, of which the last 600 are wrong.

    In units of the scores the wrong ones lie 1.75 deviations lower: the logistic of
    their ranks has about the slope of calibration.SLOPE.
    """
    generator = np.random.default_rng(0)
    face = generator.normal(size=2000) - 1.75 * (np.arange(2000) >= 1400)
    return face + 0.2 * generator.normal(size=(3, 2, 2000))


def test_the_mean_is_the_rate(scores):
    for rate in (0.02, 0.3, 0.7):
        found = calibration.right_probability(calibration.trust(scores, True), rate)
        assert (1 - found).mean() == pytest.approx(rate)


def test_said_is_what_is_the_case(scores):
    right = np.arange(2000) < 1400
    found = calibration.right_probability(calibration.trust(scores, True), 0.3)
    assert metrics.reliability(found, right).error < 0.05
    first = np.argsort(found)[:200]
    expected = calibration.expected_yield(found)[199]
    assert expected == pytest.approx((~right[first]).sum(), abs=15)


def test_only_the_order_of_scores_counts(scores):
    """Log-odds, probabilities and losses say the same."""
    found = calibration.trust(scores, True)
    for other, rising in ((1 / (1 + np.exp(-scores)), True), (np.exp(-scores), False)):
        np.testing.assert_allclose(calibration.trust(other, rising), found)


def test_evidence_by_hand():
    """Ranks 1, 2, 3 of 3: the normal quantiles of 1/6, 1/2 and 5/6 are -.9674, 0 and
    .9674; the two tied ones have rank 1.5, the quantile of 1/3: -.4307. NaN counts 0.
    """
    values = np.array([[[1.0, 2.0, 3.0]], [[1.0, 1.0, 3.0]], [[1.0, 2.0, 3.0]]])
    found = calibration.trust(values, True)
    wanted = [(-2 * 0.967422 - 0.430727) / 3, -0.430727 / 3, 0.967422]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    values[1, 0, 2] = np.nan
    assert calibration.trust(values, True)[2] == pytest.approx(2 * 0.967422 / 3)


def test_rate_by_hand():
    """Two classes: halfway through epoch 2 the test accuracy is .8, and .62 of the
    given labels agree: r = (.8 - .62) / (.8 - .2) = .3. Epoch 3 has learned by heart.
    """
    rows = [
        {'test/accuracy': 0.7, 'train/accuracy': 0.1},
        {'test/accuracy': 0.9, 'train/accuracy': 0.62},
        {'test/accuracy': 0.8, 'train/accuracy': 1.0},
    ]
    assert calibration.wrong_rate(rows, 2) == pytest.approx(0.3)
    assert calibration.wrong_rate(rows[:1], 2) == calibration.RATES[0]
    chance = [{'test/accuracy': 0.5, 'train/accuracy': 0.0}] * 2
    assert calibration.wrong_rate(chance, 2) == calibration.RATES[0]


def test_yield_by_hand():
    found = calibration.expected_yield([0.9, 0.1, 0.5])
    np.testing.assert_allclose(found, [0.9, 1.4, 1.5])


def test_evidence_is_half_of_the_trust():
    """By its rank, whatever its scale: the quantiles of 1/6, 1/2 and 5/6 again."""
    given = np.array([0, 1, 0])
    evidence = np.array([[0.2, 0.8], [0.3, 0.7], [0.9, 0.1]])
    found = calibration.with_evidence(np.array([1.0, 2.0, 3.0]), evidence, given)
    np.testing.assert_allclose(found, [(1 - 0.967422) / 2, 1, 3.967422 / 2], rtol=1e-4)
