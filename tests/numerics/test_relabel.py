"""SCN's rule: by hand, its borders, and applied twice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import relabel


def test_by_hand():
    """.6 - .3 > .2: class 0; .5 - .4 is not; the label is the best class: kept;
    .9 - .02 > .2: class 2."""
    probs = jnp.array([
        [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.08, 0.02, 0.9],
    ])  # fmt: skip
    found = relabel.rule(probs, jnp.array([1, 1, 1, 1]), 0.2)
    assert found.dtype == jnp.int32
    np.testing.assert_array_equal(found, [0, -1, -1, 2])


@pytest.mark.parametrize(('margin', 'wanted'), [(0.25, -1), (0.2499, 1)])
def test_the_margin_itself_is_not_enough(margin, wanted):
    """.5 - .25 is .25 exactly, in binary too."""
    probs = jnp.array([[0.25, 0.5, 0.25]])
    assert relabel.rule(probs, jnp.array([0]), margin).tolist() == [wanted]


def test_margin_0_relabels_every_miss_and_no_tie():
    probs = jnp.array([[0.5, 0.5], [0.49, 0.51]])
    found = relabel.rule(probs, jnp.array([1, 0]), 0.0)
    np.testing.assert_array_equal(found, [-1, 1])


def loop(probs, labels, margin):
    """The rule for one sample after the other."""
    found = []
    for row, label in zip(np.asarray(probs), np.asarray(labels)):
        best = max(range(len(row)), key=lambda k: row[k])
        found.append(best if row[best] - row[label] > np.float32(margin) else -1)
    return found


def test_a_loop_over_samples_and_a_second_pass():
    rng = np.random.default_rng(0)
    probs = jnp.asarray(rng.dirichlet(np.full(7, 0.4), 500), jnp.float32)
    labels = jnp.asarray(rng.integers(0, 7, 500), jnp.int32)
    found = jax.jit(relabel.rule)(probs, labels, 0.2)
    np.testing.assert_array_equal(found, loop(probs, labels, 0.2))
    assert 100 < int(jnp.sum(found >= 0)) < 450
    changed = jnp.where(found >= 0, found, labels)
    again = relabel.rule(probs, changed, 0.2)
    np.testing.assert_array_equal(again, np.full(500, -1))
