"""Two Gaussians by EM against a loop over samples, scikit-learn, and their limits."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats
from sklearn.mixture import GaussianMixture

from fer_jax.numerics import gaussians

FIT = jax.jit(gaussians.fit, static_argnums=2)
READ = jax.jit(gaussians.log_odds)


def draw(count=200, share=0.7, seed=0):
    """Scaled losses: right labels narrow and low, wrong ones broad and high."""
    rng = np.random.default_rng(seed)
    low = int(share * count)
    values = [rng.normal(0.1, 0.05, low), rng.normal(0.6, 0.12, count - low)]
    return np.concatenate(values).astype(np.float32)


def everything(x):
    return jnp.ones(len(x), jnp.bool_)


def loop(x, iterations, tolerance, floor):
    """The fit in float64, sample by sample: mean, variance, share [2] each."""
    centres = [min(x), max(x)]
    for _ in range(20):
        near = [int(v > (centres[0] + centres[1]) / 2) for v in x]
        centres = [np.mean([v for v, k in zip(x, near) if k == j]) for j in (0, 1)]
    r = [[float(k == j) for k in near] for j in (0, 1)]
    before = -np.inf
    for number in range(iterations + 1):
        mass = [sum(r[j]) for j in (0, 1)]
        mean = [sum(w * v for w, v in zip(r[j], x)) / mass[j] for j in (0, 1)]
        variance = [
            sum(w * (v - mean[j]) ** 2 for w, v in zip(r[j], x)) / mass[j] + floor
            for j in (0, 1)
        ]
        share = [mass[j] / len(x) for j in (0, 1)]
        if number == iterations:
            break
        total = 0.0
        for i, v in enumerate(x):
            s = [
                share[j]
                * math.exp(-((v - mean[j]) ** 2) / (2 * variance[j]))
                / math.sqrt(2 * math.pi * variance[j])
                for j in (0, 1)
            ]
            total += np.log(sum(s)) / len(x)
            r[0][i], r[1][i] = s[0] / sum(s), s[1] / sum(s)
        if abs(total - before) < tolerance:
            iterations = number + 1
        before = total
    return np.array([mean, variance, share])


@pytest.mark.parametrize('tolerance', [0.0, 1e-2])
def test_the_loop_over_samples_agrees(tolerance):
    x = draw()
    found, valid = FIT(jnp.asarray(x), everything(x), 10, tolerance, 5e-4)
    wanted = loop(x.astype(np.float64).tolist(), 10, tolerance, 5e-4)
    assert bool(valid)
    np.testing.assert_allclose(np.stack(found), wanted, rtol=2e-4)


def test_scikit_learn_agrees():
    """The call of the release; its two-means starts at random and ends there too."""
    x = draw()
    found, _ = FIT(jnp.asarray(x), everything(x), 10, 1e-2, 5e-4)
    other = GaussianMixture(2, max_iter=10, tol=1e-2, reg_covar=5e-4, random_state=0)
    probs = other.fit(x[:, None]).predict_proba(x[:, None])
    clean = probs[:, other.means_.argmin()]
    mine = special.expit(-np.asarray(READ(found, jnp.asarray(x))))
    between = x > found.mean[0]
    np.testing.assert_allclose(mine[between], clean[between], atol=2e-3)


def test_a_known_mixture_is_recovered():
    x = draw(20000)
    found, valid = FIT(jnp.asarray(x), everything(x), 50, 0.0, 0.0)
    assert bool(valid)
    np.testing.assert_allclose(found.mean, [0.1, 0.6], atol=0.01)
    np.testing.assert_allclose(jnp.sqrt(found.variance), [0.05, 0.12], atol=0.01)
    np.testing.assert_allclose(found.share, [0.7, 0.3], atol=0.01)


def test_the_second_component_has_the_larger_mean():
    x = 1 - draw()
    found, _ = FIT(jnp.asarray(x), everything(x), 10, 1e-2, 5e-4)
    assert found.mean[0] < found.mean[1]
    np.testing.assert_allclose(found.share, [0.3, 0.7], atol=0.02)


def test_log_odds_by_hand():
    """Means 0 and 1, variance 1/2 both, shares 1/4 and 3/4: g = ln 3 + 2 x - 1."""
    mixture = gaussians.Mixture(
        *(jnp.array(row, jnp.float32) for row in ([0, 1], [0.5, 0.5], [0.25, 0.75]))
    )
    x = jnp.array([-2.0, 0.0, 0.5, 3.0], jnp.float32)
    wanted = np.log(3) + 2 * np.asarray(x) - 1
    np.testing.assert_allclose(READ(mixture, x), wanted, rtol=1e-5)
    half = gaussians.upper(mixture, jnp.float32(0.5))
    np.testing.assert_allclose(half, 0.75, rtol=1e-5)  # the shares, at equal distance


@pytest.mark.parametrize('variance', [[0.001, 0.05], [0.05, 0.001]])
def test_log_odds_rise_everywhere(variance):
    """The broader component does not claim the far side of the narrow one."""
    mixture = gaussians.Mixture(
        jnp.array([0.1, 0.6], jnp.float32),
        jnp.array(variance, jnp.float32),
        jnp.array([0.5, 0.5], jnp.float32),
    )
    x = np.linspace(-0.5, 1.5, 401, dtype=np.float32)
    found = np.asarray(READ(mixture, jnp.asarray(x)))
    assert (np.diff(found) > 0).all()
    inner = (x >= 0.1) & (x <= 0.6)
    s = [
        0.5 * stats.norm.pdf(x[inner], m, v**0.5) for m, v in zip((0.1, 0.6), variance)
    ]
    np.testing.assert_allclose(found[inner], np.log(s[1] / s[0]), atol=1e-3)


def test_masked_and_nan_entries_do_not_count():
    x = draw()
    x[-3:] = np.nan, np.inf, 40.0
    mask = np.arange(200) < 199
    found, _ = FIT(jnp.asarray(x), jnp.asarray(mask), 10, 1e-2, 5e-4)
    wanted = loop(x[:197].astype(np.float64).tolist(), 10, 1e-2, 5e-4)
    np.testing.assert_allclose(np.stack(found), wanted, rtol=2e-4)


@pytest.mark.parametrize(
    ('values', 'wanted'),
    [
        ([0.3] * 8, False),  # all equal
        ([0.3] + [np.nan] * 7, False),  # one left
        ([np.nan] * 8, False),  # none left
        ([0.0] * 7 + [1.0], True),  # one outlier
        ([0.0] * 4 + [1.0] * 4, True),  # two points
    ],
)
def test_degenerate_values_stay_finite(values, wanted):
    x = jnp.asarray(values, jnp.float32)
    found, valid = FIT(x, everything(x), 10, 1e-2, 5e-4)
    assert bool(valid) == wanted
    assert np.isfinite(np.stack(found)).all()
    read = READ(found, jnp.linspace(0.0, 1.0, 5, dtype=jnp.float32))
    assert np.isfinite(read).all()
