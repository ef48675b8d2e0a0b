"""What every method promises; a new module of fer_jax.algorithms is tested unlisted."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Prediction, Progress, proximity
from fer_jax.errors import Unusable
from fer_jax.numerics import losses
from tests.algorithms.conftest import beginning, examples


@pytest.fixture(scope='module', params=algorithms.names())
def algorithm(request, small):
    return algorithms.make(
        request.param,
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
    )


@pytest.fixture(scope='module')
def attached(algorithm, small):
    """The same method with embedding proximity."""
    return proximity.attach(algorithm, num_classes=small.num_classes, weight=0.01)


@functools.cache
def gradients(algorithm):
    """Compiled once for all tests of a method."""
    return jax.jit(jax.value_and_grad(algorithm.objective, has_aux=True))


def batch_of(algorithm, small, chosen, labels=None):
    views = examples(algorithm, small).training
    images = views(jax.random.key(0), 0, jnp.asarray(chosen), small.images[chosen])
    labels = small.labels[chosen] if labels is None else labels
    return Batch(images, jnp.asarray(labels), jnp.asarray(chosen, jnp.int32))


def run(algorithm, small, state, train_step, steps, size=8):
    count = len(small.labels)
    for number in steps:
        chosen = (np.arange(size) + number * size) % count
        state, metrics = train_step(
            state, small.images[chosen], chosen.astype(np.int32)
        )
    return state, metrics


def absorb(algorithm, small, state):
    """Shows all examples once, padded, as the loop does."""
    if algorithm.absorb is None:
        return state
    everyone = np.minimum(np.arange(len(small.labels) + 4), len(small.labels) - 1)
    batch = batch_of(algorithm, small, everyone)
    mask = jnp.arange(len(everyone)) < len(small.labels)
    memory = jax.jit(algorithm.absorb)(
        state.params, state.stats, state.memory, batch, mask
    )
    return state._replace(memory=memory)


def scores_of(algorithm, state, batch):
    """The method's signal [P, B] of a batch."""
    predicted = jax.jit(algorithm.predict)(state.params, state.stats, batch.images[0])
    return algorithm.signal.of(predicted.logits, batch.labels)


def after_epoch(algorithm, small, state):
    """Scores all examples and refreshes the memory, as the loop does."""
    if algorithm.refresh is None:
        return state
    batch = batch_of(algorithm, small, np.arange(len(small.labels)))
    scores = scores_of(algorithm, state, batch)
    done = Progress(state.step, jnp.int32(1))
    memory = jax.jit(algorithm.refresh)(state.memory, scores, state.labels, done)
    return state._replace(memory=memory)


def test_shapes(algorithm, small, begin):
    state, _ = begin(algorithm, optax.sgd(0.1))
    (peers,) = {leaf.shape[0] for leaf in jax.tree.leaves((state.params, state.stats))}
    assert peers == algorithm.peers
    batch = batch_of(algorithm, small, np.arange(8))
    (loss, aux), _ = gradients(algorithm)(
        state.params,
        state.stats,
        state.memory,
        batch,
        Progress(jnp.int32(0), jnp.int32(0)),
        jax.random.key(1),
    )
    assert loss.shape == ()
    assert aux.embeddings.shape[:2] == (peers, 8)
    assert aux.relabels.shape == (8,)
    assert jax.tree.structure(aux.stats) == jax.tree.structure(state.stats)
    assert jax.tree.structure(aux.memory) == jax.tree.structure(state.memory)
    assert all(value.shape == () for value in aux.metrics.values())
    prediction = jax.jit(algorithm.predict)(state.params, state.stats, batch.images[0])
    assert isinstance(prediction, Prediction)
    assert prediction.logits.shape == (peers, 8, small.num_classes)
    scores = algorithm.signal.of(prediction.logits, batch.labels)
    assert scores.shape == (peers, 8)
    scores = jnp.tile(scores, (1, len(small.labels) // 8))  # of all examples
    log_odds = jax.jit(algorithm.log_odds)(state.memory, scores, small.labels)
    assert log_odds.shape == (peers, len(small.labels))
    assert bool(jnp.isfinite(log_odds).all())
    assert peers == algorithm.peers


def test_learns_and_compiles_once(algorithm, small, begin):
    assert learns(algorithm, small, begin) == 1


@pytest.mark.parametrize('method', algorithms.names())
def test_heads_learn_and_compile_once(method, on_features):
    """Of 3x3 parts, so that methods which need maps or a last stage have them."""
    algorithm = algorithms.make(
        method, backbone=on_features.backbone, num_classes=3, num_examples=24
    )
    # half of what a head sees is dropped: it is less sure of what it has learned
    assert learns(algorithm, on_features, beginning(on_features), left=2 / 3) == 1


def learns(algorithm, small, begin, left=1 / 3):
    """How often a step compiles while 24 separable examples are learned from.

    20 epochs of 3 steps: of the cross-entropy of what network 1 predicts no more than
    the share `left` is there behind them.
    (The loss itself need not: RUL's has a floor.)
    """
    state, train_step = begin(algorithm, optax.adam(0.03))
    images = batch_of(algorithm, small, np.arange(len(small.labels))).images[0]
    predict = jax.jit(algorithm.predict)

    def logits(state):
        return predict(state.params, state.stats, images).logits[0]

    before = losses.cross_entropy(logits(state), small.labels).mean()
    for epoch in range(20):
        steps = range(3 * epoch, 3 * epoch + 3)
        state, metrics = run(algorithm, small, state, train_step, steps)
        assert np.isfinite(metrics['loss'])
        state = after_epoch(algorithm, small, state)
    after = losses.cross_entropy(logits(state), small.labels).mean()
    assert after < before * left
    assert (np.argmax(logits(state), axis=-1) == small.labels).mean() > 0.9
    return train_step.cache_size()


def test_three_steps_equal_one_and_two_from_a_copy(attached, small, begin):
    """Nothing but the state is carried from step to step, centres included."""
    fresh, train_step = begin(attached, optax.adam(0.01))
    start = absorb(attached, small, fresh)
    whole, _ = run(attached, small, start, train_step, range(3))
    part, _ = run(attached, small, start, train_step, range(1))
    stored = jax.tree.map(np.asarray, part)
    again, _ = run(attached, small, jax.device_put(stored), train_step, range(1, 3))
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(again)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ('chosen', 'labels'),
    [
        (np.arange(8), np.zeros(8, np.int32)),  # all labels equal
        (np.arange(2), np.array([0, 1], np.int32)),  # a class absent, a batch of 2
    ],
    ids=['one class', 'batch of 2'],
)
@pytest.mark.parametrize('epoch', [0, 50])
def test_finite(attached, small, begin, chosen, labels, epoch):
    """With proximity, whose centres have seen no image of two classes of three."""
    state, _ = begin(attached, optax.sgd(0.1))
    state = after_epoch(attached, small, state)
    batch = batch_of(attached, small, chosen, labels)
    progress = Progress(jnp.int32(3 * epoch), jnp.int32(epoch))
    (loss, aux), gradient = gradients(attached)(
        state.params, state.stats, state.memory, batch, progress, jax.random.key(1)
    )
    for leaf in jax.tree.leaves((loss, gradient, aux.stats, aux.memory)):
        assert bool(jnp.isfinite(leaf).all())


def test_relabelling_stays_among_the_classes(algorithm, small, begin):
    state, _ = begin(algorithm, optax.sgd(0.1))
    (_, aux), _ = gradients(algorithm)(
        state.params,
        state.stats,
        state.memory,
        batch_of(algorithm, small, np.arange(8)),
        Progress(jnp.int32(300), jnp.int32(100)),
        jax.random.key(1),
    )
    assert set(np.asarray(aux.relabels)) <= {-1, *range(small.num_classes)}


def test_a_setting_that_a_method_does_not_have_lists_those_it_has(small):
    with pytest.raises(Unusable, match=r'tau: jocor has no such setting.*agreement'):
        algorithms.make('jocor', backbone=small.backbone, num_classes=3,
                        num_examples=3, tau=0.2)  # fmt: skip


def test_unknown_names_list_the_known():
    with pytest.raises(ValueError, match=r'there are: .*baseline, .*resup'):
        algorithms.make('resub')


def test_a_module_that_makes_nothing_is_no_method(tmp_path, monkeypatch):
    (tmp_path / 'bystander.py').write_text('SHARE = 0.5\n')
    before = algorithms.names()
    monkeypatch.setattr(algorithms, '__path__', [*algorithms.__path__, str(tmp_path)])
    assert algorithms.names() == before
    assert 'scn' in before
    assert 'proximity' not in before
