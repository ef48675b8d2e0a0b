"""DivideMix: division, guesses, terms of the loss, and who tells whom."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, dividemix
from fer_jax.numerics import division, losses

WARM, LATER = Progress(jnp.int32(0), jnp.int32(0)), Progress(jnp.int32(9), jnp.int32(3))
PLAIN = {'warmup_epochs': 1, 'alpha': 0.0, 'class_balance': 0.0, 'temperature': 1.0}


def make(small, **settings):
    return algorithms.make(
        'dividemix',
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


@pytest.fixture(scope='module')
def unmixed(small):
    """The whole method without mixing, its networks and its memory."""
    algorithm = make(small, **PLAIN)
    algorithm = algorithm._replace(objective=jax.jit(algorithm.objective))
    images = jnp.zeros((1, *small.images.shape[1:]))
    return algorithm, *jax.jit(algorithm.init)(jax.random.key(0), images)


@pytest.fixture
def batch(small):
    """Two equal views of the last twelve of 24 examples."""
    images = small.images[12:].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.stack([jnp.asarray(images)] * 2),
        jnp.asarray(small.labels[12:]),
        jnp.arange(12, 24),
    )


def logits_of(params, embeddings):
    head = params['classifier']
    product = np.einsum('pbd,pdc->pbc', embeddings, head['kernel'])
    return jnp.asarray(product + head['bias'][:, None])


def test_divide_asks_the_other_network():
    """Examples 3 and 1: A learns by B's .2 and .8, B by A's .9 and .4."""
    table = jnp.array([[0.0, 0.4, 0.0, 0.9], [0.0, 0.8, 0.0, 0.2]])
    memory = dividemix.Memory(None, None, clean_probability=table)
    clean, labelled = dividemix.divide(memory, jnp.array([3, 1]), 0.5)
    np.testing.assert_allclose(clean, [[0.2, 0.8], [0.9, 0.4]])
    np.testing.assert_array_equal(labelled, [[False, True], [True, False]])


def test_refined_by_hand():
    """w = .6, label 1, p = [.5 .2 .3]: [.2 .6 + .08 .12]."""
    found = dividemix.refined(
        jnp.array([0.6]), jnp.array([1]), jnp.array([[0.5, 0.2, 0.3]])
    )
    np.testing.assert_allclose(found, [[0.2, 0.68, 0.12]], rtol=1e-5)


def test_guess_by_hand():
    """One example, label 0. A: labelled, w = .5, p = [.2 .8]: [.6 .4], squared and
    scaled [.36 .16] / .52. B: unlabelled, the mean of [.2 .8] and [.6 .4] is [.4 .6]:
    [.16 .36] / .52."""
    found = dividemix.guess(
        jnp.array([[0.5], [0.1]]),
        jnp.array([[True], [False]]),
        jnp.array([0]),
        jnp.array([[[0.2, 0.8]], [[0.6, 0.4]]]),
        0.5,
    )
    wanted = np.array([[[0.36, 0.16]], [[0.16, 0.36]]]) / 0.52
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_ramp_by_hand():
    """Warm-up 10, ramp 16: nothing up to epoch 10, half at 18, all from 26 on."""
    epochs = jnp.array([0, 9, 10, 11, 18, 26, 40])
    found = dividemix.ramp(epochs, 10, 16)
    np.testing.assert_allclose(found, [0, 0, 0, 1 / 16, 0.5, 1, 1])


def test_terms_by_hand():
    """Predictions [.8 .2] (labelled, target [1 0]) and [.4 .6] (not, target [.5 .5]):
    -ln .8; ((.1)^2 + (.1)^2) / 2 = .01; mean prediction [.6 .4]:
    .5 ln(.5/.6) + .5 ln(.5/.4) = .0204."""
    logits = jnp.log(jnp.array([[0.8, 0.2], [0.4, 0.6]]))
    targets = jnp.array([[1.0, 0.0], [0.5, 0.5]])
    terms = dividemix.terms_of(logits, targets, jnp.array([True, False]))
    np.testing.assert_allclose(terms, [-np.log(0.8), 0.01, 0.0204], atol=1e-4)


@pytest.mark.parametrize(('labelled', 'empty'), [(True, 1), (False, 0)])
def test_a_set_without_rows_costs_nothing(labelled, empty):
    targets = jnp.array([[1.0, 0.0], [0.5, 0.5]])

    def term(logits):
        mask = jnp.full(2, labelled)
        return dividemix.terms_of(logits, targets, mask)[empty]

    value, gradient = jax.value_and_grad(term)(jnp.array([[1.0, 2.0], [0.0, 3.0]]))
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


def test_all_clean_and_unmixed_is_plain_cross_entropy(small, unmixed, batch, key):
    """w = 1 leaves the label as it is; both views are equal, and so is the sum of two
    baselines' losses. Weights are 1 with it."""
    algorithm, params, stats, memory = unmixed
    later, aux = algorithm.objective(params, stats, memory, batch, LATER, key)
    warm, _ = algorithm.objective(params, stats, memory, batch, WARM, key)
    baseline = algorithms.make(
        'baseline', backbone=small.backbone, num_classes=3, num_examples=24
    )
    plain = jax.jit(baseline.objective)
    wanted = 0.0
    for peer in (0, 1):
        own = jax.tree.map(lambda leaf, p=peer: leaf[p : p + 1], (params, stats))
        wanted += plain(*own, (), batch, WARM, key)[0]
    np.testing.assert_allclose(warm, wanted, rtol=1e-5)
    np.testing.assert_allclose(later, wanted, rtol=1e-5)
    assert aux.metrics['weight'] == 1


def test_loss_by_hand(unmixed, batch, key):
    """B trusts the first four labels by .8, A none; lambda is 2/16 of 25, T is 1."""
    algorithm, params, stats, memory = unmixed
    table = np.zeros((2, 24), np.float32)
    table[1, 12:16] = 0.8
    memory = memory._replace(clean_probability=jnp.asarray(table))
    loss, aux = algorithm.objective(params, stats, memory, batch, LATER, key)
    np.testing.assert_allclose(aux.metrics['weight'], 0.8 * 4 / 24, rtol=1e-6)

    predicted = jax.jit(algorithm.predict)(params, stats, batch.images[0])
    probs = special.softmax(np.asarray(predicted.logits), axis=-1)
    logits = np.asarray(logits_of(params, aux.embeddings), np.float64)
    wanted = 0.0
    for peer in (0, 1):
        certain, square = [], []
        for i, label in enumerate(np.asarray(batch.labels)):
            now = special.softmax(logits[peer, i])
            if peer == 0 and i < 4:
                target = 0.8 * np.eye(3)[label] + 0.2 * probs[0, i]
                certain.append(np.sum(target * np.log(target / now)))
            else:
                target = probs[:, i].mean(axis=0)
                square.append(np.mean((now - target) ** 2))
        wanted += np.mean(certain) if certain else 0.0
        wanted += 25 * 2 / 16 * np.mean(square)
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)


@pytest.fixture(scope='module')
def selecting(small):
    """The arm without semi-supervision, with the penalty in the warm-up."""
    algorithm = make(small, **PLAIN, semi=False, penalty=True)
    algorithm = algorithm._replace(objective=jax.jit(algorithm.objective))
    images = jnp.zeros((1, *small.images.shape[1:]))
    return algorithm, *jax.jit(algorithm.init)(jax.random.key(0), images)


def test_without_semi_supervision_only_the_selected_teach(selecting, batch, key):
    """Fig. 10: A learns from B's choice, B from A's, with the given labels."""
    algorithm, params, stats, memory = selecting
    assert algorithm.views == 1
    batch = batch._replace(images=batch.images[:1])
    table = np.zeros((2, 24), np.float32)
    table[0, 12:17], table[1, 20:] = 0.7, 0.9
    memory = memory._replace(clean_probability=jnp.asarray(table))
    loss, aux = algorithm.objective(params, stats, memory, batch, LATER, key)
    plain = losses.cross_entropy(logits_of(params, aux.embeddings), batch.labels[None])
    wanted = plain[0, 8:].mean() + plain[1, :5].mean()
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    np.testing.assert_allclose(aux.metrics['weight'], (4 + 5) / 24, rtol=1e-6)


def test_penalty_keeps_the_warm_up_unsure(selecting, batch, key):
    """Cross-entropy minus the entropy of the predictions, of each network."""
    algorithm, params, stats, memory = selecting
    batch = batch._replace(images=batch.images[:1])
    loss, aux = algorithm.objective(params, stats, memory, batch, WARM, key)
    logits = logits_of(params, aux.embeddings)
    probs = special.softmax(np.asarray(logits), axis=-1)
    plain = losses.cross_entropy(logits, batch.labels[None])
    entropy = -(probs * np.log(probs)).sum(axis=-1)
    wanted = (plain - entropy).mean(axis=1).sum()
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)


def fresh(mixture='gaussian', average_epochs=1, count=24):
    tools = division.tools(mixture, 'safe')
    return dividemix.untrained(tools, average_epochs, count)


def scores_of(rng, signal, right=12, wrong=12):
    """Scores [2, N] of right labels and of wrong ones, with the right ones first."""
    right, wrong = rng.gamma(2, 0.1, (2, right)), rng.normal(3, 0.5, (2, wrong))
    found = np.concatenate([right, wrong], axis=1)
    found = np.exp(-found) if signal == 'similarity' else found
    return jnp.asarray(found, jnp.float32)


@pytest.mark.parametrize(
    ('signal', 'mixture'),
    [('loss', 'gaussian'), ('loss', 'beta'), ('similarity', 'beta')],
)
def test_refresh_tells_right_from_wrong(small, signal, mixture):
    algorithm = make(small, signal=signal, mixture=mixture, rules='safe')
    memory = fresh(mixture, count=200)
    scores = scores_of(np.random.default_rng(0), signal, 140, 60)
    memory = jax.jit(algorithm.refresh)(memory, scores, None, LATER)
    assert memory.fitted.ready.tolist() == [True, True]
    assert (memory.clean_probability[:, :140] > 0.5).mean() > 0.9
    assert (memory.clean_probability[:, 140:] < 0.5).mean() > 0.9
    read = np.asarray(jax.jit(algorithm.log_odds)(memory, scores, None))
    clean = np.asarray(memory.clean_probability)
    np.testing.assert_allclose(special.expit(read), clean, atol=0.01)
    order = np.argsort(np.asarray(scores[0]))
    rises = np.diff(read[0, order]) * (1 if signal == 'similarity' else -1)
    assert (rises >= 0).all()


def test_losses_are_scaled_per_network_and_averaged(small):
    """Epochs 9 (still warm-up), 10 and 11: the table of the last is read off the mean
    of two, each brought to [0, 1] first."""
    algorithm = make(small, average_epochs=3)
    memory = fresh(average_epochs=3)
    refresh = jax.jit(algorithm.refresh)
    rng = np.random.default_rng(0)
    past = [scores_of(rng, 'loss') * scale for scale in (5.0, 1.0, 2.0)]
    for epoch, scores in enumerate(past, start=9):
        progress = Progress(jnp.int32(0), jnp.int32(epoch))
        memory = refresh(memory, scores, None, progress)
    unit = [
        (each - each.min(axis=1, keepdims=True)) / np.ptp(each, axis=1, keepdims=True)
        for each in np.asarray(past)
    ]
    np.testing.assert_allclose(memory.history[:, 0], unit[2], rtol=1e-5, atol=1e-6)
    mean = jnp.asarray((unit[1] + unit[2]) / 2)
    tools = division.tools('gaussian', 'paper')
    mixture, _ = jax.jit(tools.fit)(mean, jnp.ones((2, 24), bool))
    wanted = 1 - tools.upper(mixture, mean)
    np.testing.assert_allclose(memory.clean_probability, wanted, atol=1e-4)


def test_an_invalid_fit_leaves_the_table(small):
    """Network A's losses are all equal, B's are not."""
    algorithm = make(small)
    scores = scores_of(np.random.default_rng(0), 'loss').at[0].set(0.3)
    memory = jax.jit(algorithm.refresh)(fresh(), scores, None, LATER)
    assert memory.fitted.ready.tolist() == [False, True]
    assert memory.fitted.rejected.tolist() == [1, 0]
    np.testing.assert_array_equal(memory.clean_probability[0], 1.0)
    assert memory.clean_probability[1].min() < 0.1


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'mixture': 'gamma'}, "mixture is 'gamma'; it must be one of gaussian, beta"),
        ({'signal': 'margin'}, 'loss, similarity'),
        ({'average_epochs': 0}, 'average_epochs must be 1 or more, got 0'),
        ({'temperature': 0.0}, 'temperature must be in'),
    ],
)
def test_settings_that_make_no_sense(small, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, **settings)
