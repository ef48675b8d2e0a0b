import numpy as np
import pytest

from fer_jax.analysis import weights
from fer_jax.numerics import division, gaussians, mixtures

SAME = np.zeros(2, int)  # given labels, of one mixture about all


def fitted(span=(0.0, 1.0), ready=True):
    """Of one network: Beta(2, 6) and Beta(6, 2), shares .3 and .7."""
    return division.Fitted(
        mixtures.Mixture(*np.float32([[[2, 6]], [[6, 2]], [[0.3, 0.7]]])),
        span=np.float32([span]),
        ready=np.array([ready]),
        rejected=np.array([0]),
    )


def test_weights_are_the_posterior_and_1_without_a_fit():
    """At .1 the odds are .7/.3 (.1/.9)^4 = 3.556e-4, at .9 2.333 * 9^4 = 15,309."""
    scores = np.array([[0.1, 0.9]], np.float32)
    found = weights.posterior(fitted(ready=False), scores, SAME, True)
    np.testing.assert_array_equal(found, [[1, 1]])
    found = weights.posterior(fitted(), scores, SAME, True)
    np.testing.assert_allclose(found, [[3.5550e-4, 0.9999347]], rtol=1e-4)
    same = mixtures.Mixture(*(leaf[0] for leaf in fitted().mixture))
    posterior = mixtures.upper(same, scores[0], mixtures.RULES['safe'])
    np.testing.assert_allclose(found[0], posterior, atol=1e-4)


def test_weights_of_losses_are_turned_round():
    """A loss of 0.4 within [0, 4] is a tenth, one of 3.6 nine tenths."""
    similar, losses = np.array([[[0.1, 0.9]], [[0.4, 3.6]]], np.float32)
    plain = weights.posterior(fitted(), similar, SAME, True)
    found = weights.posterior(fitted(span=(0.0, 4.0)), losses, SAME, False)
    np.testing.assert_allclose(found, 1 - plain, rtol=1e-4, atol=1e-6)


def test_weights_of_gaussians_by_hand():
    """Means .2 and .8, variances .04, equal shares: log-odds 15 (x - .5)."""
    mixture = gaussians.Mixture(*np.float32([[[0.2, 0.8]], [[0.04] * 2], [[0.5] * 2]]))
    scores = np.array([[0.4, 0.5, 0.7]], np.float32)
    fits, labels = fitted()._replace(mixture=mixture), np.zeros(3, int)
    found = weights.posterior(fits, scores, labels, False)
    np.testing.assert_allclose(found, [1 / (1 + np.exp([-1.5, 0, 3]))], rtol=1e-4)


def test_weights_by_class_are_those_of_each_ones_mixture():
    """Class 0 has Beta(2, 6) and Beta(6, 2), class 1 no fit, class 2 the first two with
    its shares turned round: at .9 the odds are .3/.7 * 9^4 = 2,811.9."""
    one = fitted()
    turned = one.mixture._replace(share=one.mixture.share[:, ::-1])
    fits = division.Fitted(
        mixtures.Mixture(
            *(np.stack([a, a, b], 1) for a, b in zip(one.mixture, turned))
        ),
        span=np.tile(np.float32([0, 1]), (1, 3, 1)),
        ready=np.array([[True, False, True]]),
        rejected=np.array([[0, 1, 0]]),
    )
    scores = np.array([[0.9, 0.9, 0.9, 0.1]], np.float32)
    found = weights.posterior(fits, scores, np.array([0, 1, 2, 0]), True)
    wanted = [[0.9999347, 1, 2811.857 / 2812.857, 3.555e-4]]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_a_stored_fit_is_read_back():
    """By the names of its arrays; those of the other family lack one."""
    fit = fitted()
    arrays = {f'mixture/{n}': leaf for n, leaf in fit.mixture._asdict().items()}
    arrays |= {name: getattr(fit, name) for name in ('span', 'ready', 'rejected')}
    found = division.from_arrays(arrays)
    assert isinstance(found.mixture, mixtures.Mixture)
    np.testing.assert_array_equal(found.mixture.share, fit.mixture.share)
    with pytest.raises(KeyError):
        division.from_arrays({'mixture/mean': arrays['mixture/a']})


def test_means_and_extremes_by_class():
    labels = np.array([0, 2, 0, 2, 2])
    values = np.array([[0.2, 0.1, 0.4, 0.5, 0.9], [1.0, 1.0, 0.0, 0.0, 0.5]])
    found = weights.by_class(values, labels, 3)
    np.testing.assert_allclose(found, [[0.3, np.nan, 0.5], [0.5, np.nan, 0.5]])
    least, most = weights.extremes(values[0], labels, 3, most=2)
    assert [place.tolist() for place in least] == [[0, 2], [], [1, 3]]
    assert [place.tolist() for place in most] == [[2, 0], [], [4, 3]]
