"""The generic step: the relabel table, and what it does not do."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fer_jax.algorithms import Algorithm, Aux
from fer_jax.data import source
from fer_jax.training import step, trial


def relabelling(new_labels):
    """A method with one weight that asks for `new_labels` [B] in every step."""

    def init(rng, images):
        del rng, images
        return {'w': jnp.ones((1, 1))}, {}, ()

    def objective(params, stats, memory, batch, progress, rng):
        del rng
        loss = jnp.sum(params['w']) * jnp.mean(batch.labels.astype(jnp.float32))
        return loss, Aux(
            stats=stats,
            memory=memory,
            embeddings=jnp.zeros((1, 3, 1)),
            metrics={
                'loss': loss,
                'labels': jnp.sum(batch.labels),
                'epoch': progress.epoch,
            },
            relabels=jnp.asarray(new_labels, jnp.int32),
        )

    return Algorithm(init, objective, predict=None)


def start(algorithm, labels):
    optimizer, seen = optax.sgd(0.1), source.Images('none', 2)
    about = jax.device_put(trial.make(0, labels, labels[:1], steps_per_epoch=2))
    state = step.create(algorithm, optimizer, seen, 10, about)
    compiled = jax.jit(step.make_step(algorithm, optimizer, seen))
    return state, lambda state, *batch: compiled(state, about, *batch)


IMAGES = np.zeros((3, 2, 2, 3), np.uint8)


def test_relabels_are_scattered_and_counted():
    """Examples 4, 0, 2 have labels 1, 5, 3 and get 1 (the same), 2, and none."""
    state, train_step = start(relabelling([1, 2, -1]), np.array([5, 9, 3, 9, 1, 9]))
    state, metrics = train_step(state, IMAGES, np.array([4, 0, 2], np.int32))
    assert int(metrics['labels']) == 1 + 5 + 3
    assert state.labels.tolist() == [2, 9, 3, 9, 1, 9]
    assert state.flips.tolist() == [1, 0, 0, 0, 0, 0]


def test_an_example_twice_in_a_batch_flips_once():
    """Balanced sampling draws with replacement: the first of two new labels holds."""
    state, train_step = start(relabelling([2, 1, 1]), np.array([0, 0, 0]))
    state, _ = train_step(state, IMAGES, np.array([1, 1, 2], np.int32))
    assert state.labels.tolist() == [0, 2, 1]
    assert state.flips.tolist() == [0, 1, 1]


def test_later_steps_see_the_new_label():
    state, train_step = start(relabelling([2, 2, 2]), np.array([5, 5, 5]))
    index = np.arange(3, dtype=np.int32)
    state, _ = train_step(state, IMAGES, index)
    state, metrics = train_step(state, IMAGES, index)
    assert int(metrics['labels']) == 6
    assert state.flips.tolist() == [1, 1, 1]


def test_epoch_counts_whole_passes():
    """2 steps an epoch: steps 0 and 1 are epoch 0, step 2 is epoch 1."""
    state, train_step = start(relabelling([-1, -1, -1]), np.array([0, 1, 2]))
    epochs = []
    for _ in range(3):
        state, metrics = train_step(state, IMAGES, np.arange(3, dtype=np.int32))
        epochs.append(int(metrics['epoch']))
    assert epochs == [0, 0, 1]
    assert int(state.step) == 3


def test_the_step_never_waits_for_the_host():
    """It runs under a guard that forbids every implicit transfer."""
    state, train_step = start(relabelling([-1, -1, -1]), np.array([0, 1, 2]))
    images, index = jax.device_put((IMAGES, np.arange(3, dtype=np.int32)))
    state = jax.device_put(state)
    with jax.transfer_guard('disallow'):
        state, _ = train_step(state, images, index)
        state, _ = train_step(state, images, index)
    assert int(state.step) == 2


def test_norms_of_gradients_and_updates():
    """d loss / d w is the mean label, (1 + 5 + 3) / 3; sgd moves by a tenth of it."""
    state, train_step = start(relabelling([-1, -1, -1]), np.array([5, 9, 3, 9, 1, 9]))
    _, metrics = train_step(state, IMAGES, np.array([4, 0, 2], np.int32))
    np.testing.assert_allclose(metrics['gradient_norm'], 3, rtol=1e-6)
    np.testing.assert_allclose(metrics['update_norm'], 0.3, rtol=1e-6)
