"""Programs: what tells them apart, for which devices they lower, and how often one is
compiled."""

import json
import threading

import flax.linen as nn
import jax
import numpy as np
import optax
import pytest

from fer_jax import algorithms, nets
from fer_jax.data import pipeline, source
from fer_jax.nets import peers
from fer_jax.training import (
    feed,
    kfold,
    loop,
    programs,
    selftest,
    setup,
    step,
    stopping,
    trial,
)
from tests.training import lowered

NAMES = [
    f'jit({name})'
    for name in ('create', 'advance', 'count', 'score', 'look_back', 'log_odds')
]
COMPILED = '/jax/core/compile/backend_compile_duration'


@pytest.fixture(autouse=True)
def backbone(tiny, monkeypatch):
    monkeypatch.setitem(nets.BACKBONES, 'tiny', tiny)


@pytest.fixture
def config(short):
    """config(method): a run of two epochs on 70 faces, four steps each."""

    def make(method, proximity=0.0):
        config = short(method, 'tiny')
        config.batch_size, config.eval_batch_size, config.epochs = 16, 32, 2
        config.proximity.weight = proximity
        return config

    return make


@pytest.fixture
def compilations():
    """Names of the programs that are compiled, as they are; jax.monitoring's events."""
    names = []

    def listen(event, duration, *, fun_name='', **about):
        del duration, about
        if event == COMPILED:
            names.append(fun_name)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    jax.monitoring.unregister_event_duration_listener(listen)


def test_what_a_trial_changes_is_no_part_of_the_spec(config, tmp_path):
    """Seed, noise list, fold, subset of the same size, length: one spec."""
    runs = []
    for number, (seed, fold, epochs) in enumerate([(0, 0, 2), (7, 0, 2), (7, 3, 9)]):
        changed = config('resup')
        changed.seed = changed.noise.seed = seed
        changed.data.folds, changed.data.fold, changed.epochs = 5, fold, epochs
        runs.append(setup.prepare(changed, tmp_path / str(number)))
    assert runs[0].spec == runs[1].spec == runs[2].spec
    assert hash(runs[0].spec) == hash(runs[2].spec)
    given = [run.trial.given for run in runs]
    assert (given[0] != given[1]).any()
    assert (runs[1].trial.learned != runs[2].trial.learned).any()


def test_what_changes_a_program_changes_the_spec(config, tmp_path):
    first = setup.prepare(config('resup'), tmp_path / 'first').spec
    changed = config('resup')
    changed.algorithm.consistency = 4.0
    assert setup.prepare(changed, tmp_path / 'second').spec != first


@pytest.mark.parametrize('platform', ['gpu', 'tpu'])
@pytest.mark.parametrize('method', algorithms.names())
def test_every_step_lowers_for_devices_that_are_not_here(config, method, platform):
    """With proximity, and from shapes alone: neither a device nor a file is needed."""
    chosen = config(method, proximity=0.01)
    spec = programs.spec(
        chosen,
        source=source.Images(chosen.data.augmentation, chosen.data.image_size_px, 24),
        num_classes=7,
        num_examples=64,
        resident=True,
        platform=platform,
    )
    shapes = programs.shapes(spec, 16, steps=2)
    text = programs.lowered(spec, 'advance', shapes['advance']).as_text()
    assert 'stablehlo.while' in text  # the steps of a chunk
    assert 'stablehlo.convolution' in text


def test_runs_of_one_spec_compile_each_program_once(config, tmp_path, compilations):
    """Three seeds and noise lists, and the five folds of an audit."""
    programs.compiled.cache_clear()
    for seed in range(3):
        changed = config('resup')
        changed.seed = changed.noise.seed = seed
        run = setup.prepare(changed, tmp_path / str(seed))
        assert loop.train(run) is not None
    assert kfold.run(tmp_path / '0', 5) is not None
    ours = [name for name in compilations if name in NAMES]
    assert sorted(ours) == sorted(NAMES)


def trained(config, workdir, resident):
    config.data.resident = resident
    assert loop.train(setup.prepare(config, workdir)) is not None
    return workdir


def test_records_and_resident_images_are_the_same_run(config, tmp_path):
    """With centres, which start from a pass of its own."""
    folders = [
        trained(config('scn', 0.01), tmp_path / resident, resident)
        for resident in ('no', 'host', 'yes')
    ]
    # the field itself is all that differs
    for other in folders[1:]:
        assert selftest.differences(folders[0], other) == [
            'config of result.json differs'
        ]


class Flat(nn.Module):
    """A backbone of features: one hidden layer."""

    part: str = 'whole'

    @nn.compact
    def __call__(self, features, train):
        del train
        hidden = nn.relu(nn.Dense(8)(features))
        return nets.Features(hidden, hidden[:, 0, 0])


def test_a_chunk_of_steps_is_the_steps():
    """On features, where nothing is convolved: 12 steps one by one, in chunks of 5, 5
    and 2, and as one chunk, to the bit."""
    examples = source.Activations('flip', (1, 1, 6))
    algorithm = algorithms.make(
        'coteaching', backbone=Flat(), num_classes=3, num_examples=24
    )
    pool = np.random.default_rng(0).normal(size=(24, 2, 1, 1, 6)).astype(np.float16)
    about = trial.make(0, np.arange(24) % 3, np.zeros(1), steps_per_epoch=6)
    state = step.create(algorithm, optax.adam(0.01), examples, 3, about)
    order = np.random.default_rng(1).integers(0, 24, (12, 8)).astype(np.int32)
    train_step = step.make_step(algorithm, optax.adam(0.01), examples)
    advance = jax.jit(step.make_advance(train_step, programs.taken))
    ends = []
    for chunks in ([1] * 12, [5, 5, 2], [12]):
        now, losses = state, []
        for part in np.split(order, np.cumsum(chunks)[:-1]):
            now, metrics = advance(now, about, pool, part)
            losses.append(metrics['loss'])
        ends.append(jax.device_get((now, np.concatenate(losses))))
    for other in ends[1:]:
        for a, b in zip(jax.tree.leaves(ends[0]), jax.tree.leaves(other), strict=True):
            np.testing.assert_array_equal(a, b)


def test_chunks_start_at_the_same_steps_wherever_a_run_goes_on(config, tmp_path):
    """Four steps an epoch in chunks of three: 3, 1, 3, 1; from step 1 on 2, 1, 3."""
    run = setup.prepare(config('baseline'), tmp_path)
    resident = feed.Resident(run, 3)
    for first_step, sizes in ((0, [3, 1, 3, 1]), (1, [2, 1, 3]), (3, [1, 3])):
        step = first_step
        for (_, order), size in zip(resident.chunks(first_step), sizes):
            assert order.shape == (size, 16)
            for s in range(size):
                np.testing.assert_array_equal(order[s], run.order(step + s))
            step += size
    images = np.asarray(next(resident.all_training())[0])
    reader = pipeline.Reader(run.prepared.train, run.examples.positions)
    batch = pipeline.training(reader, run.order)[5]
    np.testing.assert_array_equal(images[batch['index']], batch['images'])


def test_auto_is_resident_up_to_a_quarter_of_the_memory(config, tmp_path, monkeypatch):
    """100 images of 24 px take 172,800 bytes; 70 are enough for a run on 40 of 70."""
    for memory, max_train, wanted in (
        (4 * 172_800, 0, True),
        (4 * 172_799, 0, False),
        (4 * 120_960, 40, True),
        (4 * 120_959, 40, False),
    ):
        monkeypatch.setattr(feed, 'memory', lambda devices, memory=memory: memory)
        changed = config('baseline')
        changed.data.resident, changed.data.max_train = 'auto', max_train
        run = setup.prepare(changed, tmp_path / f'{memory}')
        assert run.spec.resident == wanted
    assert not feed.is_resident('no', 1, run.spec.source.stored, run.mesh)
    assert feed.is_resident('yes', 10**9, run.spec.source.stored, run.mesh)


def test_auto_keeps_images_up_to_a_quarter_of_the_hosts_memory(monkeypatch):
    """70 images of 24 px take 120,960 bytes. Processes would hold a copy each."""
    stored = jax.ShapeDtypeStruct((24, 24, 3), np.uint8)
    for memory, workers, wanted in (
        (4 * 120_960, 0, True),
        (4 * 120_959, 0, False),
        (4 * 120_960, 1, False),
    ):
        monkeypatch.setattr(feed, 'machine', lambda memory=memory: memory)
        assert feed.is_kept('auto', 70, stored, workers) == wanted
    assert feed.is_kept('host', 10**9, stored, 0)
    assert not feed.is_kept('no', 1, stored, 0)


def test_processes_cannot_share_what_is_kept(config, tmp_path):
    changed = config('baseline')
    changed.data.resident, changed.data.workers = 'host', 2
    with pytest.raises(ValueError, match='each process would keep all images'):
        setup.prepare(changed, tmp_path / 'run')


def test_a_container_has_the_memory_that_it_may_use(monkeypatch, tmp_path):
    """'max' is no limit, and nor is a file that is not there."""
    limit = tmp_path / 'memory.max'
    monkeypatch.setattr(feed, 'LIMITS', (tmp_path / 'nowhere', limit))
    whole = feed.machine()
    limit.write_text('max\n')
    assert feed.machine() == whole > 1_000_000
    limit.write_text('1000000\n')
    assert feed.machine() == 1_000_000


def test_devices_without_memory_of_their_own_share_the_machines():
    """Eight on a CPU hold eight copies of a resident set."""
    device = jax.devices()[0]
    assert feed.memory([device]) // 8 == feed.memory([device] * 8)


def test_a_stop_is_heard_while_any_program_compiles(config, tmp_path, monkeypatch):
    """Four steps in chunks of three: the last chunk is a program, too."""
    monkeypatch.setitem(peers.CHUNK, 'cpu', 3)
    changed = config('baseline')
    changed.data.resident, changed.epochs = 'yes', 1
    compiled = []

    def listen(event, duration, *, fun_name='', **about):
        del duration, about
        if event == COMPILED and fun_name in NAMES:
            compiled.append((fun_name, threading.current_thread().name))

    programs.compiled.cache_clear()
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        assert loop.train(setup.prepare(changed, tmp_path)) is not None
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert [name for name, _ in compiled].count('jit(advance)') == 2
    assert {thread for _, thread in compiled} == {stopping.LEFT}


def test_the_lowered_step_of_resup_is_the_one_we_know():
    """No change of the design may change the program without a word."""
    known, found = json.loads(lowered.STORED.read_text()), lowered.describe()
    if found['jax'] != known['jax']:
        pytest.skip(f'stored with jax {known["jax"]}, this is {found["jax"]}')
    assert found == known, 'if it should change: python -m tests.training.lowered'
