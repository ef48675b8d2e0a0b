"""EAC: attention maps, what they teach, and what is compared with what."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, eac
from fer_jax.data import augment
from fer_jax.nets import BatchNorm, Features

NOW = Progress(jnp.int32(0), jnp.int32(0))


class Pointwise(nn.Module):
    """A backbone without neighbourhoods: it commutes with mirroring."""

    @nn.compact
    def __call__(self, images, train):
        maps = nn.relu(BatchNorm()(nn.Conv(4, (1, 1))(images), train))
        return Features(maps, jnp.max(maps, axis=(1, 2)))


def make(small, backbone=None, name='eac', **settings):
    return algorithms.make(
        name,
        backbone=backbone or small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


def batch_of(small, *views):
    """Views are functions of images [B, H, W, 3]."""
    images = jnp.asarray(small.images[:12] / 127.5 - 1, jnp.float32)
    views = jnp.stack([view(images) for view in views])
    return Batch(views, jnp.asarray(small.labels[:12]), jnp.arange(12))


def same(images):
    return images


def start(algorithm, batch):
    return jax.jit(algorithm.init)(jax.random.key(0), batch.images[0])


def run(algorithm, began, batch):
    """Loss, Aux and gradient of one objective."""

    def loss(params):
        return algorithm.objective(params, *began[1:], batch, NOW, jax.random.key(1))

    (value, aux), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(began[0])
    return value, aux, gradient


def size_of(tree):
    return sum(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(tree))


def test_attention_by_hand():
    """Two channels on a 1 x 2 map, F = (1, 2) and (3, 0), W = [[1, 0, -1], [2, 1, 0]]:
    H = (1 + 4, 0 + 2, -1) and (3, 0, -3)."""
    maps = jnp.array([[[1.0, 2.0], [3.0, 0.0]]])
    kernel = jnp.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
    np.testing.assert_allclose(
        eac.attention(maps, kernel), [[[5.0, 2.0, -1.0], [3.0, 0.0, -3.0]]]
    )


def test_inconsistency_by_hand():
    """One class, W = 2, F(x) = (1, 3), F(x') = (2, 0): H = (2, 6), mirrored (0, 4),
    differences 2 and 2, mean square 4. Of equal maps: (2, 6) - (6, 2), 16; of
    mirrored ones 0."""
    maps, other = (
        jnp.array(row).reshape(1, 1, 1, 2, 1) for row in ([1.0, 3], [2.0, 0])
    )
    kernel = jnp.full((1, 1, 1), 2.0)
    np.testing.assert_allclose(eac.inconsistency(maps, other, kernel), 4.0)
    np.testing.assert_allclose(eac.inconsistency(maps, maps, kernel), 16.0)
    assert eac.inconsistency(maps, maps[..., ::-1, :], kernel) == 0


def test_inconsistency_equals_a_loop():
    """Over samples, classes and places, in NumPy; w counts from the other side."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 1, 3, 2, 4, 5)).astype(np.float32)
    kernel = rng.normal(size=(1, 5, 6)).astype(np.float32)
    squares = [
        (one[0, i, y, x] @ kernel[0, :, k] - other[0, i, y, 3 - x] @ kernel[0, :, k])
        ** 2
        for i in range(3)
        for y in range(2)
        for x in range(4)
        for k in range(6)
    ]
    np.testing.assert_allclose(
        eac.inconsistency(one, other, kernel), np.mean(squares), rtol=1e-5
    )


def test_the_attention_term_does_not_teach_the_classifier():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 1, 3, 2, 4, 5)).astype(np.float32)
    kernel = rng.normal(size=(1, 5, 6)).astype(np.float32)
    gradients = jax.grad(eac.inconsistency, (0, 1, 2))(one, other, kernel)
    assert size_of(gradients[2]) == 0
    assert size_of(gradients[0]) > 0
    assert size_of(gradients[1]) > 0


def test_without_consistency_it_is_the_baseline(small):
    """Loss and gradient of the first view; the second only moves the statistics."""
    batch = batch_of(small, same, lambda images: 0.5 * images)
    algorithm = make(small, consistency=0.0)
    began = start(algorithm, batch)
    loss, aux, gradient = run(algorithm, began, batch)
    plain_loss, plain, wanted = run(make(small, name='baseline'), began, batch)
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-6)
    np.testing.assert_allclose(aux.embeddings, plain.embeddings, rtol=1e-5, atol=1e-6)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_loss_is_the_sum_of_its_terms_and_w_learns_from_one(small):
    batch = batch_of(small, same, lambda images: images**2)
    began = start(make(small), batch)
    _, _, plain = run(make(small, consistency=0.0), began, batch)
    loss, aux, gradient = run(make(small, consistency=7.0), began, batch)
    np.testing.assert_allclose(
        loss, aux.metrics['loss_ce'] + 7 * aux.metrics['inconsistency'], rtol=1e-6
    )
    assert aux.metrics['inconsistency'] > 1e-3
    for name in ('kernel', 'bias'):
        np.testing.assert_allclose(
            gradient['classifier'][name], plain['classifier'][name], rtol=1e-5
        )
    difference = jax.tree.map(jnp.subtract, gradient['backbone'], plain['backbone'])
    assert size_of(difference) > 1e-3


def test_both_views_move_the_statistics_in_order(small):
    """.9 (.9 old + .1 first) + .1 second, old 0: .09 first + .1 second."""
    batch = batch_of(small, same, lambda images: 3 + images)
    algorithm = make(small, Pointwise())
    began = start(algorithm, batch)
    stats = run(algorithm, began, batch)[1].stats
    kernel = began[0]['backbone']['Conv_0']['kernel'][0, 0, 0]
    first, second = (jnp.mean(view, axis=(0, 1, 2)) @ kernel for view in batch.images)
    np.testing.assert_allclose(
        stats['backbone']['BatchNorm_0']['mean'][0],
        0.09 * first + 0.1 * second,
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize('views', [1, 2])
def test_what_commutes_with_mirroring_is_consistent(small, views):
    """A pointwise backbone looks at mirrored spots of mirrored images, if and only if
    the algorithm mirrors one of the two: 0 for any image, erased ones included."""

    def erased(images):
        return images.at[:, 2:5, 1:3].set(0.0)

    batch = batch_of(small, *[erased] * views)
    algorithm = make(small, Pointwise())
    _, aux, gradient = run(algorithm, start(algorithm, batch), batch)
    np.testing.assert_allclose(aux.metrics['inconsistency'], 0.0, atol=1e-10)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradient))


def test_symmetric_images_are_consistent_until_one_view_is_erased(small):
    def symmetric(images):
        return (images + images[:, :, ::-1]) / 2

    def erased(images):
        return symmetric(images).at[:, 2:5, 1:3].set(0.0)

    algorithm = make(small, Pointwise())
    for second, low, high in ((symmetric, 0.0, 1e-10), (erased, 1e-4, np.inf)):
        batch = batch_of(small, symmetric, second)
        aux = run(algorithm, start(algorithm, batch), batch)[1]
        assert low <= float(aux.metrics['inconsistency']) < high


@pytest.mark.parametrize('recipe', augment.RECIPES)
def test_no_recipe_shows_two_faces_in_different_places(small, recipe):
    """Views that a recipe makes for EAC: one, or a pair that differs in noise and
    erasing alone. Erased pixels are 0; noise of deviation 5.5 in every second image
    moves a normalised value by .05 on average, a crop or flip would by more than .3."""
    views = make(small).views
    draw = functools.partial(augment.augment, recipe, 8, jax.random.key(0), views=views)
    inputs = jnp.int32(0), jnp.arange(24), jnp.asarray(small.images)
    count = len(jax.eval_shape(draw, *inputs))
    assert count == (2 if recipe == 'eac' else 1)
    if count == 2:
        first, second = jax.jit(draw)(*inputs)
        shown = (first != 0) & (second != 0)
        assert 0 < jnp.mean(jnp.abs(first - second), where=shown) < 0.1
        moved = jnp.abs(first - second[:, :, ::-1])
        assert jnp.mean(moved, where=shown & shown[:, :, ::-1]) > 0.1
        assert bool(((first == 0) != (second == 0)).any())


def test_negative_weight_is_refused(small):
    with pytest.raises(ValueError, match='consistency must be 0 or more, got -1'):
        make(small, consistency=-1.0)
