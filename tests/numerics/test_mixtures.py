"""Beta mixtures: recovery, invariances, and equality with the float64 reference."""

import functools
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fer_jax.numerics import mixtures
from fer_jax.numerics.mixtures import RULES, Mixture
from tests.numerics import beta_reference

PRESETS = sorted(RULES)
upper = jax.jit(mixtures.upper, static_argnums=2)


@functools.partial(jax.jit, static_argnums=(2, 3))
def fit_beta(x, mask, rules, iterations=10):
    return mixtures.fit_beta(x, mask, rules, iterations)


def fit(x, preset, iterations=10, mask=None):
    x = jnp.asarray(x, jnp.float32)
    mask = jnp.ones(x.shape, bool) if mask is None else jnp.asarray(mask)
    return fit_beta(x, mask, RULES[preset], iterations)


def even(a, b, n):
    """n points spread as Beta(a, b), by its quantiles: a sample without chance."""
    return stats.beta.ppf((np.arange(n) + 0.5) / n, a, b)


def two_hills(n=2000):
    return np.r_[even(6, 18, 4 * n // 10), even(18, 4, 6 * n // 10)]


@pytest.mark.parametrize('preset', PRESETS)
def test_a_known_mixture_is_recovered(preset):
    """Means 6 / 24 = .25 and 18 / 22 = .818 to .02, the shares .4 and .6 as well.

    Two hills away from the ends are slow: moments need 20 iterations for them.
    """
    mixture, valid = fit(two_hills(10_000), preset, iterations=30)
    means = mixture.a / (mixture.a + mixture.b)
    assert valid
    np.testing.assert_allclose(means, [6 / 24, 18 / 22], atol=0.02)
    np.testing.assert_allclose(mixture.share, [0.4, 0.6], atol=0.02)
    np.testing.assert_allclose(mixtures.separation(mixture), 18 / 22 - 0.25, atol=0.02)


@pytest.mark.parametrize('preset', PRESETS)
def test_ten_iterations_recover_a_mixture_of_resup_shape(preset):
    """Wrong labels low, right ones piled up at 1: means 4 / 20 and 6 / 6.4."""
    x = np.r_[even(4, 16, 4000), even(6, 0.4, 6000)]
    mixture, valid = fit(x, preset)
    means = mixture.a / (mixture.a + mixture.b)
    assert valid
    np.testing.assert_allclose(means, [4 / 20, 6 / 6.4], atol=0.02)


@pytest.mark.parametrize('preset', PRESETS)
def test_order_of_the_examples_does_not_matter(preset):
    x = two_hills()
    shuffled = np.random.default_rng(0).permutation(x)
    for one, other in zip(fit(x, preset)[0], fit(shuffled, preset)[0]):
        np.testing.assert_allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize('preset', PRESETS)
@pytest.mark.parametrize('padding', [0.0, 1.0, np.nan, np.inf])
def test_a_mask_equals_a_filter_whatever_it_hides(preset, padding):
    x = two_hills()
    padded = np.r_[x, np.full(500, padding)]
    masked, valid = fit(padded, preset, mask=np.arange(2500) < 2000)
    assert valid
    for one, other in zip(masked, fit(x, preset)[0]):
        np.testing.assert_allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize('preset', PRESETS)
def test_vmap_over_peers_equals_one_fit_each(preset):
    x = jnp.float32(np.stack([two_hills(), np.clip(two_hills() ** 2, 0, 1)]))
    both, valid = jax.vmap(lambda x, mask: mixtures.fit_beta(x, mask, RULES[preset]))(
        x, jnp.ones(x.shape, bool)
    )
    weights = jax.vmap(lambda m, x: mixtures.upper(m, x, RULES[preset]))(both, x)
    assert valid.shape == (2,)
    for peer in (0, 1):
        one = upper(fit(x[peer], preset)[0], x[peer], RULES[preset])
        np.testing.assert_allclose(weights[peer], one, atol=1e-4)


def test_a_sharded_fit_equals_a_single_device():
    """In a process of its own, which sees four devices."""
    script = (
        'import jax, numpy as np, jax.numpy as jnp\n'
        'from fer_jax.numerics.mixtures import RULES, fit_beta\n'
        'fit = jax.jit(fit_beta, static_argnums=2)\n'
        'rng = np.random.default_rng(0)\n'
        'x = np.float32(np.r_[rng.beta(6, 18, 800), rng.beta(18, 4, 1200)])\n'
        'P, mesh = jax.sharding.PartitionSpec, jax.make_mesh((4,), ("data",),\n'
        '    axis_types=(jax.sharding.AxisType.Auto,))\n'
        'across = jax.device_put(x, jax.sharding.NamedSharding(mesh, P("data")))\n'
        'for rules in RULES.values():\n'
        '    one, many = (fit(v, jnp.ones(2000, bool), rules) for v in (x, across))\n'
        '    assert len(across.sharding.device_set) == 4 and many[1]\n'
        '    for a, b in zip(one[0], many[0]):\n'
        '        np.testing.assert_allclose(a, b, rtol=1e-4)\n'
        'print("equal")\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        env={**os.environ, 'JAX_PLATFORMS': 'cpu', 'JAX_NUM_CPU_DEVICES': '4'},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == 'equal', done.stderr


@pytest.mark.parametrize('preset', PRESETS)
def test_weights_never_fall_with_similarity(preset):
    """2,000 random mixtures with ordered means; the safe closed form for all of them.

    The released table promises it only where both densities are bounded at 0 and the
    right one is the steeper there (da > 0).
    """
    rng = np.random.default_rng(0)
    mean = np.sort(rng.uniform(0.02, 0.98, (2000, 2)), axis=1)
    kappa = 10 ** rng.uniform(-1, 2, (2000, 2))
    a, b, share = mean * kappa, (1 - mean) * kappa, rng.dirichlet([1, 1], 2000)
    if preset == 'paper':
        kept = (a[:, 0] >= 1) & (a[:, 1] > a[:, 0])
        a, b, share = a[kept], b[kept], share[kept]
    several = Mixture(*(jnp.float32(leaf) for leaf in (a, b, share)))
    x = jnp.linspace(0, 1, 301, dtype=jnp.float32)
    w = jax.jit(jax.vmap(lambda m: upper(m, x, RULES[preset])))(several)
    assert len(w) > 300
    assert np.diff(w, axis=1).min() > -2e-5


@pytest.mark.parametrize('preset', PRESETS)
def test_no_gradient_passes_through_the_weights(preset):
    mixture, _ = fit(two_hills(), preset)

    def loss(x, share):
        weights = upper(mixture._replace(share=share), x, RULES[preset])
        return jnp.sum(weights * 2.0)

    x = jnp.float32([0.0, 0.1, 0.5, 0.9, 1.0])
    for slope in jax.grad(loss, argnums=(0, 1))(x, mixture.share):
        np.testing.assert_array_equal(slope, np.zeros_like(slope))


@pytest.mark.parametrize(('bounded', 'iterations'), [(False, 10), (True, 30)])
def test_the_first_guess_may_name_the_components_either_way(
    monkeypatch, bounded, iterations
):
    """Swapped beginnings end in one posterior, as components are ordered by mean.

    Iteration by iteration without the bounds on b_0 and a_1, the only rule that knows
    the components by number; with it, once they are apart.
    """
    x, rules = jnp.float32(two_hills()), RULES['safe']._replace(bounded=bounded)
    swapped = Mixture(*(leaf[::-1] for leaf in mixtures.start()))

    def posterior(x):
        mask = jnp.ones(x.shape, bool)
        return upper(mixtures.fit_beta(x, mask, rules, iterations)[0], x, rules)

    straight = jax.jit(posterior)(x)
    monkeypatch.setattr(mixtures, 'start', lambda: swapped)
    crossed = jax.jit(lambda x: posterior(x))(x)
    assert np.ptp(straight) > 0.9
    np.testing.assert_allclose(crossed, straight, atol=1e-4)


REALISTIC = {
    'well separated': lambda draw: np.r_[draw(3, 6, 0.3), draw(12, 2, 0.7)],
    'after one epoch': lambda draw: np.r_[draw(40, 66, 0.6), draw(20, 16, 0.4)],
    'sure and noisy': lambda draw: np.r_[draw(4, 16, 0.5), draw(6, 1.4, 0.5)],
    'saturated': lambda draw: np.r_[draw(2, 3, 0.3), draw(2, 0.3, 0.7)],
    'memorised by two thirds': lambda draw: np.r_[
        np.ones_like(draw(1, 1, 0.68)), draw(8, 1, 0.2), draw(2, 3, 0.12)
    ],
}


@pytest.mark.parametrize('name', REALISTIC)
@pytest.mark.parametrize('preset', PRESETS)
def test_weights_equal_the_float64_reference_on_280_000_similarities(preset, name):
    n, rng = 280_000, np.random.default_rng(0)
    x = REALISTIC[name](lambda a, b, share: rng.beta(a, b, round(n * share)))
    x = np.float32(x)
    mixture, valid = fit(x, preset)
    weights = upper(mixture, jnp.asarray(x), RULES[preset])
    if preset == 'paper':
        reference = beta_reference.released(x)
        expected = beta_reference.released_weights(x, *reference)
    else:
        reference = beta_reference.safe(x)
        expected = beta_reference.safe_weights(x, *reference)
    assert valid
    assert weights.dtype == jnp.float32
    np.testing.assert_allclose(weights, expected, atol=1e-3)


@pytest.mark.parametrize(
    ('a', 'b'),
    [
        pytest.param((2.0, 6.0), (8.0, 2.0), id='rises'),
        pytest.param((2.0, 4.0), (2.0, 3.0), id='peaks'),
        pytest.param((5.0, 0.4), (22.0, 0.1), id='dips'),
        pytest.param((5.0, 2.0), (2.0, 6.0), id='falls'),
    ],
)
def test_the_table_equals_the_float64_reference(a, b):
    share = (0.4, 0.6)
    table = jax.jit(mixtures.table)(Mixture(*map(jnp.float32, (a, b, share))))
    expected = beta_reference.released_table(*map(np.array, (a, b, share)))
    np.testing.assert_allclose(table, expected, atol=1e-4)


def test_the_last_entry_of_the_table_lies_inside_by_hand():
    """Beta(1, 2) has density 2 (1 - x), Beta(1, 1) has 1: P(x) = 1 / (3 - 2 x), which
    is 99 / 101 at 98 / 99 and 1 at the end, where all similarities from .99 on are."""
    halves = jnp.float32([0.5, 0.5])
    mixture = Mixture(jnp.float32([1.0, 1.0]), jnp.float32([2.0, 1.0]), halves)
    table = np.array(mixtures.table(mixture))
    np.testing.assert_allclose(
        table[[0, 33, 98, 99]], [1 / 3, 3 / 7, 99 / 101, 1], rtol=1e-6
    )
    w = upper(mixture, jnp.float32([0.985, 0.99, 0.995, 1.0]), RULES['paper'])
    np.testing.assert_allclose(w, [99 / 101, 0.9999, 0.9999, 0.9999], rtol=1e-6)


def test_a_low_first_entry_does_not_become_the_whole_table_by_hand():
    """Beta(1, 1.2) and Beta(.9, 1): s_0 = .6 (1 - x)^.2, s_1 = .45 x^-.1.

    At 1e-12: .6 and .45 * 15.849 = 7.132, so P = .9224. At 50 / 99: .6 * .8688 = .5213
    and .45 * 1.0707 = .4818, so .4803. At the end: .6 * .003981 = .00239 and .45, so
    .9947, the largest; without it the first would be, and the rest as large.
    """
    halves = jnp.float32([0.5, 0.5])
    mixture = Mixture(jnp.float32([1.0, 0.9]), jnp.float32([1.2, 1.0]), halves)
    table = np.array(mixtures.table(mixture))
    np.testing.assert_allclose(table[[0, 50, 99]], [0.9224, 0.4803, 0.9947], atol=1e-4)


def test_tables_of_many_mixtures_equal_the_float64_reference():
    """Entries that are the largest by less than float32 tells are left out."""
    rng = np.random.default_rng(0)
    a, b = np.exp(rng.uniform(np.log(0.05), np.log(50), (2, 400, 2))).astype(np.float32)
    share = rng.dirichlet([2, 2], 400).astype(np.float32)
    tables = jax.jit(jax.vmap(mixtures.table))(Mixture(a, b, share))
    for number, table in enumerate(tables):
        expected = beta_reference.released_table(a[number], b[number], share[number])
        np.testing.assert_allclose(table, expected, atol=1e-3, err_msg=str(number))


def test_the_safe_posterior_is_held_beyond_its_turn():
    """da = 2, db = 1: a peak at x* = 2 / 3. da = -2, db = -1: a dip there."""
    share = jnp.float32([0.5, 0.5])
    x = jnp.float32([0.1, 0.5, 2 / 3, 0.8, 0.97])
    a, b = jnp.float32([2.0, 4.0]), jnp.float32([2.0, 3.0])
    peak = upper(Mixture(a, b, share), x, RULES['safe'])
    dip = upper(Mixture(a[::-1], b[::-1], share), x, RULES['safe'])
    np.testing.assert_allclose(peak[2:], np.full(3, peak[2]), rtol=1e-6)
    np.testing.assert_allclose(dip[:3], np.full(3, dip[2]), rtol=1e-6)
    assert peak[0] < peak[1] < peak[2]
    assert dip[2] < dip[3] < dip[4]


def test_separation_by_hand():
    """Beta(1, 2) and Beta(2, 1) have the means 1/3 and 2/3."""
    np.testing.assert_allclose(mixtures.separation(mixtures.start()), 1 / 3, rtol=1e-6)


@pytest.mark.parametrize('preset', PRESETS)
def test_a_similarity_that_is_no_number_earns_the_least_weight(preset):
    x = jnp.float32([np.nan, np.inf, -np.inf])
    w = upper(mixtures.start(), x, RULES[preset])
    np.testing.assert_allclose(w, np.full(3, 1e-4), rtol=1e-6)


def test_log_odds_by_hand():
    """Beta(1, 2) has density 2 (1 - x), Beta(2, 1) has 2 x; shares .25 and .75:
    g(x) = ln(3 x / (1 - x)), so ln 3 at one half and ln 27 at .9."""
    share = jnp.array([0.25, 0.75], jnp.float32)
    mixture = mixtures.start()._replace(share=share)
    x = jnp.array([0.5, 0.9], jnp.float32)
    g = mixtures.log_odds(mixture, x)
    np.testing.assert_allclose(g, np.log([3.0, 27.0]), rtol=1e-5)


def test_log_odds_tell_apart_what_weights_do_not():
    """A sharp right component: weights sit on the floor, the evidence still ranks."""
    mixture = mixtures.Mixture(
        jnp.array([0.1, 99.0], jnp.float32),
        jnp.array([1.5, 1.0], jnp.float32),
        jnp.array([0.4, 0.6], jnp.float32),
    )
    x = jnp.linspace(0.05, 0.85, 50, dtype=jnp.float32)
    weights = mixtures.upper(mixture, x, mixtures.RULES['safe'])
    assert len(np.unique(weights)) < 10
    assert (np.diff(mixtures.log_odds(mixture, x)) > 0).all()
