"""Co-teaching's exchange and limits, and the noise rate that configs tell a method."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, coteaching
from fer_jax.numerics import losses
from fer_jax.training import command_line

TOLD = ('coteaching', 'jocor', 'coteaching_threshold', 'pt_threshold', 'jocor_weights')


def make(small, name='coteaching', **settings):
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


def test_exchange_by_hand():
    """A keeps its losses 1 and 2, examples 0 and 1; B keeps 1 and 2, examples 1 and 3.
    A learns from B's: (2 + 4) / 2 = 3; B from A's: (4 + 1) / 2 = 2.5."""
    cross_entropy = jnp.array([[1.0, 2.0, 3.0, 4.0], [4.0, 1.0, 3.0, 2.0]])
    each, kept = coteaching.exchanged(cross_entropy, jnp.int32(2))
    np.testing.assert_allclose(each, [3.0, 2.5])
    assert kept.tolist() == [[0, 1, 0, 1], [1, 1, 0, 0]]


def test_each_network_learns_from_the_others_choice_alone():
    """dL_A / dCE_A is B's mask over n, dL_A / dCE_B is 0, and the other way round."""
    rng = np.random.default_rng(0)
    cross_entropy = jnp.asarray(rng.random((2, 9)), jnp.float32)
    jacobian, kept = jax.jacobian(coteaching.exchanged, has_aux=True)(
        cross_entropy, jnp.int32(4)
    )
    smallest = np.argsort(np.asarray(cross_entropy), axis=1)[:, :4]
    for own, other in ((0, 1), (1, 0)):
        mask = np.isin(np.arange(9), smallest[other])
        assert kept[own].tolist() == mask.tolist()
        np.testing.assert_allclose(jacobian[own, own], mask / 4, rtol=1e-6)
        np.testing.assert_array_equal(jacobian[own, other], np.zeros(9))


def test_noise_rate_0_is_two_baselines(small, batch, key):
    algorithm, baseline = make(small, noise_rate=0.0), make(small, 'baseline')
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


def test_objective_is_that_of_a_loop_over_samples(small, batch, key):
    """12 examples, tau .5 over 3 epochs: R = .25, .5, .5, so 9, 6, 6 are kept."""
    algorithm = make(small, noise_rate=0.5, ramp_epochs=3)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    for epoch, count in ((0, 9), (1, 6), (2, 6)):
        loss, aux = objective(params, stats, (), batch, at(epoch), key)
        # The networks' train-mode outputs, through the embeddings that Aux returns.
        head = params['classifier']
        logits = jnp.einsum('pbd,pdc->pbc', aux.embeddings, head['kernel'])
        logits += head['bias'][:, None]
        cross_entropy = np.asarray(losses.cross_entropy(logits, batch.labels[None]))
        wanted = 0.0
        for own, other in ((0, 1), (1, 0)):
            chosen = sorted(range(12), key=lambda i, o=other: cross_entropy[o, i])
            wanted += sum(cross_entropy[own, i] for i in chosen[:count]) / count
        np.testing.assert_allclose(loss, wanted, rtol=1e-5)
        assert aux.metrics['weight'] == count / 12
    assert objective._cache_size() == 1


def parsed(name, *words):
    """The config of a command line."""
    return command_line.read([f'--config=configs/{name}.py:noise=0.3', *words]).config


@pytest.mark.parametrize('name', TOLD)
def test_configs_tell_the_noise_rate(name):
    config = parsed(name, '--config.noise.rate=0.4')
    assert config.algorithm.noise_rate == 0.4
    assert config.algorithm.to_dict()['noise_rate'] == 0.4
    assert json.loads(config.to_json())['algorithm']['noise_rate'] == 0.4
    told = parsed(name, '--config.algorithm.noise_rate=0.1', '--config.noise.rate=0.4')
    assert (told.algorithm.noise_rate, told.noise.rate) == (0.1, 0.4)
    assert parsed(name).algorithm.noise_rate == 0.3


@pytest.mark.parametrize('name', TOLD)
def test_a_noise_rate_in_per_cent_is_refused(small, name):
    with pytest.raises(ValueError, match=r'for 30 % write 0\.3'):
        make(small, name, noise_rate=30)
