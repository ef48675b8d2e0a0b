"""NLA's weight, divergence and loss by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, nla
from fer_jax.numerics import losses


def test_scores_by_hand():
    """Of (.5, .3, .2): the label's own and the largest of the others."""
    probs = jnp.tile(jnp.array([0.5, 0.3, 0.2]), (3, 1))
    p, n = nla.scores(probs, jnp.arange(3))
    np.testing.assert_allclose(p, [0.5, 0.3, 0.2])
    np.testing.assert_allclose(n, [0.3, 0.5, 0.5])


@pytest.mark.parametrize('tilt', [-0.9, 0.0, 1.0])
def test_the_density_is_that_of_a_gaussian(tilt):
    """s = .8, r = 2: variances .64 + .16 = .8, covariance tilt (.64 - .16)."""
    p, n = np.random.default_rng(0).random((2, 20))
    found = nla.density((p, n), (0.3, 0.15), 0.8, 2.0, tilt)
    shape = [[0.8, 0.48 * tilt], [0.48 * tilt, 0.8]]
    wanted = stats.multivariate_normal([0.3, 0.15], shape).pdf(np.stack([p, n], 1))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_divergence_by_hand():
    """Of (1, 0) and (1/2, 1/2), whose mean is (3/4, 1/4):
    (ln 4/3 + (ln 2/3 + ln 2) / 2) / 2. Of opposites ln 2, of equals 0."""
    even = jnp.zeros(2)
    wanted = (np.log(4 / 3) + (np.log(2 / 3) + np.log(2)) / 2) / 2
    found = nla.divergence(jnp.array([0.0, -100.0]), even)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    far = nla.divergence(jnp.array([0.0, -100.0]), jnp.array([-100.0, 0.0]))
    np.testing.assert_allclose(far, np.log(2), rtol=1e-6)
    np.testing.assert_allclose(nla.divergence(even, even), 0, atol=1e-7)


@pytest.mark.parametrize('epoch', [0, 8])
def test_loss_by_hand(small, key, epoch):
    """Weights of labels with which the network agrees and of others, each by its
    Gaussian; e = 1 - exp(-8 / 4) at the later one. No gradient passes through them."""
    algorithm = algorithms.make(
        'nla', backbone=small.backbone, num_classes=3, num_examples=24
    )
    images = jnp.asarray(small.images[:12].astype(np.float32) / 127.5 - 1)[None]
    labels = jnp.asarray(np.roll(small.labels[:12], 1))
    batch = Batch(images, labels, jnp.arange(12))
    params, stats_, _ = jax.jit(algorithm.init)(key, images[0])
    done = Progress(jnp.int32(0), jnp.int32(epoch))
    loss, aux = jax.jit(algorithm.objective)(params, stats_, (), batch, done, key)
    head = params['classifier']
    logits = aux.embeddings[0] @ head['kernel'][0] + head['bias'][0]
    p, n = map(np.asarray, nla.scores(jax.nn.softmax(logits), labels))
    tilt = -(1 - np.exp(-epoch / 4))
    right = stats.multivariate_normal(
        [0.5, 0.5], [[0.8, 0.48 * tilt], [0.48 * tilt, 0.8]]
    )
    along, across = 0.91**2, (0.91 / 6) ** 2
    wrong = stats.multivariate_normal(
        [0.3, 0.15],
        [[along + across, along - across], [along - across, along + across]],
    )
    at = np.stack([p, n], 1)
    weight = (1 + np.where(p >= n, right.pdf(at), wrong.pdf(at))) / 2
    assert {True, False} == {*(p >= n).tolist()}
    np.testing.assert_allclose(aux.metrics['weight'], weight.mean(), rtol=1e-4)
    plain = np.asarray(losses.cross_entropy(logits, labels))
    np.testing.assert_allclose(aux.metrics['loss_ce'], (weight * plain).mean(), 1e-4)
    wanted = (weight * plain).mean() + 16 * aux.metrics['divergence']
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)
    assert aux.metrics['divergence'] > 0


def test_the_mirror_image_of_a_mirrored_face_changes_nothing(small, key):
    """Images that are their own mirror images have no divergence."""
    algorithm = algorithms.make(
        'nla', backbone=small.backbone, num_classes=3, num_examples=24
    )
    images = jnp.asarray(small.images[:6].astype(np.float32) / 255)
    images = (images + images[:, :, ::-1])[None]
    batch = Batch(images, jnp.asarray(small.labels[:6]), jnp.arange(6))
    start = jax.jit(algorithm.init)(key, images[0])
    done = Progress(jnp.int32(0), jnp.int32(0))
    _, aux = jax.jit(algorithm.objective)(*start, batch, done, key)
    np.testing.assert_allclose(aux.metrics['divergence'], 0, atol=1e-7)
