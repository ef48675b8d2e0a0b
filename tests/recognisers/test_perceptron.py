"""Perceptrons that learn what can be learned, the same one from the same seed."""

import numpy as np
import pytest

from fer_jax.recognisers import perceptron

PLAN = perceptron.Plan((3, 16), linear=1, learning_rate=1e-2, epochs=20, batch_size=64)


@pytest.fixture(scope='module')
def task():
    """Three classes around points of one plane in twelve dimensions."""
    generator = np.random.default_rng(0)
    plane = generator.standard_normal((2, 12))
    labels = generator.integers(0, 3, 640)
    corners = 4 * np.array([[1, 0], [-0.5, 0.8], [-0.5, -0.8]])
    x = corners[labels] @ plane + generator.standard_normal((640, 12))
    return x.astype(np.float32), np.eye(3, dtype=np.float32)[labels], labels


def test_it_learns_and_again_the_same(task):
    x, targets, labels = task
    one, two = (perceptron.fit(PLAN, x[:512], targets[:512], 5) for _ in range(2))
    for (kernel, bias), (again, too) in zip(one, two, strict=True):
        np.testing.assert_array_equal(kernel, again)
        np.testing.assert_array_equal(bias, too)
    assert [kernel.shape for kernel, _ in one] == [(12, 3), (3, 16), (16, 3)]
    probs = perceptron.probs(PLAN, one, x[512:])
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    assert (probs.argmax(axis=1) == labels[512:]).mean() > 0.95


def test_linear_layers_have_no_relu():
    """-1 passes a linear first layer and is cut by the second: 2 * 0 + 7 and -4 + 7."""
    layers = [(np.eye(1), np.zeros(1)), (-2 * np.eye(1), np.zeros(1)),
              (np.eye(1), np.full(1, 7.0))]  # fmt: skip
    for linear, wanted in ((1, 9), (0, 7)):
        found = perceptron.logits(layers, np.array([[-1.0]]), linear)
        assert float(found[0, 0]) == wanted


def test_the_temperature_of_logits_that_are_too_large():
    """Labels are drawn from softmax(z): three times the logits have temperature 3."""
    generator = np.random.default_rng(1)
    z = generator.normal(0, 2, (20_000, 3))
    drawn = z + generator.gumbel(size=z.shape)
    found = perceptron.temperature(3 * z, drawn.argmax(axis=1))
    assert found == pytest.approx(3, rel=0.05)
