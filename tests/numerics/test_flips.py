"""Flips by hand, and against a comparison of every table with every other."""

import numpy as np

from fer_jax.numerics import flips


def test_relabelling_by_hand():
    """Of five examples: kept; 1 -> 0, clean is 0; 2 -> 0 -> 2 comes back; 0 -> 1 -> 2,
    clean is 1; 0 -> 2 with no clean label. 6 flips, one returns; three labels differ
    at the end, one of the two that can be judged is right."""
    given, *tables = [[0, 1, 2, 0, 0], [0, 0, 0, 1, 2], [0, 0, 2, 2, 2]]
    last = flips.until_now(given, tables, 3)
    assert flips.summary(last, np.array([0, 0, 2, 1, -1])) == {
        'relabelled': 3,
        'relabel_precision': 0.5,
        'flips': 6,
        'returns': 1,
    }
    assert last.before.tolist() == tables[0]
    assert last.labels.tolist() == tables[1]


def test_labels_that_never_change():
    last = flips.until_now([0, 1], [[0, 1]], 2)
    assert set(flips.summary(last, np.array([0, 0])).values()) == {0}


def test_returns_are_labels_of_any_earlier_epoch():
    tables = np.random.default_rng(0).integers(0, 5, (9, 40))
    last = flips.until_now(tables[0], tables[1:], 5)
    changed = tables[1:] != tables[:-1]
    earlier = [(tables[:e] == tables[e]).any(axis=0) for e in range(1, 9)]
    np.testing.assert_array_equal(last.count, changed.sum(axis=0))
    np.testing.assert_array_equal(last.returns, (changed & earlier).sum(axis=0))
