"""RUL's mixing by hand and by a loop, the relabel arm, what evaluation leaves out."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, Task, rul
from fer_jax.nets.gaussian import Gaussian
from fer_jax.numerics import losses
from tests.algorithms.conftest import examples


def make(small, **settings):
    return algorithms.make(
        'rul',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


def at(epoch):
    return Progress(jnp.int32(3 * epoch), jnp.int32(epoch))


def batch_of(small, chosen):
    images = small.images[chosen].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None],
        jnp.asarray(small.labels[chosen]),
        jnp.asarray(chosen, jnp.int32),
    )


def test_log_uncertainty_by_hand():
    """The mean of exp(0) = 1 and exp(ln 3) = 3 is 2; 300 does not overflow."""
    log_var = jnp.array([[0.0, np.log(3.0)], [300.0, 300.0]])
    np.testing.assert_allclose(
        rul.log_uncertainty(log_var), [np.log(2.0), 300.0], rtol=1e-6
    )


def test_the_weights_of_a_pair_sum_to_1():
    """sigma 1 and 3: t = 1/4 and 3/4; e^200 against e^-200 is 1, not nan."""
    mine, others = jnp.log(jnp.array([1.0, 3.0])), jnp.log(jnp.array([3.0, 1.0]))
    np.testing.assert_allclose(rul.relative(mine, others), [0.25, 0.75], rtol=1e-6)
    values = jnp.asarray(np.random.default_rng(0).normal(0, 3, (2, 100)), jnp.float32)
    there, back = rul.relative(*values), rul.relative(*values[::-1])
    np.testing.assert_allclose(there + back, 1.0, rtol=1e-6)
    assert rul.relative(jnp.float32(200.0), jnp.float32(-200.0)) == 1


def test_add_up_loss_by_hand():
    """t = 1/4, 3/4; logits (2, 0) and (-2, 0): both mixes are (-1, 0), of which class 0
    has p = 1 / (1 + e) and class 1 e / (1 + e): (ln(1 + e) + ln(1 + e) - 1) / 2."""
    found = rul.add_up(
        jnp.array([[2.0, 0.0], [-2.0, 0.0]]),
        jnp.log(jnp.array([1.0, 3.0])),
        jnp.array([0, 1]),
        jnp.array([1, 0]),
    )
    np.testing.assert_allclose(found, np.log(1 + np.e) - 0.5, rtol=1e-6)


def test_everyone_its_own_partner_is_plain_cross_entropy():
    rng = np.random.default_rng(1)
    logits = jnp.asarray(rng.normal(size=(9, 4)), jnp.float32)
    labels = jnp.asarray(rng.integers(0, 4, 9))
    log_sigma = jnp.asarray(rng.normal(size=9), jnp.float32)
    found = rul.add_up(logits, log_sigma, labels, jnp.arange(9))
    np.testing.assert_allclose(found, losses.cross_entropy(logits, labels), rtol=1e-5)


def test_mixed_logits_are_logits_of_mixed_embeddings():
    """Sample by sample as the paper writes it: mix mu, then classify."""
    rng = np.random.default_rng(2)
    mu, log_var = rng.normal(size=(2, 10, 5))
    kernel, bias = rng.normal(size=(5, 3)), rng.normal(size=3)
    labels, partner = rng.integers(0, 3, 10), rng.permutation(10)
    sigma = np.exp(log_var).mean(axis=1)
    wanted = []
    for i, j in enumerate(partner):
        t = sigma[i] / (sigma[i] + sigma[j])
        z = (t * mu[i] + (1 - t) * mu[j]) @ kernel + bias
        log_probs = z - np.log(np.exp(z).sum())
        wanted.append(-0.5 * log_probs[labels[i]] - 0.5 * log_probs[labels[j]])
    found = rul.add_up(
        jnp.asarray(mu @ kernel + bias, jnp.float32),
        rul.log_uncertainty(jnp.asarray(log_var, jnp.float32)),
        jnp.asarray(labels),
        jnp.asarray(partner),
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_two_samples_are_paired_or_left_alone(small, key):
    """Of two samples the loss is that of one of two permutations, and both come up.

    t is that of the log-variances of the same network.
    """
    algorithm = make(small, dropout=0.0)
    batch = batch_of(small, np.array([0, 1]))
    start = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    nets = Task(small.backbone, 3, 24).networks(
        model=Gaussian, embedding_size=64, dropout=0.0, bias=True
    )
    (_, _, log_var), _ = jax.jit(nets.train)(*start[:2], key, batch.images[0])
    t = rul.relative(*rul.log_uncertainty(log_var[0]))
    found = set()
    for seed in range(8):
        loss, aux = objective(*start, batch, at(0), jax.random.key(seed))
        head = jax.tree.map(lambda leaf: leaf[0], start[0]['classifier'])
        logits = aux.embeddings[0] @ head['kernel'] + head['bias']
        mixed = jnp.stack([t * logits[0] + (1 - t) * logits[1]] * 2)
        alone = jnp.mean(losses.cross_entropy(logits, batch.labels))
        paired = jnp.mean(losses.cross_entropy(mixed, batch.labels))
        assert abs(alone - paired) > 1e-2
        found.add(int(np.argmin(np.abs(jnp.stack([alone, paired]) - loss))))
        assert min(abs(alone - loss), abs(paired - loss)) < 1e-5
    assert found == {0, 1}


def test_uncertainty_learns(small, key):
    """No stop_gradient on t: the log_var branch has a gradient."""
    algorithm = make(small)
    batch = batch_of(small, np.arange(12))
    params, *rest = jax.jit(algorithm.init)(key, batch.images[0])

    def loss(params):
        return algorithm.objective(params, *rest, batch, at(0), key)[0]

    gradient = jax.jit(jax.grad(loss))(params)
    assert np.abs(gradient['log_var']['linear']['kernel']).max() > 1e-5


def test_evaluation_ignores_the_uncertainty(small, key):
    algorithm = make(small)
    images = batch_of(small, np.arange(12)).images[0]
    params, stats, _ = jax.jit(algorithm.init)(key, images)
    other = params | {'log_var': jax.tree.map(lambda x: x + 1, params['log_var'])}
    predict = jax.jit(algorithm.predict)
    for a, b in zip(predict(params, stats, images), predict(other, stats, images)):
        np.testing.assert_array_equal(a, b)


def test_relabelling_asks_the_unmixed_embedding(small, key):
    """From the tenth epoch on, where the setting is on; by the rule, written out."""
    algorithm = make(small, relabel=True, dropout=0.0)
    batch = batch_of(small, np.arange(12))
    batch = batch._replace(labels=batch.labels[::-1])
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    params |= {'classifier': jax.tree.map(lambda x: 3 * x, params['classifier'])}
    objective = jax.jit(algorithm.objective)
    _, aux = objective(params, stats, memory, batch, at(9), key)
    head = jax.tree.map(lambda leaf: np.asarray(leaf[0]), params['classifier'])
    wanted = []
    for mu, y in zip(np.asarray(aux.embeddings[0]), np.asarray(batch.labels)):
        f = np.exp(mu @ head['kernel'] + head['bias'])
        f /= f.sum()
        wanted.append(f.argmax() if f.max() - f[y] > 0.2 else -1)
    np.testing.assert_array_equal(aux.relabels, wanted)
    assert max(wanted) >= 0
    assert aux.metrics['relabelled'] == np.sum(np.array(wanted) >= 0)
    early = objective(params, stats, memory, batch, at(8), key)[1]
    np.testing.assert_array_equal(early.relabels, np.full(12, -1))
    never = jax.jit(make(small, dropout=0.0).objective)
    _, aux = never(params, stats, memory, batch, at(9), key)
    np.testing.assert_array_equal(aux.relabels, np.full(12, -1))


def test_settings_that_make_no_sense(small):
    for settings, message in (
        ({'dropout': 1.0}, r'dropout must be in \[0, 1\), got 1.0'),
        ({'embedding_size': 0}, 'embedding_size must be 1 or more'),
        ({'relabel_margin': 1.0}, 'relabel_margin'),
    ):
        with pytest.raises(ValueError, match=message):
            make(small, **settings)


def test_learns(small, begin):
    """The loss of a mix has a floor, the network's own loss has not: 30 steps of all 24
    images take it to a third."""
    algorithm = make(small)
    state, train_step = begin(algorithm, optax.adam(0.01), steps_per_epoch=1)
    images = examples(algorithm, small).plain(small.images)
    predict = jax.jit(algorithm.predict)

    def loss(state):
        logits = predict(state.params, state.stats, images)
        return np.mean(losses.cross_entropy(logits.logits[0], small.labels))

    before = loss(state)
    for _ in range(30):
        state, _ = train_step(state, small.images, np.arange(24, dtype=np.int32))
    assert loss(state) < before / 3
