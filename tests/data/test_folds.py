import numpy as np

from fer_jax.data import folds


def test_folds_are_stratified_and_even():
    labels = np.repeat([2, 0, 1], [11, 7, 4])
    found = folds.assign(labels, 3, 0)
    for chosen in (np.ones(22, bool), *(labels == c for c in range(3))):
        counts = np.bincount(found[chosen], minlength=3)
        assert counts.max() - counts.min() <= 1


def test_folds_follow_from_their_arguments():
    labels = np.arange(60) % 7
    found = folds.assign(labels, 5, 1)
    np.testing.assert_array_equal(folds.assign(labels, 5, 1), found)
    assert (folds.assign(labels, 5, 2) != found).any()
    # runs in folders made yesterday go on with the same folds
    assert found[:8].tolist() == [2, 2, 0, 3, 3, 1, 2, 1]
