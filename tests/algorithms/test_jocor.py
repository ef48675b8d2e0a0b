"""JoCoR's joint loss, choice and limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, jocor


def make(small, name='jocor', **settings):
    return algorithms.make(
        name,
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


def at(epoch):
    return Progress(jnp.int32(3 * epoch), jnp.int32(epoch))


@pytest.fixture
def batch(small):
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None], jnp.asarray(small.labels[:12]), jnp.arange(12)
    )


def gradients(algorithm):
    """(params, stats, memory, batch, progress, rng) -> (loss, Aux), gradient."""
    return jax.jit(jax.value_and_grad(algorithm.objective, has_aux=True))


def joint_loss_by_loop(logits, labels, agreement):
    """Equation by equation in float64, one example and one class at a time."""
    found = []
    for a, b, label in zip(*np.asarray(logits, np.float64), labels):
        p, q = np.exp(a) / np.exp(a).sum(), np.exp(b) / np.exp(b).sum()
        cross_entropy = -np.log(p[label]) - np.log(q[label])
        forth = sum(p[k] * np.log(p[k] / q[k]) for k in range(len(p)))
        back = sum(q[k] * np.log(q[k] / p[k]) for k in range(len(p)))
        found.append((1 - agreement) * cross_entropy + agreement * (forth + back))
    return np.array(found)


def test_divergence_by_hand():
    """[.5 .5] and [.25 .75]: .25 ln 2 - .25 ln(2 / 3) = .25 ln 3."""
    logits = jnp.log(jnp.array([[[0.5, 0.5]], [[0.25, 0.75]]]))
    np.testing.assert_allclose(jocor.divergence(logits), [np.log(3) / 4], rtol=1e-6)


def test_divergence_of_equals_is_0_and_of_sure_opposites_finite():
    logits = jnp.array([[[2.0, -1.0], [200.0, 0.0]], [[2.0, -1.0], [0.0, 200.0]]])
    np.testing.assert_allclose(jocor.divergence(logits), [0.0, 400.0], atol=1e-6)
    gradient = jax.grad(lambda x: jnp.sum(jocor.divergence(x)))(logits)
    assert bool(jnp.isfinite(gradient).all())


@pytest.mark.parametrize('agreement', [0.0, 0.1, 0.65, 1.0])
def test_joint_loss_of_a_loop_over_samples(agreement):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (2, 7, 4)).astype(np.float32)
    labels = rng.integers(0, 4, 7)
    found = jocor.joint_loss(jnp.asarray(logits), jnp.asarray(labels), agreement)
    wanted = joint_loss_by_loop(logits, labels, agreement)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_without_noise_and_agreement_it_is_two_baselines(small, batch, key):
    algorithm = make(small, noise_rate=0.0, agreement=0.0)
    baseline = make(small, 'baseline')
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    (loss, _), found = gradients(algorithm)(params, stats, (), batch, at(20), key)
    plain, total = gradients(baseline), 0.0
    for peer in (0, 1):
        own = jax.tree.map(lambda leaf, p=peer: leaf[p : p + 1], (params, stats))
        (value, _), wanted = plain(*own, (), batch, at(20), key)
        total += value
        for a, b in zip(jax.tree.leaves(wanted), jax.tree.leaves(found)):
            np.testing.assert_allclose(a[0], b[peer], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(loss, total, rtol=1e-6)


def test_agreement_1_ignores_the_labels(small, batch, key):
    algorithm = make(small, noise_rate=0.5, agreement=1.0)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    others = batch._replace(labels=(batch.labels + 1) % 3)
    both = gradients(algorithm)
    (loss, _), gradient = both(params, stats, (), batch, at(20), key)
    (other_loss, _), other_gradient = both(params, stats, (), others, at(20), key)
    np.testing.assert_array_equal(loss, other_loss)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(other_gradient)):
        np.testing.assert_array_equal(a, b)


def test_both_networks_learn_from_the_smallest_joint_losses(small, batch, key):
    """12 examples, tau .5 over 3 epochs: R = .25, .5, .5, so 9, 6, 6 are kept."""
    algorithm = make(small, noise_rate=0.5, ramp_epochs=3, agreement=0.6)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    for epoch, count in ((0, 9), (1, 6), (2, 6)):
        loss, aux = objective(params, stats, (), batch, at(epoch), key)
        # The networks' train-mode outputs, through the embeddings that Aux returns.
        head = params['classifier']
        logits = jnp.einsum('pbd,pdc->pbc', aux.embeddings, head['kernel'])
        logits += head['bias'][:, None]
        joint = joint_loss_by_loop(logits, np.asarray(batch.labels), 0.6)
        chosen = np.argsort(joint)[:count]
        np.testing.assert_allclose(loss, joint[chosen].mean(), rtol=1e-5)
        assert aux.metrics['weight'] == count / 12
    assert objective._cache_size() == 1


@pytest.mark.parametrize('agreement', [-0.1, 1.1])
def test_agreement_out_of_range(small, agreement):
    with pytest.raises(ValueError, match=r'agreement must be in \[0, 1\]'):
        make(small, agreement=agreement)
