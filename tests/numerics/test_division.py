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


def test_whole_span_by_hand():
    """Numbers that are not finite do not count; where none is, 0 and 1."""
    values = jnp.array(
        [[3.0, jnp.nan, 1.0, 2.0], [jnp.nan, jnp.inf, jnp.nan, -jnp.inf]]
    )
    np.testing.assert_array_equal(division.whole_span(values), [[1, 3], [0, 1]])


def test_an_unknown_mixture_is_refused():
    with pytest.raises(ValueError, match='not one of gaussian, beta'):
        division.tools('gamma', 'safe')
