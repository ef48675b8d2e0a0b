"""SCN's ranking and loss restated, relabelling through the step, its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, scn


def make(small, name='scn', **settings):
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
    """12 images, every third label wrong."""
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    labels = small.labels[:12].copy()
    labels[::3] = (labels[::3] + 1) % 3
    return Batch(jnp.asarray(images)[None], jnp.asarray(labels), jnp.arange(12))


def sure(algorithm, batch, key):
    """Initial state whose classifier and attention are multiplied until both spread."""
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    heads = {
        name: jax.tree.map(lambda leaf: 8 * leaf, params[name])
        for name in ('classifier', 'attention')
    }
    return params | heads, stats, memory


ALPHA = jnp.array([0.9, 0.2, 0.6, 0.5])


def test_rank_regularisation_by_hand():
    """Half of .9 .2 .6 .5: high .9 .6, mean .75; low .2 .5, mean .35; apart by .4.

    Margin .45 leaves .05; its gradient is -1/2 for the high, +1/2 for the low.
    """

    def regularisation(alpha, margin):
        high = scn.high_group(alpha, 0.5)
        return scn.rank_regularisation(*scn.group_means(alpha, high), margin)

    value, gradient = jax.value_and_grad(regularisation)(ALPHA, 0.45)
    np.testing.assert_allclose(value, 0.05, atol=1e-6)
    np.testing.assert_allclose(gradient, [-0.5, 0.5, -0.5, 0.5], rtol=1e-6)
    value, gradient = jax.value_and_grad(regularisation)(ALPHA, 0.39)
    assert value == 0
    np.testing.assert_array_equal(gradient, np.zeros(4))


@pytest.mark.parametrize(
    ('size', 'share', 'count'),
    [
        (64, 0.7, 44),  # 44.8
        (1024, 0.7, 716),  # 716.8
        (90, 0.7, 63),  # 62.99999999999999 in binary
        (2, 0.7, 1),
        (3, 0.1, 1),  # at least one
        (3, 0.999999999, 2),  # and one is left
    ],
)
def test_size_of_the_high_group(size, share, count):
    assert scn.high_count(size, share) == count


def test_equal_weights_still_make_two_groups():
    high = scn.high_group(jnp.full(10, 0.5), 0.7)
    np.testing.assert_array_equal(high, np.arange(10) < 7)


def test_a_batch_of_one_is_refused():
    with pytest.raises(ValueError, match='batches of 2 or more'):
        scn.high_group(jnp.ones(1), 0.7)


def restated(params, embeddings, labels, margin, share, low_only):
    """Loss and relabels, sample by sample in float64."""
    tree = jax.tree.map(lambda leaf: np.asarray(leaf[0], np.float64), params)
    head, attention = tree['classifier'], tree['attention']
    embeddings = np.asarray(embeddings[0], np.float64)
    alpha, probs, entropies = [], [], []
    for h, y in zip(embeddings, np.asarray(labels)):
        a = 1 / (1 + np.exp(-(h @ attention['kernel'][:, 0] + attention['bias'][0])))
        z = a * (h @ head['kernel'] + head['bias'])
        f = np.exp(z) / np.exp(z).sum()
        alpha.append(a)
        probs.append(f)
        entropies.append(-np.log(f[y]))
    alpha = np.array(alpha)
    ranked = np.argsort(alpha)[::-1]
    split = int(share * len(alpha))
    low = ranked[split:]
    apart = alpha[ranked[:split]].mean() - alpha[low].mean()
    relabels = np.full(len(alpha), -1)
    for i, (f, y) in enumerate(zip(probs, np.asarray(labels))):
        if f.max() - f[y] > 0.01 and not (low_only and i not in low):
            relabels[i] = f.argmax()
    return np.mean(entropies) + 1.5 * max(0.0, margin - apart), relabels


@pytest.mark.parametrize('scope', ['all', 'low_group'])
def test_objective_restated(small, batch, key, scope):
    """rank_weight 1.5, a margin that is not met; relabels from both groups or one."""
    algorithm = make(
        small,
        rank_weight=1.5,
        rank_margin=0.9,
        relabel_margin=0.01,
        relabel_scope=scope,
    )
    start = sure(algorithm, batch, key)
    objective = jax.jit(algorithm.objective)
    loss, aux = objective(*start, batch, at(9), key)
    wanted, relabels = restated(
        start[0], aux.embeddings, batch.labels, 0.9, 0.7, scope == 'low_group'
    )
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    np.testing.assert_array_equal(aux.relabels, relabels)
    count = int((relabels >= 0).sum())
    assert aux.metrics['relabelled'] == count
    assert 0 < count <= (12 if scope == 'all' else 4)
    # Epochs are counted from 1: the ninth is too early for relabel_epoch 10.
    early = objective(*start, batch, at(8), key)[1]
    np.testing.assert_array_equal(early.relabels, np.full(12, -1))


def test_attention_does_not_change_the_class(small, batch, key):
    algorithm = make(small)
    params, stats, _ = sure(algorithm, batch, key)
    logits, embeddings = jax.jit(algorithm.predict)(params, stats, batch.images[0])
    head = params['classifier']
    plain = embeddings[0] @ head['kernel'][0] + head['bias'][0]
    np.testing.assert_array_equal(logits[0].argmax(-1), plain.argmax(-1))
    assert np.all(np.abs(logits[0]) < np.abs(plain))


def test_without_attention_and_ranks_it_is_plain_training(small, batch, key):
    """And its network is the baseline's, name by name."""
    algorithm = make(small, attention=False, rank_weight=0.0)
    baseline = make(small, 'baseline')
    start = jax.jit(baseline.init)(key, batch.images[0])

    def run(algorithm):
        objective = jax.value_and_grad(algorithm.objective, has_aux=True)
        return jax.jit(objective)(*start, batch, at(0), key)

    (loss, _), gradient = run(algorithm)
    (plain, _), wanted = run(baseline)
    np.testing.assert_allclose(loss, plain, rtol=1e-6)
    assert jax.tree.structure(gradient) == jax.tree.structure(wanted)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(wanted)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_rank_weight_0_leaves_the_cross_entropy(small, batch, key):
    algorithm = make(small, rank_weight=0.0, rank_margin=0.9)
    start = sure(algorithm, batch, key)
    loss, aux = jax.jit(algorithm.objective)(*start, batch, at(0), key)
    wanted, _ = restated(start[0], aux.embeddings, batch.labels, -1.0, 0.7, False)
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)


def test_without_a_bias(small, batch, key):
    algorithm = make(small, classifier_bias=False)
    params, _, _ = jax.eval_shape(algorithm.init, key, batch.images[0])
    assert set(params['classifier']) == {'kernel'}
    assert set(params['attention']) == {'kernel', 'bias'}


@pytest.mark.parametrize(
    ('name', 'settings'), [('scn', {}), ('rul', {'relabel': True, 'dropout': 0.0})]
)
def test_relabelling_through_the_step(small, begin, name, settings):
    """4 of 24 labels are wrong. Up to relabel_epoch - 1 = 5 the table is untouched;
    at the end each of the 4 has been changed once, to the right class, and no other."""
    algorithm = make(small, name, relabel_epoch=6, **settings)
    wrong = np.array([1, 6, 11, 20])
    given = small.labels.copy()
    given[wrong] = (given[wrong] + 1) % 3
    state, train_step = begin(algorithm, optax.adam(0.03), given, steps_per_epoch=2)
    relabelled = 0.0
    for epoch in range(8):
        order = np.random.default_rng(epoch).permutation(24).astype(np.int32)
        for chosen in order.reshape(2, 12):
            state, metrics = train_step(state, small.images[chosen], chosen)
            relabelled += float(metrics['relabelled'])
        if epoch == 4:
            np.testing.assert_array_equal(state.labels, given)
            assert relabelled == 0
    np.testing.assert_array_equal(state.labels, small.labels)
    np.testing.assert_array_equal(state.flips, np.isin(np.arange(24), wrong))
    assert relabelled == 4


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'relabel_scope': 'high'}, "scope is 'high'; it must be one of all, low_gr"),
        ({'rank_weight': -1.0}, 'rank_weight must be 0 or more'),
        ({'rank_margin': 1.5}, r'rank_margin must be in \[0, 1\)'),
        ({'high_share': 1.0}, 'high_share'),
        ({'relabel_margin': -0.1}, 'relabel_margin'),
        ({'attention': False}, 'nothing to rank; set algorithm.rank_weight=0.0'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)
