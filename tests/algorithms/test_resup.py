"""ReSup's equations, wiring and limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, resup
from fer_jax.numerics import division, losses, mixtures

FIRST = Progress(jnp.int32(3), jnp.int32(1))
WARM, LATER = Progress(jnp.int32(0), jnp.int32(0)), Progress(jnp.int32(9), jnp.int32(3))


def make(small, num_examples=None, **settings):
    return algorithms.make(
        'resup',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=num_examples or len(small.labels),
        **settings,
    )


@pytest.fixture
def batch(small):
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray(images)[None], jnp.asarray(small.labels[:12]), jnp.arange(12)
    )


def certain(memory, trusts):
    """Memory whose mixtures give every label of network p the probability trusts[p].

    Two equal components: the posterior is the share of the second one.
    """
    peers = len(trusts)
    share = jnp.array([[1 - trust, trust] for trust in trusts], jnp.float32)
    same = jnp.full((peers, 2), 2.0)
    fitted = memory.fitted._replace(
        mixture=mixtures.Mixture(same, same, share), ready=jnp.ones(peers, bool)
    )
    return memory._replace(fitted=fitted)


def gradients(algorithm, start, memory, batch, progress=LATER):
    params, stats, _ = start

    def loss(params):
        return algorithm.objective(
            params, stats, memory, batch, progress, jax.random.key(0)
        )[0]

    return jax.jit(jax.value_and_grad(loss))(params)


def per_network(tree):
    """Norm of each network's part of a gradient."""
    leaves = jax.tree.leaves(tree)
    return np.sqrt(sum(np.square(leaf).reshape(2, -1).sum(axis=1) for leaf in leaves))


def assert_weighs(weights, params, aux, batch):
    """The cross-entropy of each network is taught with `weights` [P, B]."""
    head = params['classifier']
    # The networks' train-mode outputs, through the embeddings that Aux returns.
    logits = jnp.einsum('pbd,pdc->pbc', aux.embeddings, head['kernel'])
    logits += head['bias'][:, None]
    ce = losses.cross_entropy(logits, batch.labels[None])
    wanted = np.sum(np.mean(weights * ce, axis=1))
    np.testing.assert_allclose(aux.metrics['loss_ce'], wanted, rtol=1e-5)
    np.testing.assert_allclose(aux.metrics['weight'], np.mean(weights), rtol=1e-5)


def test_squared_difference_by_hand():
    """([.5 .5 0] - [.2 .5 .3])^2 = [.09 0 .09], mean over 3 classes .06."""
    probs = jnp.array([[[0.5, 0.5, 0.0]], [[0.2, 0.5, 0.3]]])
    np.testing.assert_allclose(resup.squared_difference(probs), [0.06], rtol=1e-6)


def test_warm_up_is_the_sum_of_two_plain_losses(small, batch, key):
    algorithm = make(small, warmup_epochs=1)
    start = jax.jit(algorithm.init)(key, batch.images[0])
    loss, found = gradients(algorithm, start, start[2], batch, WARM)
    baseline = algorithms.make(
        'baseline', backbone=small.backbone, num_classes=3, num_examples=24
    )
    total = 0.0
    for peer in (0, 1):
        own = jax.tree.map(lambda leaf, p=peer: leaf[p : p + 1], start[:2])
        value, gradient = gradients(baseline, (*own, ()), (), batch, WARM)
        total += value
        for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(found)):
            np.testing.assert_allclose(a[0], b[peer], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(loss, total, rtol=1e-6)


def test_without_a_fit_and_without_consistency_it_is_two_baselines(small, batch, key):
    """Weights of 1 and lambda 0 after the warm-up give the warm-up's gradient."""
    algorithm = make(small, consistency=0.0)
    start = jax.jit(algorithm.init)(key, batch.images[0])
    _, warm = gradients(algorithm, start, start[2], batch, WARM)
    _, later = gradients(algorithm, start, start[2], batch, LATER)
    for a, b in zip(jax.tree.leaves(warm), jax.tree.leaves(later)):
        np.testing.assert_array_equal(a, b)


def test_weights_are_exchanged(small, batch, key):
    """A trusts nothing (1e-3), B everything (.999): A learns, B hardly does."""
    algorithm = make(small, consistency=0.0)
    start = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(start[2], (1e-3, 0.999))
    _, gradient = gradients(algorithm, start, memory, batch)
    _, full = gradients(algorithm, start, start[2], batch, WARM)
    ratio = per_network(gradient) / per_network(full)
    np.testing.assert_allclose(ratio, [0.999, 1e-3], rtol=1e-3)


def test_own_weights_without_exchange(small, batch, key):
    algorithm = make(small, consistency=0.0, exchange=False)
    start = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(start[2], (1e-3, 0.999))
    _, gradient = gradients(algorithm, start, memory, batch)
    _, full = gradients(algorithm, start, start[2], batch, WARM)
    ratio = per_network(gradient) / per_network(full)
    np.testing.assert_allclose(ratio, [1e-3, 0.999], rtol=1e-3)


def test_swapping_the_networks_swaps_their_gradients(small, batch, key):
    algorithm = make(small)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(memory, (0.2, 0.7))

    def swap(tree):
        return jax.tree.map(lambda leaf: leaf[::-1] if leaf.ndim else leaf, tree)

    loss, there = gradients(algorithm, (params, stats, memory), memory, batch)
    swapped = swap((params, stats, memory))
    back_loss, back = gradients(algorithm, swapped, swapped[2], batch)
    np.testing.assert_allclose(loss, back_loss, rtol=1e-6)
    for a, b in zip(jax.tree.leaves(there), jax.tree.leaves(swap(back))):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_loss_by_hand(small, batch, key):
    """Equation 10 for weights .7 (from B) and .2 (from A) and lambda 5."""
    algorithm = make(small, consistency=5.0)
    start = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(start[2], (0.2, 0.7))
    loss, aux = jax.jit(algorithm.objective)(*start[:2], memory, batch, LATER, key)
    _, plain = jax.jit(algorithm.objective)(*start[:2], start[2], batch, WARM, key)
    # The networks' train-mode outputs, through the embeddings that Aux returns.
    head = start[0]['classifier']
    logits = (
        np.einsum('pbd,pdc->pbc', aux.embeddings, head['kernel'])
        + head['bias'][:, None]
    )
    ce = losses.cross_entropy(jnp.asarray(logits), batch.labels[None])
    probs = jax.nn.softmax(logits)
    wanted = np.mean(0.7 * ce[0] + 0.2 * ce[1]) + 5 * np.mean(
        np.square(probs[0] - probs[1])
    )
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    assert plain.metrics['weight'] == 1


def scores_of(rng, count=2000):
    """Similarities of 70 % right and 30 % wrong labels, for two networks."""
    right = rng.beta(8, 1.5, (2, count * 7 // 10))
    wrong = rng.beta(2, 6, (2, count * 3 // 10))
    return jnp.asarray(np.concatenate([right, wrong], axis=1), jnp.float32)


@pytest.mark.parametrize('rules', ['paper', 'safe'])
def test_refresh_tells_right_from_wrong(small, batch, key, rules):
    algorithm = make(small, 2000, rules=rules)
    memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
    scores = scores_of(np.random.default_rng(0))
    labels = jnp.zeros(scores.shape[1], jnp.int32)
    memory = jax.jit(algorithm.refresh)(memory, scores, labels, LATER)
    clean = special.expit(jax.jit(algorithm.log_odds)(memory, scores, labels))
    assert memory.fitted.ready.tolist() == [True, True]
    assert clean[:, :1400].mean() > 0.85
    assert clean[:, 1400:].mean() < 0.15


def test_an_invalid_fit_is_counted_and_not_used(small, batch, key):
    """All similarities equal say nothing: weights stay 1, later the last fit stays."""
    algorithm = make(small, 2000, rules='safe')
    fresh = jax.jit(algorithm.init)(key, batch.images[0])[2]
    scores = scores_of(np.random.default_rng(0))
    labels = jnp.zeros(scores.shape[1], jnp.int32)
    useless = jnp.ones_like(scores)
    memory = jax.jit(algorithm.refresh)(fresh, useless, labels, LATER)
    assert memory.fitted.rejected.tolist() == [1, 1]
    evidence = jax.jit(algorithm.log_odds)(memory, scores, labels)
    np.testing.assert_array_equal(evidence, jnp.zeros_like(scores))
    fitted = jax.jit(algorithm.refresh)(fresh, scores, labels, LATER)
    kept = jax.jit(algorithm.refresh)(fitted, useless, labels, LATER)
    assert kept.fitted.rejected.tolist() == [1, 1]
    for a, b in zip(fitted.fitted.mixture, kept.fitted.mixture):
        np.testing.assert_array_equal(a, b)


def test_loss_signal_trusts_small_losses(small, batch, key):
    """The paper's "Loss" arm: the mixture of the scaled loss, read upside down."""
    algorithm = make(small, 2000, signal='loss', rules='safe')
    memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
    scores = 4 * (1 - scores_of(np.random.default_rng(0)))
    labels = jnp.zeros(scores.shape[1], jnp.int32)
    memory = jax.jit(algorithm.refresh)(memory, scores, labels, LATER)
    clean = special.expit(jax.jit(algorithm.log_odds)(memory, scores, labels))
    assert clean[:, :1400].mean() > clean[:, 1400:].mean() + 0.5
    order = np.argsort(np.asarray(scores[0]))
    assert np.all(np.diff(clean[0, order]) <= 1e-6)


def test_loss_span_by_hand():
    """0, 1, ..., 100: the 5th percentile is 5, the 95th is 95."""
    np.testing.assert_allclose(division.inner_span(jnp.arange(101.0)), [5, 95])


def test_memorised_by_hand():
    """Network 1: learned (.8 + .6) / 2, held out .3, a score missing: .4. Network 2:
    learned .5, held out (.5 + .3 + .4) / 3: .1. Mean .25."""
    scores = jnp.array([[0.8, 0.6, 0.3, jnp.nan], [0.5, 0.5, 0.3, 0.4]])
    held_out = jnp.array([[0, 0, 1, 0], [0, 1, 1, 1]], bool)
    np.testing.assert_allclose(resup.memorised(scores, held_out), 0.25, rtol=1e-6)


READY = {'readiness': 0.05, 'held_out': 0.25, 'rules': 'safe'}


def test_each_network_keeps_a_part_of_its_own(small, batch, key):
    """A quarter of 24 examples is 6 for each network, none in both parts."""
    held_out = jax.jit(make(small, **READY).init)(key, batch.images[0])[2].held_out
    np.testing.assert_array_equal(held_out.sum(axis=1), [6, 6])
    assert not (held_out[0] & held_out[1]).any()


def test_held_out_examples_teach_after_the_start_only(small, batch, key):
    """Before, weights are 1 and 0 whatever the mixtures say; after, the mixtures'."""
    algorithm = make(small, **READY)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(memory, (0.2, 0.7))
    objective = jax.jit(algorithm.objective)
    _, aux = objective(params, stats, memory, batch, LATER, key)
    learned = ~memory.held_out[:, batch.index]
    assert_weighs(learned, params, aux, batch)
    begun = memory._replace(started=jnp.array(True))
    _, aux = objective(params, stats, begun, batch, LATER, key)
    assert_weighs(np.outer([0.7, 0.2], np.ones(12)), params, aux, batch)
    _, aux = objective(params, stats, begun, batch, WARM, key)
    assert_weighs(np.ones((2, 12)), params, aux, batch)


@pytest.mark.parametrize(('gap', 'started'), [(0.04, False), (0.06, True)])
def test_weighting_starts_at_the_gap_and_does_not_stop(small, batch, key, gap, started):
    algorithm = make(small, **READY)
    memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
    labels = jnp.asarray(small.labels)
    refresh = jax.jit(algorithm.refresh)
    memory = refresh(memory, jnp.where(memory.held_out, 0.5, 0.5 + gap), labels, LATER)
    np.testing.assert_allclose(memory.gap, gap, atol=1e-6)
    assert bool(memory.started) is started
    later = refresh(memory, jnp.full((2, 24), 0.5), labels, LATER)
    assert bool(later.started) is started


def test_the_average_remembers_what_the_network_forgot(small, batch, key):
    """Three epochs: right and wrong labels are told apart in two, and all learned by
    heart in the last. Averages of .9, .8, 1 and .2, .3, 1 still tell them apart."""
    algorithm = make(small, 40, average=True, rules='safe')
    memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
    labels = jnp.zeros(40, jnp.int32)
    right = jnp.arange(40) < 28
    refresh = jax.jit(algorithm.refresh)
    for epoch, (high, low) in enumerate([(0.9, 0.2), (0.8, 0.3), (1.0, 1.0)], start=1):
        scores = jnp.tile(jnp.where(right, high, low), (2, 1))
        done = Progress(jnp.int32(3 * epoch), jnp.int32(epoch))
        memory = refresh(memory, scores, labels, done)
    np.testing.assert_allclose(memory.average[0, [0, -1]], [0.9, 0.5], rtol=1e-5)
    evidence = jax.jit(algorithm.log_odds)(memory, scores, labels)
    assert evidence[:, :28].min() > evidence[:, 28:].max()
    newest = jax.jit(make(small, 40, rules='safe').log_odds)(memory, scores, labels)
    np.testing.assert_array_equal(newest[:, 0], newest[:, -1])


@pytest.mark.parametrize('settings', [{'average': True}, {'signal': 'loss'}])
def test_mixtures_by_class(small, batch, key, settings):
    """With one given label alone they are as one about all; a hard class, whose right
    labels are where the wrong ones of the others are, is judged by its own."""
    one, own = (
        make(small, 2000, rules='safe', mixture=mixture, **settings)
        for mixture in resup.MIXTURES
    )
    memory = jax.jit(one.init)(key, batch.images[0])[2]
    classes = jax.jit(own.init)(key, batch.images[0])[2]
    scores = scores_of(np.random.default_rng(0))
    right = jnp.arange(2000) < 1400
    labels = jnp.zeros(2000, jnp.int32)

    def judged(algorithm, memory, scores, labels):
        scores = 4 * (1 - scores) if settings.get('signal') else scores
        memory = jax.jit(algorithm.refresh)(memory, scores, labels, FIRST)
        return memory, jax.jit(algorithm.log_odds)(memory, scores, labels)

    wanted = judged(one, memory, scores, labels)[1]
    found, odds = judged(own, classes, scores, labels)
    np.testing.assert_allclose(odds, wanted, rtol=1e-4, atol=1e-4)
    assert found.fitted.ready.tolist() == [[True, True, True]] * 2  # of all, where few
    labels = jnp.arange(2000) % 2
    scores = jnp.where(labels == 1, 0.4 * scores, scores)
    _, whole = judged(one, memory, scores, labels)
    found, odds = judged(own, classes, scores, labels)
    hard = (labels == 1) & right
    assert whole[:, hard].mean() < 0 < odds[:, hard].mean()
    assert odds[:, ~right].mean() < 0
    params, stats, _ = jax.jit(own.init)(key, batch.images[0])
    _, aux = jax.jit(own.objective)(params, stats, found, batch, LATER, key)
    assert 0 < aux.metrics['weight'] < 1


def test_weights_are_those_of_each_labels_mixture(small, batch, key):
    """Posteriors (.2, .5, .9) of the classes, of both networks."""
    algorithm = make(small, mixture='class')
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    share = jnp.tile(jnp.array([[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]]), (2, 1, 1))
    same = jnp.full((2, 3, 2), 2.0)
    fitted = memory.fitted._replace(
        mixture=mixtures.Mixture(same, same, share), ready=jnp.ones((2, 3), bool)
    )
    memory = memory._replace(fitted=fitted)
    _, aux = jax.jit(algorithm.objective)(params, stats, memory, batch, LATER, key)
    wanted = np.array([0.2, 0.5, 0.9])[np.asarray(batch.labels)]
    assert_weighs(np.stack([wanted, wanted]), params, aux, batch)


def test_a_threshold_keeps_or_leaves_out(small, batch, key):
    """Clean probabilities of .2 (A) and .7 (B): from .5 on B's count, A's do not."""
    algorithm = make(small, threshold=0.5)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    _, aux = objective(params, stats, certain(memory, (0.2, 0.7)), batch, LATER, key)
    exchanged = np.outer([1, 0], np.ones(12))
    assert_weighs(exchanged, params, aux, batch)
    _, aux = objective(params, stats, memory, batch, LATER, key)
    assert_weighs(np.ones((2, 12)), params, aux, batch)  # without a fit


def test_one_network_weights_itself(small, batch, key):
    algorithm = make(small, peers=1, exchange=False, consistency=0.0)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(memory, (0.25,))
    _, aux = jax.jit(algorithm.objective)(params, stats, memory, batch, LATER, key)
    assert_weighs(np.full((1, 12), 0.25), params, aux, batch)


def test_balanced_weights_keep_the_mean_of_a_batch(small, batch, key):
    """Divisors 1, 1/2 and 1/10: a label of class 2 weighs ten times one of class 0."""
    algorithm = make(small, balance='class_var')
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    memory = certain(memory, (0.5, 0.5))
    memory = memory._replace(divisor=jnp.array([[1.0, 0.5, 0.1]] * 2))
    _, aux = jax.jit(algorithm.objective)(params, stats, memory, batch, LATER, key)
    wanted = np.array([1.0, 2.0, 10.0])[np.asarray(batch.labels)]
    wanted *= 0.5 / wanted.mean()
    assert_weighs(np.stack([wanted, wanted]), params, aux, batch)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'signal': 'margin'}, "signal is 'margin'; it must be one of"),
        ({'rules': 'fast'}, 'paper, safe'),
        ({'mixture': 'classes'}, 'it must be one of global, class'),
        ({'balance': 'yes'}, 'none, class_var, class_prior_bug'),
        ({'peers': 3}, 'it must be one of 1, 2'),
        ({'peers': 1}, 'set algorithm.exchange=False'),
        ({'readiness': 0.1}, 'both it and algorithm.held_out above 0'),
        ({'held_out': 0.5, 'readiness': 0.1}, r'held_out must be in \[0, 0.5\)'),
        ({'held_out': 0.1, 'readiness': 0.1, 'signal': 'loss'}, 'signal=loss'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)


@pytest.mark.parametrize('balance', ['none', 'class_var', 'class_prior_bug'])
def test_examples_without_a_score_change_nothing(small, batch, key, balance):
    """Of a fold that is left out: 500 of 2,000 examples without a score. What is said
    of the others, from the newest scores and from the average, is as if there were
    none."""
    rng = np.random.default_rng(0)
    scores, labels = scores_of(rng), jnp.asarray(rng.integers(0, 3, 2000))
    inside = np.arange(2000) % 4 > 0
    found = []
    for kept, known in ((slice(None), inside), (inside, np.ones(1500, bool))):
        values = jnp.where(known, scores[:, kept], jnp.nan)
        algorithm = make(
            small, values.shape[1], balance=balance, average=True, rules='safe'
        )
        memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
        memory = jax.jit(algorithm.refresh)(memory, values, labels[kept], LATER)
        log_odds = jax.jit(algorithm.log_odds)(memory, values, labels[kept])
        found.append((memory.fitted.mixture, log_odds[:, known], memory.divisor))
    for one, other in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
