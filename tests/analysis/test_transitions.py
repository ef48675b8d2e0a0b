import numpy as np

from fer_jax.analysis import transitions


def test_estimate_by_hand():
    """Four labels 0, 0, 1, 1; suggested 0, 1, 1, 0; right with .5, .2, 1, .6.

    Kept: class 0 .5 + .2, class 1 1 + .6. Moved: .8 of true class 1 given as 0, .4 of
    true class 0 given as 1. The first is suggested as given: its other half goes to
    class 1, the only other one. Row 0 is .7 and .4, row 1 is .8 + .5 and 1.6.
    """
    found = transitions.estimate(
        np.array([0, 0, 1, 1]),
        np.array([0, 1, 1, 0]),
        np.array([0.5, 0.2, 1.0, 0.6]),
        2,
    )
    wanted = [[0.7 / 1.1, 0.4 / 1.1], [1.3 / 2.9, 1.6 / 2.9]]
    np.testing.assert_allclose(found, wanted)


def test_what_is_known_is_found():
    """Suggestions that are the truth, probabilities that are 0 or 1."""
    generator = np.random.default_rng(0)
    clean, given = generator.integers(0, 4, (2, 500))
    right = (clean == given).astype(float)
    np.testing.assert_allclose(
        transitions.estimate(given, clean, right, 4),
        transitions.counted(given, clean, 4),
    )


def test_rows_of_absent_classes_and_unknown_labels():
    found = transitions.counted(np.array([0, 1, 1]), np.array([0, 0, -1]), 3)
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]])
