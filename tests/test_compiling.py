"""How programs are compiled on a CPU: who computes what, to the same values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import compiling

THEIRS = '__ynn_fusion'  # the kind of an operation that YNNPACK does
KERNEL = np.random.default_rng(0).standard_normal((3, 3, 8, 8)).astype(np.float32)
IMAGES = np.random.default_rng(1).standard_normal((16, 6, 6, 8)).astype(np.float32)


def maps(kernel, images):
    return jax.lax.conv_general_dilated(
        images, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
    )


def sums(kernel, images):
    return jnp.sum(maps(kernel, images), axis=(0, 1, 2))


def text(function, work, *given, platform=None):
    return compiling.jit(function, work, platform).lower(*given).compile().as_text()


@pytest.mark.skipif(jax.default_backend() != 'cpu', reason='options of CPUs')
def test_ynnpack_gets_the_sums_of_programs_that_learn_and_nothing_else():
    assert THEIRS in text(sums, 'learn', KERNEL, IMAGES)
    assert THEIRS not in text(maps, 'learn', KERNEL, IMAGES)
    assert THEIRS not in text(sums, 'look', KERNEL, IMAGES)


@pytest.mark.parametrize('work', compiling.OPTIONS)
def test_the_values_are_the_same(work):
    found = compiling.jit(jax.grad(lambda *a: sums(*a).sum()), work)(KERNEL, IMAGES)
    wanted = jax.grad(lambda *a: sums(*a).sum())(KERNEL, IMAGES)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_no_option_of_a_cpu_reaches_another_device():
    """Compilers refuse what they do not know: here nobody is asked for it."""
    plain = jax.jit(sums).lower(KERNEL, IMAGES).compile().as_text()
    assert text(sums, 'look', KERNEL, IMAGES, platform='tpu') == plain


def test_an_option_that_jax_does_not_know_is_left_out(monkeypatch):
    wrong = {'look': {'xla_cpu_of_another_version': True}}
    monkeypatch.setattr(compiling, 'OPTIONS', wrong)
    compiling.known.cache_clear()
    try:
        assert not compiling.known()
        found = compiling.jit(lambda x: x + 1, 'look')(np.zeros(2))
        np.testing.assert_array_equal(found, 1)
    finally:
        compiling.known.cache_clear()
