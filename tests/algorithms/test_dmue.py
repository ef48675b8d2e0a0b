"""DMUE's terms by hand, its masks against explicit subsets, and who learns what."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from fer_jax import algorithms
from fer_jax.algorithms import Aux, Batch, Progress, dmue

C = 3


def make(small, **settings):
    return algorithms.make(
        'dmue',
        backbone=small.backbone,
        num_classes=C,
        num_examples=len(small.labels),
        **settings,
    )


def at(epoch):
    return Progress(jnp.int32(3 * epoch), jnp.int32(epoch))


@pytest.fixture(scope='module')
def batch(small):
    """8 images; the classes have 3, 3 and 2 of them."""
    images = small.images[:8].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None], jnp.asarray(small.labels[:8]), jnp.arange(8)
    )


class Taken(NamedTuple):
    """A step: what went in and what came out."""

    release: bool
    params: Any  # branches that differ, classifiers that have opinions
    memory: Any
    loss: jax.Array
    aux: Aux
    gradients: Any


@pytest.fixture(scope='module', params=[False, True], ids=['default', 'release'])
def taken(request, small, batch):
    """A step without dropout at epoch 6 of a ramp of 4."""
    algorithm = make(small, release=request.param, dropout=0.0, ramp_epochs=4)
    key, rng = jax.random.key(0), np.random.default_rng(0)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])

    def shaken(leaf):
        return leaf + 0.3 * rng.standard_normal(leaf.shape).astype(np.float32)

    params = jax.tree.map(shaken, params)
    objective = jax.jit(jax.value_and_grad(algorithm.objective, has_aux=True))
    (loss, aux), gradients = objective(params, stats, memory, batch, at(6), key)
    return Taken(request.param, params, memory, loss, aux, gradients)


def test_ramp_down():
    """A = 8: 1 until epoch 8, exp(-1/4) = .7788 at 16, exp(-1) = .3679 in the end."""
    down = dmue.ramp_down(jnp.array([0, 4, 8, 16, 10**6]), 8)
    np.testing.assert_allclose(down, [1, 1, 1, 0.7788, 0.3679], rtol=1e-4)


@pytest.mark.parametrize('missing', range(4))
def test_remapping_is_a_bijection(missing):
    others = np.array([c for c in range(4) if c != missing])
    np.testing.assert_array_equal(dmue.remap(others, missing), [0, 1, 2])


def test_soft_targets_by_hand():
    """Logits ln 1, ln 4 at T = 2 are probabilities 1/3, 2/3, in the places but y's."""
    latent = jnp.log(jnp.array([[1.0, 4.0]] * 3))
    found = dmue.soft_targets(latent, jnp.array([0, 1, 2]), 2.0)
    wanted = [[0, 1 / 3, 2 / 3], [1 / 3, 0, 2 / 3], [1 / 3, 2 / 3, 0]]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_soft_targets_sum_to_one_and_are_constants():
    rng = np.random.default_rng(0)
    latent = jnp.asarray(30 * rng.standard_normal((50, 6)), jnp.float32)
    labels = jnp.asarray(rng.integers(0, 7, 50))
    targets = jax.jit(dmue.soft_targets)(latent, labels, 1.2)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(targets[np.arange(50), labels], 0)

    def loss(latent):
        targets = dmue.soft_targets(latent, labels, 1.2)
        return dmue.soft_loss(jnp.ones((50, 7)), targets, labels)

    np.testing.assert_array_equal(
        jax.jit(jax.grad(loss))(latent), jnp.zeros_like(latent)
    )


def test_soft_loss_by_hand():
    """Probabilities .5 .3 .2 under label 0 against 0 .6 .4: (.09 + .04) / 3."""
    logits = jnp.log(jnp.array([[0.5, 0.3, 0.2]]))
    found = dmue.soft_loss(logits, jnp.array([[0.0, 0.6, 0.4]]), jnp.array([0]))
    np.testing.assert_allclose(found, 0.13 / 3, rtol=1e-5)


def test_class_similarity_by_hand():
    """Unit vectors at 0, 90, 60 degrees, of classes 0, 0, 2: the first has means
    (1 + 0) / 2 and 1/2, all equal: 0. The third has (1/2 + sqrt(3)/2) / 2 < 1."""
    angles = np.deg2rad([0, 90, 60])
    embeddings = 5 * jnp.asarray(np.stack([np.cos(angles), np.sin(angles)], 1))
    found = dmue.class_similarity(embeddings, jnp.array([0, 0, 2]), 4)
    wanted = [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize('embeddings', [np.zeros((4, 5)), np.ones((4, 5))])
@pytest.mark.parametrize('labels', [[1, 1, 1, 1], [0, 1, 2, 2]])
def test_equal_embeddings_are_no_division_by_zero(embeddings, labels):
    def total(embeddings, labels):
        similarity = dmue.class_similarity(embeddings, labels, 3)
        auxiliary = jnp.stack([embeddings[:, :3] * 1e-9] * 3)
        loss = dmue.similarity_loss(embeddings, auxiliary, labels)
        return jnp.sum(similarity) + loss, similarity

    embeddings, labels = jnp.asarray(embeddings, jnp.float32), jnp.array(labels)
    function = jax.jit(jax.value_and_grad(total, has_aux=True))
    (_, similarity), gradient = function(embeddings, labels)
    np.testing.assert_allclose(similarity, 0, atol=0.2)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() < 10


def test_similarity_loss_is_blind_to_scale_and_rotation():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((8, 5)).astype(np.float32)
    rotation, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    turned = jnp.asarray(3 * features @ rotation, jnp.float32)
    labels = jnp.arange(8) % 3
    similarity_loss = jax.jit(dmue.similarity_loss)
    loss = similarity_loss(jnp.asarray(features), jnp.stack([turned] * 3), labels)
    np.testing.assert_allclose(loss, 0, atol=1e-12)
    other = jnp.asarray(rng.standard_normal((3, 8, 5)), jnp.float32)
    assert similarity_loss(jnp.asarray(features), other, labels) > 0.01


def cross_entropy(logits, labels):
    log_probs = special.log_softmax(logits, axis=1)
    return -np.mean([log_probs[i, y] for i, y in enumerate(labels)])


def rows_of_norm_one(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def convolved(params, maps):
    conv = nn.Conv(8, (3, 3), (2, 2)).apply({'params': params}, maps)
    return np.asarray(conv, np.float64)


def late(params, maps, chosen):
    """Pooled features of all maps by the statistics of the chosen ones."""
    x = convolved(params['Conv_0'], maps)
    norm, axes = params['BatchNorm_0'], (0, 1, 2)
    x = (x - x[chosen].mean(axes)) / np.sqrt(x[chosen].var(axes) + 1e-5)
    return np.maximum(x * norm['scale'] + norm['bias'], 0).mean(axis=(1, 2))


def neck(heads, x, chosen):
    x = (x - x[chosen].mean(0)) / np.sqrt(x[chosen].var(0) + 1e-5)
    return x * heads['scale']['scale'] if 'scale' in heads else x


def by_subsets(params, projector, images, labels, release):
    """DMUE's terms as explicit loops over index lists, without a mask, in float64."""
    heads = params['classifier']
    everyone, indices = np.arange(len(labels)), range(len(labels))

    embeddings = late(params['target'], images, everyone)
    features = neck(heads, embeddings, everyone)
    logits = features @ heads[f'linear_{C}']['kernel']
    rows = rows_of_norm_one(embeddings)
    cosines = rows @ rows.T
    similarity = np.stack([cosines[:, labels == c].mean(axis=1) for c in range(C)], 1)
    similarity -= similarity.min(axis=1, keepdims=True)
    similarity /= similarity.max(axis=1, keepdims=True)
    x = np.concatenate([similarity, np.eye(C)[labels]], axis=1)
    x = x @ projector['Dense_0']['kernel'] + projector['Dense_0']['bias']
    x = np.where(x > 0, x, x * projector['PReLU_0']['negative_slope'])
    x = x @ projector['Dense_1']['kernel'] + projector['Dense_1']['bias']
    confidence = special.expit(x)
    terms = {'loss_ce': cross_entropy(confidence * logits, labels)}

    auxiliary, similar, targets = 0.0, 0.0, np.zeros((len(labels), C))
    for c in range(C):
        others = np.array([i for i in indices if labels[i] != c])
        members = np.array([i for i in indices if labels[i] == c])
        places = [k for k in range(C) if k != c]
        kernel = heads[f'linear_{c}']['kernel']
        pooled = late(params[f'auxiliary_{c}'], images, others)
        taught = neck(heads, pooled, others)[others]
        known = [places.index(y) for y in labels[others]]
        auxiliary += cross_entropy(taught @ kernel, known) / C
        shown = taught @ kernel if release else taught
        difference = rows_of_norm_one(shown @ shown.T) - rows_of_norm_one(
            features[others] @ features[others].T
        )
        similar += np.mean(difference**2) / C
        if release:
            pooled = late(params[f'auxiliary_{c}'], images, members)
        latent = neck(heads, pooled, members if release else others)[members] @ kernel
        targets[np.ix_(members, places)] = special.softmax(latent / 1.2, axis=1)
    probs = special.softmax(logits, axis=1)
    probs[everyone, labels] = 0
    return terms | {
        'loss_auxiliary': auxiliary,
        'loss_similarity': similar,
        'loss_soft': np.mean((probs - targets) ** 2),
        'confidence': np.mean(confidence),
    }


def test_masks_equal_subsets(taken, batch):
    """Every term; up is 1 and down exp(-(1 - 4/6)^2)."""

    def plain(tree):
        return jax.tree.map(lambda leaf: np.asarray(leaf[0], np.float64), tree)

    params = plain(taken.params)
    projector = params['classifier'].pop('projector', plain(taken.memory))
    images, labels = np.asarray(batch.images[0]), np.asarray(batch.labels)
    wanted = by_subsets(params, projector, images, labels, taken.release)
    for name, value in wanted.items():
        found = taken.aux.metrics[name]
        np.testing.assert_allclose(found, value, rtol=2e-4, err_msg=name)
    total = wanted['loss_ce'] + 0.5 * wanted['loss_soft']
    total += 1000 * wanted['loss_similarity']
    total += np.exp(-1 / 9) * wanted['loss_auxiliary']
    np.testing.assert_allclose(taken.loss, total, rtol=2e-4)


def test_statistics_are_those_of_the_subsets(taken, batch):
    """From 0, .1 of the mean over the others; in the release, which goes on with the
    members, .09 of that and .1 of theirs."""
    labels = np.asarray(batch.labels)
    for c in range(C):
        conv = taken.params[f'auxiliary_{c}']['Conv_0']
        x = convolved(jax.tree.map(lambda leaf: leaf[0], conv), batch.images[0])
        others, members = (
            x[rows].mean((0, 1, 2)) for rows in (labels != c, labels == c)
        )
        wanted = 0.09 * others + 0.1 * members if taken.release else 0.1 * others
        found = taken.aux.stats[f'auxiliary_{c}']['BatchNorm_0']['mean'][0]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_who_learns(taken):
    """All but, in the release, the projector and the neck, which are no parameters."""
    gradients = taken.gradients | taken.gradients['classifier']
    learning = {
        name: float(sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(tree)))
        for name, tree in gradients.items()
    }
    wanted = {'target', 'classifier', *(f'auxiliary_{c}' for c in range(C))}
    wanted |= {f'linear_{c}' for c in range(C + 1)}
    assert set(learning) == wanted | (
        set() if taken.release else {'projector', 'scale'}
    )
    assert min(learning.values()) > 1e-6
    for a, b in zip(*map(jax.tree.leaves, (taken.aux.memory, taken.memory))):
        np.testing.assert_array_equal(a, b)
    assert bool(jax.tree.leaves(taken.memory)) == taken.release


def test_branches_start_alike_and_the_target_decides(small, batch, key):
    algorithm = make(small)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    for c in range(C):
        for a, b in zip(
            *map(jax.tree.leaves, (params[f'auxiliary_{c}'], params['target']))
        ):
            np.testing.assert_array_equal(a, b)
    predict = jax.jit(algorithm.predict)
    logits, embeddings = predict(params, stats, batch.images[0])
    without = params | {'auxiliary_0': jax.tree.map(jnp.zeros_like, params['target'])}
    np.testing.assert_array_equal(
        predict(without, stats, batch.images[0]).logits, logits
    )
    assert embeddings.shape == (1, 8, 8)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'temperature': 0.0}, 'algorithm.temperature must be above 0, got 0.0'),
        ({'soft_weight': -1.0}, 'algorithm.soft_weight must be 0 or more, got -1.0'),
        (
            {'similarity_weight': -1.0},
            'algorithm.similarity_weight must be 0 or more, got -1.0',
        ),
        ({'ramp_epochs': 0}, 'algorithm.ramp_epochs must be 1 or more, got 0'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)


def test_two_classes_are_too_few(small):
    with pytest.raises(ValueError, match='3 classes or more, got 2'):
        dmue.make(algorithms.Task(small.backbone, 2, 9))
