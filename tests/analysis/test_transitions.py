import numpy as np

from fer_jax.analysis import transitions


def test_estimate_by_hand():
    """Four labels 0, 0, 1, 1; suggested 0, 1, 1, 0; right with .5, .2, 1, .6.

    Kept: class 0 .5 + .2, class 1 1 + .6. Moved: .8 of true class 1 given as 0, .4 of
    true class 0 given as 1. The first is suggested as given: its other half goes to
    class 1, the only other one. Row 0 is .7 and .4, row 1 is .8 + .5 and 1.6.
    """
    given, suggested = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0])
    elsewhere = transitions.suggestions(given, suggested, 2)
    found = transitions.estimate(given, np.array([0.5, 0.2, 1.0, 0.6]), elsewhere)
    wanted = [[0.7 / 1.1, 0.4 / 1.1], [1.3 / 2.9, 1.6 / 2.9]]
    np.testing.assert_allclose(found, wanted)


def test_what_is_left_is_shared_by_the_probabilities_by_hand():
    """Given 0 and 2 of three classes, right with .6 and .9. Of the first, .5 .3 .2,
    what is left, .4, is shared 3 to 2 between 1 and 2; of the second only 2 is known.
    """
    given = np.array([0, 2])
    elsewhere = transitions.others(given, [[0.5, 0.3, 0.2], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(elsewhere, [[0, 0.6, 0.4], [0, 0, 0]])
    found = transitions.estimate(given, np.array([0.6, 0.9]), elsewhere)
    wanted = [[1, 0, 0], [1, 0, 0], [0.16 / 1.06, 0, 0.9 / 1.06]]
    np.testing.assert_allclose(found, wanted)


def test_what_is_known_is_found():
    """Suggestions that are the truth, probabilities that are 0 or 1."""
    generator = np.random.default_rng(0)
    clean, given = generator.integers(0, 4, (2, 500))
    right = (clean == given).astype(float)
    elsewhere = transitions.suggestions(given, clean, 4)
    np.testing.assert_allclose(
        transitions.estimate(given, right, elsewhere),
        transitions.counted(given, clean, 4),
    )


def test_rows_of_absent_classes_and_unknown_labels():
    found = transitions.counted(np.array([0, 1, 1]), np.array([0, 0, -1]), 3)
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]])
