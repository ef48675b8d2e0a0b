"""IDO's counts, its loss by hand, and what counts say of labels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, ido
from fer_jax.numerics import losses, mixtures

WARM, LATER = Progress(jnp.int32(0), jnp.int32(0)), Progress(jnp.int32(9), jnp.int32(5))


def make(small, num_examples=24, **settings):
    return algorithms.make(
        'ido',
        backbone=small.backbone,
        num_classes=3,
        num_examples=num_examples,
        **settings,
    )


def test_an_event_is_an_answer_that_is_not_the_label():
    logits = jnp.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    np.testing.assert_array_equal(ido.events(logits, jnp.array([0, 0, 1])), [0, 1, 1])


def test_entropy_by_hand():
    """The mean of (1, 0) and (1/2, 1/2) is (3/4, 1/4)."""
    found = ido.entropy(jnp.array([0.0, -100.0]), jnp.zeros(2))
    np.testing.assert_allclose(found, np.log(4) - 0.75 * np.log(3), rtol=1e-6)


def test_agreement_by_hand():
    """Beta(1, 2) has F = 1 - (1 - u)^2, Beta(2, 1) u^2: at .5 they are .75 and .25."""
    start = mixtures.start()
    pair = type(start)(*(leaf[None] for leaf in start))
    found = ido.agreement(pair, jnp.array([[0.5, 0.0, 1.2]]))
    np.testing.assert_allclose(found, [[1.5, 1.0, 1.0]], rtol=1e-5)


def test_both_stages_by_hand(small, key):
    """Stage 1 counts the first view's events and is plain training; stage 2 counts both
    and is the paper's loss, by what was read after the epoch before."""
    algorithm = make(small)
    images = jnp.asarray(small.images[:8].astype(np.float32) / 127.5 - 1)
    views = jnp.stack([images, 0.5 * images])
    labels = jnp.asarray(small.labels[1:9])
    batch = Batch(views, labels, jnp.arange(8) + 3)
    params, stats_, memory = jax.jit(algorithm.init)(key, images)
    objective = jax.jit(algorithm.objective)
    loss, aux = objective(params, stats_, memory, batch, WARM, key)
    head = params['classifier']
    logits = np.asarray(aux.embeddings[0] @ head['kernel'][0] + head['bias'][0])
    plain = np.asarray(losses.cross_entropy(logits, labels))
    np.testing.assert_allclose(loss, plain.mean(), rtol=1e-5)
    own = logits.argmax(axis=1) != labels
    wanted = np.zeros(24)
    wanted[3:11] = own
    np.testing.assert_array_equal(aux.memory.counts, wanted)
    assert aux.metrics['weight'] == 1

    flipped = batch._replace(images=views[::-1])
    _, other = objective(params, stats_, memory, flipped, WARM, key)
    others = np.asarray(other.embeddings[0] @ head['kernel'][0] + head['bias'][0])
    w, alike = np.random.default_rng(0).random((2, 24)).astype(np.float32)
    later = memory._replace(counts=jnp.full(24, 2.0), clean=w, alike=alike)
    loss, aux = objective(params, stats_, later, batch, LATER, key)
    counts = 2.0 + own + (others.argmax(axis=1) != labels)
    np.testing.assert_array_equal(aux.memory.counts[3:11], counts)
    np.testing.assert_array_equal(aux.memory.counts[11:], 2)
    w, alike = w[3:11], alike[3:11]
    np.testing.assert_allclose(aux.metrics['weight'], w.mean(), rtol=1e-6)
    both = plain + np.asarray(losses.cross_entropy(others, labels))
    probs = (jax.nn.softmax(logits) + jax.nn.softmax(others)) / 2
    entropy = -(probs * jnp.log(probs)).sum(axis=1)
    squares = ((logits - others) ** 2).mean(axis=1)
    wanted = (w * both + alike * squares + (1 - w) * entropy).mean()
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)


@pytest.mark.parametrize('mixture', ido.MIXTURES)
def test_counts_tell_right_from_wrong(small, key, mixture):
    """Of ten epochs right labels are contradicted in about two, wrong ones in eight;
    an example of a left-out fold has no score, and nothing is said of it."""
    algorithm = make(small, 600, mixture=mixture)
    memory = jax.jit(algorithm.init)(key, small.images[:1] / 255.0)[2]
    rng = np.random.default_rng(0)
    right = np.arange(600) % 10 < 7
    counts = rng.binomial(10, np.where(right, 0.2, 0.8)).astype(np.float32)
    memory = memory._replace(counts=jnp.asarray(counts))
    labels, scores = jnp.arange(600) % 3, jnp.ones((1, 600)).at[0, :5].set(jnp.nan)
    silent = jax.jit(algorithm.log_odds)(memory, scores, labels)
    np.testing.assert_array_equal(silent, 0)
    memory = jax.jit(algorithm.refresh)(memory, scores, labels, LATER)
    odds = np.asarray(jax.jit(algorithm.log_odds)(memory, scores, labels))[0]
    np.testing.assert_array_equal(odds[:5], 0)
    fitted = memory.fitted
    row = (0, 7 % 3) if mixture == 'class' else (0,)
    a, b, share = (np.asarray(leaf[row], np.float64) for leaf in fitted.mixture)
    low, high = np.asarray(fitted.span[row])
    u = np.clip((counts[7] - low) / (high - low), 0.01, 0.99)
    few, many = share * stats.beta.pdf(u, a, b)
    np.testing.assert_allclose(memory.clean[7], few / (few + many), atol=1e-3)
    below = stats.beta.cdf((counts[7] - low) / (high - low), a, b)
    alike = memory.clean[7] * (1 + below[0] - below[1])
    np.testing.assert_allclose(memory.alike[7], alike, rtol=1e-3)
    assert odds[5:][right[5:]].mean() > 1 > -1 > odds[5:][~right[5:]].mean()
    if mixture == 'global':
        order = np.argsort(counts[5:], kind='stable')
        assert (np.diff(odds[5:][order]) <= 1e-5).all()
