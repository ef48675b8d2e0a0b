"""Metrics by hand and against scikit-learn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sklearn

from fer_jax.numerics import metrics

COUNTS = np.array([[3, 1, 0], [2, 2, 0], [0, 0, 0]])  # class 2 is absent


def test_confusion_counts_the_masked_rows_only():
    """Rows 0 to 3 count (0,0), (0,1), (1,1); a padded and an unlabelled row do not."""
    counts = jax.jit(metrics.confusion, static_argnums=3)(
        jnp.array([0, 1, 1, 2, 2]),
        jnp.array([0, 0, 1, 1, -1]),
        jnp.array([True, True, True, False, True]),
        3,
    )
    assert counts.dtype == jnp.int32
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [0, 0, 0]])


def test_accuracies_by_hand():
    """5 of 8 right; recalls 3 / 4 and 2 / 4, absent class left out of their mean."""
    assert metrics.accuracy(COUNTS) == 5 / 8
    np.testing.assert_array_equal(metrics.recalls(COUNTS), [0.75, 0.5, np.nan])
    assert metrics.balanced_accuracy(COUNTS) == 0.625


def test_macro_f1_by_hand():
    """F1_0 = 6 / (6 + 2 + 1) = 2 / 3, F1_1 = 4 / (4 + 1 + 2) = 4 / 7, mean 13 / 21."""
    assert metrics.macro_f1(COUNTS) == pytest.approx(13 / 21)


def test_a_class_that_is_predicted_but_absent_counts_only_against_the_others():
    """One of class 0 taken for class 2: F1_0 = 2 / (2 + 1) and class 2 has no F1."""
    counts = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert metrics.macro_f1(counts) == pytest.approx(2 / 3)
    assert metrics.accuracy(counts) == 0.5


def test_metrics_agree_with_scikit_learn_when_all_classes_are_there():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 5, (2, 400))
    counts = metrics.confusion(
        jnp.asarray(predicted), jnp.asarray(labels), jnp.ones(400, bool), 5
    )
    counts = np.asarray(counts)
    np.testing.assert_array_equal(counts, sklearn.confusion_matrix(labels, predicted))
    assert metrics.balanced_accuracy(counts) == pytest.approx(
        sklearn.balanced_accuracy_score(labels, predicted)
    )
    assert metrics.macro_f1(counts) == pytest.approx(
        sklearn.f1_score(labels, predicted, average='macro')
    )


def test_nothing_counted_is_nan():
    empty = np.zeros((2, 2), int)
    assert np.isnan(metrics.accuracy(empty))
    assert np.isnan(metrics.balanced_accuracy(empty))
    assert np.isnan(metrics.macro_f1(empty))


def test_detection_by_hand():
    """Scores .9 (wrong) .8 .4 (wrong) .1: of 4 pairs (wrong, right) 3 are in order.

    AUROC 3 / 4; AP = 1/2 (1 / 1) + 1/2 (2 / 3) = 5 / 6; of the first two one is wrong.
    """
    wrong = np.array([True, False, True, False])
    found = metrics.detection(1 - np.array([0.9, 0.8, 0.4, 0.1]), wrong)
    assert found == pytest.approx(
        {'auroc': 0.75, 'average_precision': 5 / 6, 'precision_at_true_count': 0.5}
    )


def test_a_tie_at_the_end_counts_by_its_expected_share():
    """Two wrong among four tied rows: a random two of them hold one on average."""
    found = metrics.detection(np.full(4, 0.3), np.array([True, False, False, True]))
    assert found == pytest.approx(
        {'auroc': 0.5, 'average_precision': 0.5, 'precision_at_true_count': 0.5}
    )


@pytest.mark.parametrize('digits', [1, 2, 9])
@pytest.mark.parametrize('rate', [0.02, 0.3, 0.9])
def test_detection_agrees_with_scikit_learn_with_and_without_ties(digits, rate):
    rng = np.random.default_rng(digits)
    wrong = rng.random(500) < rate
    clean = np.clip(rng.normal(0.6 - 0.2 * wrong, 0.2), 0, 1).round(digits)
    found = metrics.detection(clean, wrong)
    assert found['auroc'] == pytest.approx(sklearn.roc_auc_score(wrong, 1 - clean))
    assert found['average_precision'] == pytest.approx(
        sklearn.average_precision_score(wrong, 1 - clean)
    )


@pytest.mark.parametrize('wrong', [np.zeros(3, bool), np.ones(3, bool)])
def test_detection_without_two_classes_is_nan(wrong):
    found = metrics.detection(np.array([0.1, 0.5, 0.9]), wrong)
    assert len(found) == 3
    assert np.isnan(list(found.values())).all()


def test_detection_refuses_probabilities_that_are_none():
    with pytest.raises(ValueError, match='1 values of trust are not finite'):
        metrics.detection(np.array([0.1, np.nan]), np.array([True, False]))


def test_calibration_error_by_hand():
    """Confidences .6 .6 .9 1., right: no yes yes yes, two bins (0, .5], (.5, 1].

    One bin holds all: |3/4 - 3.1/4| = .025. With ten bins (.5, .6]: 2/4 |.5 - .6|
    = .05, (.8, .9]: 1/4 |1 - .9| = .025, (.9, 1]: 0; together .075.
    """
    probs = np.array([[0.6, 0.4], [0.6, 0.4], [0.1, 0.9], [1.0, 0.0]])
    labels = np.array([1, 0, 1, 0])
    assert metrics.calibration_error(probs, labels, bins=2) == pytest.approx(0.025)
    assert metrics.calibration_error(probs, labels, bins=10) == pytest.approx(0.075)


def test_bootstrap_is_the_binomial_for_accuracy():
    """70 of 100 right: a resample's accuracy is binomial / 100, whose 2.5 and 97.5 %
    quantiles are .61 and .79 (scipy.stats.binom.ppf of n = 100, p = .7)."""
    confusion = np.array([[30, 20], [10, 40]])
    found = metrics.bootstrap(
        lambda c: [metrics.accuracy(c), 1.0], confusion, resamples=4000
    )
    np.testing.assert_allclose(found, [[0.61, 0.79], [1, 1]], atol=0.0101)
    again = metrics.bootstrap(
        lambda c: [metrics.accuracy(c), 1.0], confusion, resamples=4000
    )
    np.testing.assert_array_equal(found, again)


def test_bootstrap_leaves_absent_classes_out():
    """A class without an example has none in any resample."""
    confusion = np.array([[5, 0, 0], [0, 0, 0], [1, 0, 4]])
    ((low, high),) = metrics.bootstrap(
        lambda c: [metrics.balanced_accuracy(c)], confusion
    )
    assert 0.5 < low < 0.9 < high == 1


def test_wilson_by_hand():
    """8 of 10: (.8 + .19207 -+ sqrt(.38415 * .16 + .03689)) / 1.38415."""
    low, high = metrics.wilson(8, 10)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert metrics.wilson(0, 0) == (0, 1)
    low, high = metrics.wilson(0, 20)  # not the point that p -+ 1.96 sqrt(pq/n) gives
    assert (low, round(high, 4)) == (pytest.approx(0, abs=1e-12), 0.1611)


def test_reliability_of_two_bins_by_hand():
    """Bins [0, .5] and (.5, 1]: .2 and .4 said, 1 of 2 right; .9 and 1 said, both
    right. The error is (2 |.3 - .5| + 2 |.95 - 1|) / 4 = .125.
    """
    found = metrics.reliability([0.2, 0.9, 0.4, 1.0], [False, True, True, True], bins=2)
    np.testing.assert_allclose(found.said, [0.3, 0.95])
    np.testing.assert_allclose(found.right, [0.5, 1.0])
    assert found.count.tolist() == [2, 2]
    assert found.error == pytest.approx(0.125)
    empty = metrics.reliability([0.1], [True], bins=2)
    assert np.isnan(empty.said[1])
    assert empty.error == pytest.approx(0.9)


def test_reliability_by_hand():
    """Confidences .55, .95, .6 and 1 in five bins: bin 3 ends at .6, bin 5 at 1."""
    probs = np.array([[0.55, 0.45], [0.05, 0.95], [0.6, 0.4], [1, 0]])
    labels = np.array([0, 1, 1, 1])
    found = metrics.reliability(
        probs.max(axis=1), probs.argmax(axis=1) == labels, bins=5
    )
    assert found.count.tolist() == [0, 0, 2, 0, 2]
    np.testing.assert_allclose(found.said[[2, 4]], [0.575, 0.975])
    np.testing.assert_array_equal(found.right, [np.nan, np.nan, 0.5, np.nan, 0.5])
    gap = (2 * 0.075 + 2 * 0.475) / 4
    assert metrics.calibration_error(probs, labels, bins=5) == pytest.approx(gap)
