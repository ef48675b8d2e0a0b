"""Arazo et al.: scaling, weights, bootstrapping and when they start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, arazo
from fer_jax.numerics import division, losses, mixtures

WARM, LATER = Progress(jnp.int32(0), jnp.int32(0)), Progress(jnp.int32(9), jnp.int32(3))
TOOLS = division.tools('beta', 'safe')


def make(small, **settings):
    return algorithms.make(
        'arazo',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


@pytest.fixture
def batch(small):
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None], jnp.asarray(small.labels[:12]), jnp.arange(12)
    )


def knowing(span=(0.0, 1.0), a=(2.0, 4.0), b=(4.0, 2.0)):
    """A memory with a fit of equal shares; component 1 stands for wrong labels."""
    return division.Fitted(
        mixture=mixtures.Mixture(
            *(jnp.array([row], jnp.float32) for row in (a, b, (0.5, 0.5)))
        ),
        ready=jnp.ones(1, bool),
        rejected=jnp.zeros(1, jnp.int32),
        span=jnp.array([span], jnp.float32),
    )


def losses_of(rng, count=2000):
    """Losses [1, N], 70 % of right labels and 30 % of wrong ones."""
    right = rng.gamma(1.5, 0.25, count * 7 // 10)
    wrong = rng.normal(4.0, 0.7, count * 3 // 10)
    return jnp.asarray(np.concatenate([right, wrong])[None], jnp.float32)


def test_percentiles_by_hand():
    """0, 1, ..., 100: the 5th percentile is 5, the 95th is 95; nan and inf aside."""
    values = jnp.concatenate([jnp.arange(101.0), jnp.array([jnp.nan, jnp.inf])])
    np.testing.assert_allclose(division.inner_span(values), [5, 95])


def test_scaling_by_hand():
    """Span 1 to 3: loss 2 is in the middle; .5 and 9 are put at the edges."""
    u = arazo.scaled(jnp.array([[1.0, 3.0]]), jnp.array([[0.5, 2.0, 9.0]]))
    np.testing.assert_allclose(u, [[-0.25, 0.5, 4.0]], atol=1e-4)
    np.testing.assert_allclose(arazo.inside(u), [[1e-3, 0.5, 0.999]], atol=1e-5)


def test_wrong_probability_by_hand():
    """Beta(2, 4) and Beta(4, 2) at u = .5 are equal: 1/2. At u = .25 the odds are
    (u / (1 - u))^2 = 1/9: .1. At .75: .9."""
    memory = knowing(span=(1.0, 3.0))
    values = jnp.array([[2.0, 1.5, 2.5]])
    found = arazo.wrong_probability(memory, values, TOOLS)
    np.testing.assert_allclose(found, [[0.5, 0.1, 0.9]], atol=1e-4)


def test_bootstrapped_by_hand():
    """B = .25, label 0, own class 2: [.75 0 .25]; where they agree, one-hot."""
    found = arazo.bootstrapped(
        jnp.array([0.25, 0.25]), jnp.array([0, 1]), jnp.array([2, 1]), 3
    )
    np.testing.assert_allclose(found, [[0.75, 0, 0.25], [0, 1, 0]])


@pytest.mark.parametrize('rules', ['paper', 'safe'])
def test_refit_tells_right_from_wrong(rules):
    scores = losses_of(np.random.default_rng(0))
    tools = division.tools('beta', rules)
    refit = jax.jit(arazo.refit, static_argnums=2)
    memory = refit(division.unfitted(tools, 1), scores, tools)
    assert memory.ready.tolist() == [True]
    np.testing.assert_allclose(memory.span[0], np.percentile(scores, [5, 95]), 1e-4)
    clean = special.expit(np.asarray(arazo.log_odds(memory, scores, tools)))[0]
    assert clean[:1400].mean() > 0.9
    assert clean[1400:].mean() < 0.1


def test_log_odds_rank_every_loss():
    """Beyond the percentiles the mixture is silent, but the loss still ranks."""
    scores = jnp.linspace(0.01, 9.0, 400)[None]
    log_odds = jax.jit(arazo.log_odds, static_argnums=2)
    for memory in (knowing(span=(1.0, 3.0)), division.unfitted(TOOLS, 1)):
        found = np.asarray(log_odds(memory, scores, TOOLS))[0]
        assert (np.diff(found) < 0).all()


def test_log_odds_are_those_of_the_mixture():
    scores = np.array([[1.4, 2.0, 2.6]], np.float32)
    u = (scores - 1) / 2
    wanted = np.log(stats.beta.pdf(u, 2, 4) / stats.beta.pdf(u, 4, 2))
    found = arazo.log_odds(knowing(span=(1.0, 3.0)), jnp.asarray(scores), TOOLS)
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_an_invalid_fit_is_counted_and_not_used():
    before = knowing(span=(1.0, 3.0))
    refit = jax.jit(arazo.refit, static_argnums=2)
    for scores in (jnp.full((1, 50), 0.7), jnp.full((1, 50), jnp.nan)):
        after = refit(before, scores, TOOLS)
        assert after.rejected.tolist() == [1]
        for old, new in zip(before.mixture, after.mixture):
            np.testing.assert_array_equal(old, new)
        np.testing.assert_array_equal(before.span, after.span)


def test_weights_by_hand(small, batch, key):
    """w = 1 - B of an evaluation-mode pass, and L the mean of w times the train-mode
    cross-entropy, taken from the embeddings that Aux returns."""
    algorithm = make(small, rules='safe')
    params, stats_, fresh = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    memory = knowing(span=(0.5, 2.0))
    loss, aux = objective(params, stats_, memory, batch, LATER, key)
    logits = jax.jit(algorithm.predict)(params, stats_, batch.images[0]).logits
    u = (algorithm.signal.of(logits, batch.labels) - 0.5) / 1.5
    u = np.clip(u, 1e-2, 0.99)
    wrong = stats.beta.pdf(u, 4, 2)
    wrong = wrong / (wrong + stats.beta.pdf(u, 2, 4))
    np.testing.assert_allclose(aux.metrics['weight'], (1 - wrong).mean(), atol=1e-4)
    head = params['classifier']
    logits = aux.embeddings @ head['kernel'] + head['bias'][:, None]
    plain = losses.cross_entropy(logits, batch.labels[None])
    np.testing.assert_allclose(loss, np.mean((1 - wrong) * plain), rtol=1e-4)
    for progress, known in ((WARM, memory), (LATER, fresh)):
        loss, aux = objective(params, stats_, known, batch, progress, key)
        assert aux.metrics['weight'] == 0.5
        np.testing.assert_allclose(loss, 0.5 * plain.mean(), rtol=1e-5)


def test_dynamic_by_hand(small, batch, key):
    """Without mixing: mean of (1 - B) CE(y) + B CE(c), and KL(uniform, mean p); in the
    warm-up B = 0 and no second term."""
    algorithm = make(small, bootstrap='dynamic', alpha=0.0, rules='safe')
    params, stats_, _ = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    memory = knowing(span=(0.5, 2.0))
    loss, aux = objective(params, stats_, memory, batch, LATER, key)
    evaluated = jax.jit(algorithm.predict)(params, stats_, batch.images[0]).logits
    own = jnp.argmax(evaluated, axis=-1)
    head = params['classifier']
    logits = aux.embeddings @ head['kernel'] + head['bias'][:, None]
    given, guessed = (
        losses.cross_entropy(logits, each) for each in (batch.labels[None], own)
    )
    mean = np.asarray(jax.nn.softmax(logits)).mean(axis=1)
    signal = losses.cross_entropy(evaluated, batch.labels[None])
    wrong = np.asarray(arazo.wrong_probability(memory, signal, TOOLS))
    assert wrong.max() - wrong.min() > 0.05
    wanted = np.mean((1 - wrong) * given + wrong * guessed)
    wanted += np.sum(np.log(1 / 3 / mean) / 3)
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    loss, aux = objective(params, stats_, memory, batch, WARM, key)
    np.testing.assert_allclose(loss, given.mean(), rtol=1e-5)
    assert aux.metrics['weight'] == 1


def test_dynamic_mixes_and_teaches(small, batch, key):
    algorithm = make(small, bootstrap='dynamic')
    params, stats_, _ = jax.jit(algorithm.init)(key, batch.images[0])

    def loss(params, key):
        return algorithm.objective(params, stats_, knowing(), batch, LATER, key)[0]

    gradient = jax.jit(jax.value_and_grad(loss))
    (one, tree), (two, _) = (gradient(params, jax.random.key(seed)) for seed in (0, 1))
    assert float(one) != float(two)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))
    assert any(np.abs(leaf).max() > 1e-4 for leaf in jax.tree.leaves(tree))


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'bootstrap': 'soft'}, "bootstrap is 'soft'; it must be one of none, dynamic"),
        ({'rules': 'fast'}, 'paper, safe'),
        ({'alpha': -1.0}, 'alpha must be 0'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)
