import numpy as np
import pytest
from sklearn import metrics as reference

from fer_jax.analysis import curves


@pytest.fixture(params=[False, True], ids=['distinct', 'ties'])
def labels(request):
    """Trust [300] and wrong [300], wrong ones less trusted on average."""
    generator = np.random.default_rng(0)
    wrong = generator.random(300) < 0.3
    trust = generator.normal(size=300) - 1.2 * wrong
    return np.round(trust) if request.param else trust, wrong


def test_roc_is_scikit_learns(labels):
    trust, wrong = labels
    found = curves.points(trust, wrong)
    false, true, _ = reference.roc_curve(wrong, -trust, drop_intermediate=False)
    np.testing.assert_allclose(found.false_alarms, false)
    np.testing.assert_allclose(found.recall, true)


def test_precision_and_recall_are_scikit_learns(labels):
    trust, wrong = labels
    found = curves.points(trust, wrong)
    precision, recall, _ = reference.precision_recall_curve(wrong, -trust)
    np.testing.assert_allclose(found.precision, precision[::-1])
    np.testing.assert_allclose(found.recall, recall[::-1])


def test_numbers_are_scikit_learns(labels):
    trust, wrong = labels
    found = curves.detection(trust, wrong, 0.3)
    assert found['auroc'] == pytest.approx(reference.roc_auc_score(wrong, -trust))
    assert found['average_precision'] == pytest.approx(
        reference.average_precision_score(wrong, -trust)
    )


def test_missed_by_hand():
    """Of 2 wrong labels 1 is among the first 2 of 5 (rate .4); of the tie of the third
    and fourth, one of which is wrong, one taken finds half a label (rate .6)."""
    trust = [1, 2, 3, 3, 4]
    wrong = [True, False, True, False, False]
    assert curves.missed(trust, wrong, 0.4) == 0.5
    assert curves.missed(trust, wrong, 0.6) == 0.25
    assert curves.missed(trust, wrong, 1.0) == 0


def test_what_is_missed_at_the_true_rate_is_what_is_no_hit(labels):
    trust, wrong = labels
    found = curves.detection(trust, wrong, wrong.mean())
    assert found['false_negative_rate'] == pytest.approx(
        1 - found['precision_at_true_count']
    )


def test_thinning_keeps_the_ends(labels):
    curve = curves.points(*labels)
    few = curves.thinned(curve, 5)
    assert len(few.taken) <= 5
    assert (few.taken[0], few.taken[-1]) == (0, 300)
    assert set(few.recall) <= set(curve.recall)


def test_one_kind_of_labels_has_no_curves():
    with pytest.raises(ValueError, match='0 of 3 labels are wrong'):
        curves.points([1, 2, 3], [False] * 3)
