"""Embedding proximity: what it adds to a method, and what it leaves alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, proximity

START = Progress(jnp.int32(0), jnp.int32(0))


@pytest.fixture(scope='module')
def baseline(small):
    return algorithms.make(
        'baseline',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
    )


@pytest.fixture
def batch(small):
    images = jnp.asarray(small.images[:12].astype(np.float32) / 127.5 - 1)
    return Batch(images[None], jnp.asarray(small.labels[:12]), jnp.arange(12))


def attach(algorithm, small, weight=0.5, **settings):
    return proximity.attach(
        algorithm, num_classes=small.num_classes, weight=weight, **settings
    )


def begun(algorithm, batch, mask=None):
    """params, stats, memory after one look at `batch`."""
    params, stats, memory = algorithm.init(jax.random.key(0), batch.images[0][:1])
    mask = jnp.ones(len(batch.labels)) if mask is None else mask
    return params, stats, algorithm.absorb(params, stats, memory, batch, mask)


def test_centres_start_as_class_means(baseline, small, batch):
    """Two padded batches of the 12 images give the means over all 12."""
    algorithm = attach(baseline, small)
    params, stats, memory = algorithm.init(jax.random.key(0), batch.images[0][:1])
    for first, size in ((0, 8), (8, 4)):
        rows = np.minimum(first + np.arange(8), 11)
        part = Batch(batch.images[:, rows], batch.labels[rows], rows)
        mask = jnp.arange(8) < size
        memory = algorithm.absorb(params, stats, memory, part, mask)
    x = algorithm.predict(params, stats, batch.images[0]).embeddings[0]
    for label in range(small.num_classes):
        mean = np.asarray(x)[np.asarray(batch.labels) == label].mean(axis=0)
        np.testing.assert_allclose(memory.centres[0, label], mean, rtol=1e-5)
    np.testing.assert_array_equal(memory.seen, [4, 4, 4])


@pytest.mark.parametrize(
    ('reduction', 'scale'), [('mean', 1 / 12), ('half_mean', 1 / 24), ('sum', 1.0)]
)
def test_loss_by_a_loop(baseline, small, batch, reduction, scale):
    algorithm = attach(baseline, small, reduction=reduction)
    params, stats, memory = begun(algorithm, batch)
    key = jax.random.key(1)
    plain, aux = baseline.objective(params, stats, (), batch, START, key)
    loss, _ = algorithm.objective(params, stats, memory, batch, START, key)
    total = sum(
        float(jnp.sum(jnp.square(x - memory.centres[0, y])))
        for x, y in zip(aux.embeddings[0], batch.labels.tolist())
    )
    np.testing.assert_allclose(loss - plain, 0.5 * scale * total, rtol=1e-4)


def test_gradient_of_an_embedding(baseline, small, batch):
    """dL/dx = gamma 2 / B (x - c): compared through the parameters."""
    algorithm = attach(baseline, small)
    params, stats, memory = begun(algorithm, batch)
    key = jax.random.key(1)

    def added(params):
        loss, _ = algorithm.objective(params, stats, memory, batch, START, key)
        plain, _ = baseline.objective(params, stats, (), batch, START, key)
        return loss - plain

    def by_hand(params):
        _, aux = baseline.objective(params, stats, (), batch, START, key)
        x = aux.embeddings[0]
        pull = 0.5 * 2 / 12 * (x - memory.centres[0][batch.labels])
        return jnp.sum(jax.lax.stop_gradient(pull) * x)

    found, expected = jax.grad(added)(params), jax.grad(by_hand)(params)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected)):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_class_never_seen_pulls_nothing_and_starts_at_its_first_mean(
    baseline, small, batch
):
    algorithm = attach(baseline, small)
    params, stats, memory = begun(algorithm, batch, mask=batch.labels != 2)
    relabelled = batch._replace(labels=jnp.full(12, 2))
    key = jax.random.key(1)
    plain, aux = baseline.objective(params, stats, (), relabelled, START, key)
    loss, with_centres = algorithm.objective(
        params, stats, memory, relabelled, START, key
    )
    np.testing.assert_allclose(loss, plain)
    after = with_centres.memory
    np.testing.assert_allclose(
        after.centres[0, 2], aux.embeddings[0].mean(axis=0), rtol=1e-5
    )
    np.testing.assert_array_equal(after.centres[0, :2], memory.centres[0, :2])


def test_the_method_below_keeps_its_memory_and_opinion(small, batch):
    resup = algorithms.make(
        'resup',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(batch.labels),
    )
    algorithm = attach(resup, small)
    params, stats, memory = begun(algorithm, batch)
    assert memory.centres.shape[:2] == (2, small.num_classes)
    logits = resup.predict(params, stats, batch.images[0]).logits
    scores = algorithm.signal.of(logits, batch.labels)
    done = Progress(jnp.int32(3), jnp.int32(1))
    refreshed = algorithm.refresh(memory, scores, batch.labels, done)
    alone = resup.refresh(memory.method, scores, batch.labels, done)
    for a, b in zip(jax.tree.leaves(refreshed.method), jax.tree.leaves(alone)):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(refreshed.centres, memory.centres)
    np.testing.assert_array_equal(
        algorithm.log_odds(refreshed, scores, batch.labels),
        resup.log_odds(alone, scores, batch.labels),
    )
    assert algorithm.fit_of(refreshed) is refreshed.method.fitted


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'weight': -1.0}, 'above 0, got -1'),
        ({'update': 'adam'}, 'one of wen, batch_mean, ema'),
        ({'reduction': 'max'}, 'one of mean, half_mean, sum'),
        ({'rate': 0.0}, r'in \(0, 1\], got 0'),
    ],
)
def test_settings_that_make_no_sense(baseline, small, settings, message):
    with pytest.raises(ValueError, match=message):
        attach(baseline, small, **settings)
