"""Four labels over three epochs: 0 stays; 1 goes and returns; 2 moves on; 3 once."""

import numpy as np

from fer_jax.analysis import timeline
from fer_jax.numerics import flips

GIVEN = np.array([0, 1, 2, 3])
EPOCHS = np.array([[0, 2, 3, 3], [0, 1, 0, 3], [0, 2, 1, 0]])
CLEAN = np.array([0, 2, 0, -1])
LAST = flips.until_now(GIVEN, EPOCHS, 4)


def test_flips_by_hand():
    """Label 1 is 1 2 1 2: three changes, the last two of them back."""
    assert LAST.count.tolist() == [0, 3, 3, 1]
    assert LAST.returns.tolist() == [0, 2, 0, 0]
    both = flips.summary(LAST, CLEAN)
    assert (both['flips'], both['returns']) == (7, 2)


def test_the_most_unstable_come_first():
    assert timeline.unstable(LAST).tolist() == [1, 2, 3]
    assert timeline.unstable(LAST, most=1).tolist() == [1]


def test_epochs_by_hand():
    """After epoch 1 label 1 is right and label 2 wrong: precision 1/2; after epoch 2
    label 1 is as given, label 2 right; after epoch 3 as after 1, 3's truth unknown."""
    found = timeline.by_epoch(GIVEN, EPOCHS, CLEAN, 4)
    assert found['flips'].tolist() == [2, 2, 3]
    assert found['returns'].tolist() == [0, 1, 1]
    assert found['relabelled'].tolist() == [2, 1, 3]
    assert found['precision'].tolist() == [0.5, 1.0, 0.5]
    assert found['wrong'].tolist() == [1, 1, 1]
    last = flips.summary(LAST, CLEAN)
    assert last['relabelled'] == found['relabelled'][-1]
    assert last['relabel_precision'] == found['precision'][-1]


def test_no_relabel_has_no_precision():
    found = timeline.by_epoch(GIVEN, [GIVEN], CLEAN, 4)
    assert np.isnan(found['precision']).all()
    assert timeline.unstable(flips.begin(GIVEN, 4)).size == 0
