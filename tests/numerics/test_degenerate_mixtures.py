"""Beta mixtures of inputs without an answer: weights stay finite and mean no harm.

One case for each hazard known of the released fit. "Weight" is what a caller uses: the
posterior of a valid fit, and 1 (plain cross-entropy) after an invalid one.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fer_jax.numerics import mixtures

N = 4000  # every case is padded to it, so that one program serves all


@functools.partial(jax.jit, static_argnums=2)
def weights(x, mask, rules):
    mixture, valid = mixtures.fit_beta(x, mask, rules)
    return mixture, valid, jnp.where(valid, mixtures.upper(mixture, x, rules), 1.0)


def even(a, b, n):
    return stats.beta.ppf((np.arange(n) + 0.5) / n, a, b)


def tight_spike():
    return np.r_[np.full(3900, 0.378), even(2, 2, 100)]


def all_ones_table():
    return np.r_[even(4, 16, 2000), even(6, 0.4, 1800), np.full(200, 0.005)]


def saturated():
    return np.r_[np.ones(2800), even(8, 1, 800), even(2, 3, 400)]


def broken_among_good():
    return np.r_[even(2, 6, 1000), even(8, 1, 1000), [np.nan] * 50, np.inf, -np.inf]


# name: similarities, then for each preset: is the fit valid, range of the mean weight
CASES = {
    'memorised': (np.ones(N), (False, 1, 1), (False, 1, 1)),
    'constant': (np.full(N, 0.5), (False, 1, 1), (False, 1, 1)),
    'clip zone': (np.linspace(0.99995, 1, N), (False, 1, 1), (False, 1, 1)),
    'nearly constant': (
        0.9 + 1e-7 * np.resize([-1, 1], N),
        (False, 1, 1),
        (False, 1, 1),
    ),
    'all-ones table': (all_ones_table(), (True, 0.999, 1), (True, 0.53, 0.55)),
    # the release, whose kappa has no bound, sees past a spike of no width at all: .9999
    'tight spike': (tight_spike(), (True, 0, 0.1), (True, 0, 0.1)),
    'two points': (np.resize([0.2, 0.8], N), (True, 0.49, 0.52), (True, 0.49, 0.51)),
    'zeros and ones': (
        np.resize([0.0, 1.0], N),
        (True, 0, 1),
        (True, 0.49, 0.51),
    ),
    'one hill': (even(30, 45, N), (True, 0, 1), (False, 1, 1)),
    'one slope': (even(1, 20, N), (True, 0, 1), (False, 1, 1)),
    'saturated': (saturated(), (True, 0.85, 0.95), (True, 0.85, 0.95)),
    'broken among good': (broken_among_good(), (True, 0.5, 0.6), (True, 0.5, 0.6)),
    'all broken': (np.full(N, np.nan), (False, 1, 1), (False, 1, 1)),
    'nothing': (np.zeros(0), (False, 1, 1), (False, 1, 1)),
    'one example': (np.array([0.7]), (False, 1, 1), (False, 1, 1)),
} | {
    f'{n} examples': (np.linspace(0.1, 0.9, n), (True, 0.4, 0.6), (False, 1, 1))
    for n in range(2, 9)
}


@pytest.mark.parametrize('preset', ['paper', 'safe'])
@pytest.mark.parametrize('name', CASES)
def test_degenerate_inputs_give_finite_weights(name, preset):
    values, *expected = CASES[name]
    should_be_valid, low, high = expected[preset == 'safe']
    x = np.zeros(N, np.float32)
    x[: len(values)] = values
    mask = np.arange(N) < len(values)
    mixture, valid, w = weights(x, mask, mixtures.RULES[preset])
    assert all(np.isfinite(leaf).all() for leaf in mixture)
    assert np.isfinite(w).all()
    assert (w >= mixtures.LEAST_WEIGHT).all()
    assert (w <= 1.0).all()
    assert bool(valid) == should_be_valid
    known = mask & np.isfinite(x)
    mean = np.asarray(w, np.float64)[known].mean() if known.any() else 1.0
    assert low - 1e-3 <= mean <= high


def test_a_valid_safe_mixture_keeps_to_its_bounds():
    """kappa in [1e-2, 100], shares in [1e-3, 1 - 1e-3], no density blows up wrongly."""
    for name in ('saturated', 'tight spike', 'zeros and ones', 'all-ones table'):
        values = np.float32(CASES[name][0])
        mixture, valid, _ = weights(values, np.ones(N, bool), mixtures.RULES['safe'])
        assert valid
        assert (mixture.a + mixture.b <= 100 * (1 + 1e-5)).all()
        assert (mixture.share >= 0.999e-3).all()
        assert mixture.b[0] > 0.999
        assert mixture.a[1] > 0.999
        assert mixtures.separation(mixture) >= 0.05


def test_validity_needs_a_gap_and_enough_examples_in_each_component():
    """50 of 4,000 low ones are a component; 9 are too few though the gap is wide."""
    rules = mixtures.RULES['safe']
    for few, should_be_valid in ((50, True), (9, False)):
        x = np.r_[np.linspace(0.1, 0.3, few), np.linspace(0.8, 0.97, N - few)]
        _, valid, _ = weights(np.float32(x), np.ones(N, bool), rules)
        assert bool(valid) == should_be_valid
