"""Evaluation counts every image once and every network on its own."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.algorithms import Algorithm, Prediction
from fer_jax.numerics import votes
from fer_jax.training import evaluation, scoring, step, trial


def reading_pixels():
    """Two networks: class = first pixel, and class = second pixel with less vigour."""

    def predict(params, stats, images):
        del params, stats
        first, second = (images[:, 0, column, 0].astype(int) for column in (0, 1))
        logits = jnp.stack(
            [10.0 * jax.nn.one_hot(first, 3), 1.0 * jax.nn.one_hot(second, 3)]
        )
        return Prediction(logits, logits)

    return Algorithm(init=None, objective=None, predict=predict)


STATE = step.TrainState(
    step=np.int32(0),
    params=(),
    stats=(),
    opt=(),
    memory=(),
    labels=np.arange(5, dtype=np.int32),
    flips=np.zeros(5, np.int32),
    evidence=np.zeros((5, 3), np.float32),
)
PLAIN = types.SimpleNamespace(plain=lambda images: images)


def batches(pixels, size):
    """Padded host batches of images whose first two pixels are given."""
    images = np.zeros((len(pixels), 1, 2, 3), np.uint8)
    images[:, 0, :, 0] = pixels
    for start in range(0, len(pixels), size):
        place = np.arange(start, start + size)
        mask = place < len(pixels)
        index = np.minimum(place, len(pixels) - 1)
        yield images[index], index.astype(np.int32), mask


def confusions(algorithm, size):
    """Over all of PIXELS, in batches of `size`."""
    about = trial.make(0, LABELS, LABELS, 1)
    count = jax.jit(evaluation.make_count(algorithm, PLAIN, 3))
    found = [count(STATE, about, *batch, 0.0) for batch in batches(PIXELS, size)]
    return np.sum(found, axis=0)


PIXELS = np.array([[0, 0], [1, 2], [2, 2], [1, 1], [0, 1]])
LABELS = np.array([0, 1, 2, 2, 1], np.int32)


@pytest.mark.parametrize('size', [1, 2, 5, 8])
def test_confusions_by_hand(size):
    """Network 1 says 0 1 2 1 0, network 2 says 0 2 2 1 1, labels are 0 1 2 2 1; the
    mean vote follows the vigorous network 1."""
    found = confusions(reading_pixels(), size)
    one = [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    two = [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert found.tolist() == [one, two, one]
    summary = evaluation.summary(found)
    assert summary['accuracy'] == pytest.approx(3 / 5)
    assert summary['accuracy_2'] == pytest.approx(3 / 5)
    assert summary['accuracy_mean'] == pytest.approx(3 / 5)
    assert summary['balanced_accuracy'] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


def test_a_method_that_answers_by_the_sum():
    """Its answer comes first: logits of 10 and of 1 add up to the vigorous network's;
    of the others, network 1 is named too."""
    algorithm = reading_pixels()._replace(answer='sum')
    found = confusions(algorithm, 5)
    one = [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    two = [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert found.tolist() == [one, one, two, one]
    assert list(evaluation.summary(found, 'sum')) == [
        'accuracy', 'balanced_accuracy', 'macro_f1',
        'accuracy_1', 'accuracy_2', 'accuracy_mean',
    ]  # fmt: skip


@pytest.mark.parametrize('size', [1, 2, 5, 8])
def test_gather_puts_values_in_order(size):
    def square(images, index):
        return jnp.stack([images[:, 0, 0, 0], jnp.square(index)]), index

    seen = []
    batched = batches(PIXELS, size)
    pairs, places = scoring.gather(square, batched, 5, (1, 0), seen.append)
    np.testing.assert_array_equal(pairs, [PIXELS[:, 0], np.arange(5) ** 2])
    np.testing.assert_array_equal(places, np.arange(5))
    assert sum(seen) == 5


def test_adjusted_answers_by_hand():
    """Of .6 .3 .1, said .6 .3 .1 on average: all the same with tau 1, and with tau 2
    the last wins; a class that was never said cannot have all there is."""
    probs, prior = jnp.array([0.6, 0.3, 0.1]), jnp.array([0.6, 0.3, 0.1])
    for tau, wanted in (
        (0.0, [0.6, 0.3, 0.1]),
        (1.0, [1 / 3, 1 / 3, 1 / 3]),
        (2.0, np.array([1 / 0.6, 1 / 0.3, 1 / 0.1]) / 15),
    ):
        np.testing.assert_allclose(votes.adjusted(probs, prior, tau), wanted, rtol=1e-5)
    np.testing.assert_allclose(votes.adjusted(probs, 0 * prior, 1.0), probs, rtol=1e-6)
    rare = votes.adjusted(jnp.array([0.5, 0.5, 0.0]), jnp.array([0.5, 0.5, 0.0]), 1.0)
    np.testing.assert_allclose(rare, [0.5, 0.5, 0.0], rtol=1e-6)
