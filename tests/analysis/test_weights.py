import numpy as np

from fer_jax.analysis import weights
from fer_jax.numerics import mixtures

RIGHT = {  # of similarities: the clean component lies above
    'memory/mixture/a': [[2.0, 6.0]],
    'memory/mixture/b': [[6.0, 2.0]],
    'memory/mixture/share': [[0.3, 0.7]],
    'memory/span': [[0.0, 1.0]],
}


def test_weights_are_the_posterior_and_1_without_a_fit():
    scores = np.array([[0.1, 0.9]], np.float32)
    found = weights.of_mixture(RIGHT | {'memory/ready': [False]}, scores, 'safe')
    np.testing.assert_array_equal(found, [[1, 1]])
    found = weights.of_mixture(RIGHT | {'memory/ready': [True]}, scores, 'safe')
    fitted = mixtures.Mixture(*np.float32([[2, 6], [6, 2], [0.3, 0.7]]))
    posterior = mixtures.upper(fitted, scores[0], mixtures.RULES['safe'])
    np.testing.assert_allclose(found[0], posterior, rtol=1e-6)
    assert found[0, 0] < 0.1 < 0.9 < found[0, 1]


def test_weights_of_losses_are_turned_round():
    """A loss of 0.4 within [0, 4] is a tenth, one of 3.6 nine tenths."""
    row, ready = RIGHT | {'memory/span': [[0.0, 4.0]]}, {'memory/ready': [True]}
    similar, losses = np.array([[[0.1, 0.9]], [[0.4, 3.6]]], np.float32)
    plain = weights.of_mixture(RIGHT | ready, similar, 'safe')
    found = weights.of_mixture(row | ready, losses, 'safe')
    np.testing.assert_allclose(found, 1 - plain, rtol=1e-4)


def test_a_run_without_mixtures():
    assert not weights.has_mixtures([{}])
    assert weights.has_mixtures([RIGHT | {'memory/ready': [True]}])


def test_means_and_extremes_by_class():
    labels = np.array([0, 2, 0, 2, 2])
    values = np.array([[0.2, 0.1, 0.4, 0.5, 0.9], [1.0, 1.0, 0.0, 0.0, 0.5]])
    found = weights.by_class(values, labels, 3)
    np.testing.assert_allclose(found, [[0.3, np.nan, 0.5], [0.5, np.nan, 0.5]])
    least, most = weights.extremes(values[0], labels, 3, most=2)
    assert [place.tolist() for place in least] == [[0, 2], [], [1, 3]]
    assert [place.tolist() for place in most] == [[2, 0], [], [4, 3]]
