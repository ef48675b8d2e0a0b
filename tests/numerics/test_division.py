"""The last valid fit of each network stays; spans by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import division


@pytest.mark.parametrize('mixture', division.MIXTURES)
def test_a_fit_counts_where_it_is_valid(mixture):
    """Of networks A and B, B's second fit is not: its first one and its span stay."""
    tools = division.tools(mixture, 'safe')
    none = division.unfitted(tools, 2)
    assert none.ready.tolist() == [False, False]
    np.testing.assert_array_equal(none.span, [[0, 1], [0, 1]])
    low, high = (type(none.mixture)(*(jnp.full((2, 2), x),) * 3) for x in (0.25, 0.75))
    first = division.refitted(none, low, none.span, jnp.array([True, True]))
    second = division.refitted(first, high, none.span + 1, jnp.array([True, False]))
    for leaf in second.mixture:
        np.testing.assert_array_equal(leaf, [[0.75, 0.75], [0.25, 0.25]])
    np.testing.assert_array_equal(second.span, [[1, 2], [0, 1]])
    assert second.ready.tolist() == [True, True]
    assert second.rejected.tolist() == [0, 1]


def test_each_network_is_fitted_and_read_on_its_own():
    """A's values lie low and high, B's the same in another order: equal mixtures, and
    the posterior of an example is each network's."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.beta(2, 8, 300), rng.beta(8, 2, 700)])
    both = jnp.asarray([values, values[::-1]], jnp.float32)
    tools = division.tools('beta', 'safe')
    mixture, valid = jax.jit(tools.fit)(both, jnp.ones(both.shape, bool))
    assert valid.tolist() == [True, True]
    np.testing.assert_allclose(mixture.a[0], mixture.a[1], rtol=1e-3)
    upper = tools.upper(mixture, both)
    np.testing.assert_allclose(upper[0], upper[1, ::-1], atol=1e-3)
    assert upper[0, 300:].mean() > 0.8 > 0.2 > upper[0, :300].mean()


def drawn(seed, right, wrong):
    """Values [1, N] of right labels, high, and of wrong ones."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.beta(8, 2, right), rng.beta(2, 8, wrong)])[None]


TOOLS = division.tools('beta', 'safe')
FIT = jax.jit(division.fit, static_argnums=(0, 4))
READ = jax.jit(division.read, static_argnums=0)


@pytest.mark.parametrize('mixture', division.MIXTURES)
def test_one_class_is_as_one_mixture_about_all(mixture):
    """Its mixture, to the bit; what is read off it may be rounded otherwise."""
    tools = division.tools(mixture, 'safe')
    values, labels = jnp.asarray(drawn(0, 140, 60), jnp.float32), jnp.zeros(200, int)
    mask = jnp.arange(200)[None] % 7 > 0
    whole, sound = FIT(tools, values, mask, labels)
    own, valid = FIT(tools, values, mask, labels, 1)
    assert sound.tolist() == [True]
    assert valid.tolist() == [[True]]
    for a, b in zip(whole, own):
        np.testing.assert_array_equal(a, b[:, 0])
    for function in (tools.upper, tools.log_odds):
        np.testing.assert_allclose(
            READ(function, whole, values, labels),
            READ(function, own, values, labels),
            rtol=1e-6,
        )


def test_classes_of_the_same_values_have_the_same_mixture():
    """Two classes with the same 200 values, in turn: so is each posterior."""
    values = jnp.asarray(np.repeat(drawn(0, 140, 60), 2, axis=1), jnp.float32)
    labels = jnp.arange(400) % 2
    mixture, valid = FIT(TOOLS, values, values > 0, labels, 2)
    assert valid.tolist() == [[True, True]]
    for leaf in mixture:
        np.testing.assert_allclose(leaf[:, 0], leaf[:, 1], rtol=1e-5)
    upper = READ(TOOLS.upper, mixture, values, labels)[0]
    np.testing.assert_allclose(upper[::2], upper[1::2], rtol=1e-4)


def test_each_class_is_fitted_and_read_on_its_own():
    """Class 1 is hard: the values of its right labels are where wrong ones of class 0
    are. A class of 49 has the fit of all; one of equal values, too."""
    easy, hard = drawn(0, 140, 60), drawn(1, 140, 60) * 0.4
    few, equal = drawn(2, 30, division.RARE - 31), np.full((1, 60), 0.5)
    values = jnp.asarray(np.concatenate([easy, hard, few, equal], 1), jnp.float32)
    labels = jnp.asarray(np.repeat(np.arange(4), [200, 200, division.RARE - 1, 60]))
    mask = jnp.ones(values.shape, bool)
    mixture, valid = FIT(TOOLS, values, mask, labels, 4)
    assert valid.tolist() == [[True] * 4]
    whole, _ = FIT(TOOLS, values, mask, labels)
    alone, _ = FIT(TOOLS, values[:, 200:400], mask[:, 200:400], labels[:200])
    for leaf, all_of, own in zip(mixture, whole, alone):
        np.testing.assert_allclose(leaf[:, 1], own, rtol=1e-3)
        for other in (2, 3):
            np.testing.assert_array_equal(leaf[:, other], all_of)
    upper = READ(TOOLS.upper, mixture, values, labels)[0]
    assert upper[200:340].mean() > 0.8 > 0.3 > upper[340:400].mean()
    one = READ(TOOLS.upper, whole, values, labels)[0]
    assert one[200:340].mean() < 0.5


def test_a_fit_of_a_class_counts_where_it_is_valid():
    """Of classes 0 and 1 the second fit of 1 is not: its first one and its span stay,
    and values are scaled by the span of their class."""
    none = division.unfitted(TOOLS, 1, 2)
    assert none.ready.tolist() == [[False, False]]
    low, high = (type(none.mixture)(*(jnp.full((1, 2, 2), x),) * 3) for x in (1, 3))
    span = jnp.array([[0.0, 2.0]])
    first = division.refitted(none, low, span, jnp.array([[True, True]]))
    second = division.refitted(first, high, span + 2, jnp.array([[True, False]]))
    for leaf in second.mixture:
        np.testing.assert_array_equal(leaf, [[[3, 3], [1, 1]]])
    np.testing.assert_array_equal(second.span, [[[2, 4], [0, 2]]])
    assert second.rejected.tolist() == [[0, 1]]
    labels = jnp.array([0, 1, 1])
    scaled = division.scaled(second.span, jnp.array([[3.0, 1.0, 2.0]]), labels)
    np.testing.assert_array_equal(scaled, [[0.5, 0.5, 1]])
    assert division.ready(second, labels).tolist() == [[True] * 3]


def test_whole_span_by_hand():
    """Numbers that are not finite do not count; where none is, 0 and 1."""
    values = jnp.array(
        [[3.0, jnp.nan, 1.0, 2.0], [jnp.nan, jnp.inf, jnp.nan, -jnp.inf]]
    )
    np.testing.assert_array_equal(division.whole_span(values), [[1, 3], [0, 1]])


def test_an_unknown_mixture_is_refused():
    with pytest.raises(ValueError, match='not one of gaussian, beta'):
        division.tools('gamma', 'safe')
