"""Forget rate, number kept and rank masks, by hand and against a loop over samples."""

import fractions
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.numerics import selection
from fer_jax.settings import check


def test_forget_rate_by_hand():
    """tau .3 over 10 epochs is linspace(0, .3, 10): steps of .3 / 9, .3 from 9 on."""
    rate = jax.jit(lambda epoch: selection.forget_rate(epoch, 0.3))
    found = [rate(jnp.int32(epoch)) for epoch in (0, 1, 2, 9, 10, 199)]
    wanted = [0.0, 0.3 / 9, 0.6 / 9, 0.3, 0.3, 0.3]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert rate._cache_size() == 1


@pytest.mark.parametrize('ramp_epochs', [2, 5, 15])
@pytest.mark.parametrize('exponent', [0.5, 1.0, 2.0])
def test_forget_rate_is_the_table_of_the_release(ramp_epochs, exponent):
    table = np.full(20, 0.4)
    table[:ramp_epochs] = np.linspace(0, 0.4**exponent, ramp_epochs)
    found = [
        selection.forget_rate(jnp.int32(epoch), 0.4, ramp_epochs, exponent)
        for epoch in range(20)
    ]
    np.testing.assert_allclose(found, table, rtol=1e-6)


@pytest.mark.parametrize('ramp_epochs', [0, 1])
def test_no_ramp(ramp_epochs):
    """The first epoch of training, number 1, already forgets all there is to forget."""
    found = selection.forget_rate(jnp.int32(1), 0.4, ramp_epochs)
    np.testing.assert_allclose(found, 0.4)


def test_noise_rate_0_keeps_everything():
    rates = [selection.forget_rate(jnp.int32(epoch), 0.0) for epoch in (1, 5, 50)]
    assert [int(selection.kept_count(rate, 64)) for rate in rates] == [64, 64, 64]


@pytest.mark.parametrize(
    ('rate', 'size', 'wanted'),
    [
        (0.0, 10, 10),
        (0.3, 10, 7),
        (0.2, 128, 102),  # 102.4
        (0.25, 2, 1),  # 1.5
        (0.9, 10, 1),  # 0.9999999999999998 in float64
        (0.95, 10, 1),  # 0.5: one is kept all the same
    ],
)
def test_kept_count_by_hand(rate, size, wanted):
    count = jax.jit(selection.kept_count, static_argnums=1)(jnp.float32(rate), size)
    assert int(count) == wanted
    assert count.dtype == jnp.int32


def test_kept_count_is_that_of_whole_numbers():
    """floor((1 - percent / 100) B) in fractions, for every per cent."""
    for size in (10, 64, 96, 100, 128):
        for percent in range(100):
            exact = (1 - fractions.Fraction(percent, 100)) * size
            wanted = max(math.floor(exact), 1)
            rate = np.float32(percent / 100)
            assert int(selection.kept_count(rate, size)) == wanted, (percent, size)


def kept_by_loop(losses, count):
    """An example is kept when fewer than `count` others come before it."""
    kept = []
    for i, own in enumerate(losses):
        before = sum(
            other < own or (other == own and j < i) for j, other in enumerate(losses)
        )
        kept.append(before < count)
    return kept


@pytest.mark.parametrize('count', [1, 4, 9, 12])
def test_masks_of_a_loop_over_samples(count):
    """Twelve losses of five values: ties everywhere, in two rows at once."""
    losses = np.random.default_rng(count).integers(0, 5, (2, 12)).astype(np.float32)
    keep = jax.jit(selection.keep_smallest)
    found = keep(losses, jnp.int32(count))
    assert found.tolist() == [kept_by_loop(row, count) for row in losses]
    assert found.sum(axis=1).tolist() == [count, count]


def test_ties_go_to_the_earlier_example():
    kept = selection.keep_smallest(jnp.ones(5), jnp.int32(2))
    assert kept.tolist() == [True, True, False, False, False]


def test_nan_is_kept_last():
    losses = jnp.array([jnp.nan, 3.0, 1.0, jnp.inf])
    kept = selection.keep_smallest(losses, jnp.int32(3))
    assert kept.tolist() == [False, True, True, True]


def test_no_gradient_through_the_choice():
    """The gradient of the sum of the two smallest of [3, 1, 2] is their mask."""

    def total(losses):
        return jnp.sum(
            jnp.where(selection.keep_smallest(losses, jnp.int32(2)), losses, 0.0)
        )

    gradient = jax.grad(total)(jnp.array([3.0, 1.0, 2.0]))
    assert gradient.tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ((30, 10, 1.0), 'for 30 % write 0.3'),
        ((-0.1, 10, 1.0), r'noise_rate must be in \[0, 1\), got -0.1'),
        ((0.3, -1, 1.0), 'ramp_epochs must be 0 or more'),
        ((0.3, 10, 0.0), 'exponent must be above 0'),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    fields = selection.SETTINGS
    with pytest.raises(ValueError, match=message):
        [check(name, fields[name], value) for name, value in zip(fields, settings)]
