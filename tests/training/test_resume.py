"""Stopped anywhere and started again, a run ends as if nothing had happened."""

import pytest

from fer_jax import algorithms, nets
from fer_jax.training import loop, seals, selftest, setup

# (method, weight of embedding proximity); centres are state, too
RUNS = [(name, 0.0) for name in algorithms.names()] + [('scn', 0.01), ('dmue', 0.01)]
EPOCHS = 2
QUICK = {  # what a method does late, early enough to happen in two epochs
    'arazo': {'warmup_epochs': 1},
    'dividemix': {'warmup_epochs': 1},
    'ido': {'warmup_epochs': 1},
    'resup': {'warmup_epochs': 1, 'readiness': 0.0, 'held_out': 0.0},
    'rul': {'relabel': True, 'relabel_epoch': 1},
    'scn': {'relabel_epoch': 1},
}


@pytest.fixture
def config(short, tiny, monkeypatch):
    """Of a method -> a config that runs in a second: 70 faces, four steps an epoch."""
    monkeypatch.setitem(nets.BACKBONES, 'tiny', tiny)

    def make(method, proximity=0.0):
        config = short(method, 'tiny')
        config.batch_size = 16
        config.eval_batch_size = 32
        config.log_every_steps = 3
        config.epochs = EPOCHS
        config.proximity.weight = proximity
        config.algorithm.update(QUICK.get(method, {}))
        return config

    return make


def train(config, workdir, stop=lambda: False):
    """One session of a run."""
    return loop.train(setup.prepare(config, workdir), stop)


READ = 2  # questions while the images of both splits are put on the device


def after(count):
    """stop() that says yes when it is asked for the `count`th time and from then on,
    reading aside."""
    count += READ
    asked = iter(range(1, 10**6))
    return lambda: next(asked) >= count


def test_stopped_everywhere(config, tmp_path):
    """Stops are asked for before each step and between batches of test and scoring.

    The sessions end at their second, third, ... such question: within an epoch, between
    its last step and its test, while scoring, and while the results are written.
    """
    config = config('resup')
    unbroken = tmp_path / 'unbroken'
    assert train(config, unbroken) is not None
    broken, sessions = tmp_path / 'broken', 1
    assert train(config, broken, lambda: True) is None  # while images are read
    while train(config, broken, after(sessions + 1)) is None:
        sessions += 1
        assert sessions < 30
    assert sessions > 5
    assert selftest.differences(broken, unbroken) == []


def test_a_stop_between_epochs_keeps_the_test_accuracy(config, tmp_path):
    """An epoch asks 4 + 1 + 3 times; the ninth is before the next one's first step."""
    workdir = tmp_path / 'run'
    assert train(config('resup'), workdir, after(9)) is None
    place = seals.check(workdir / 'checkpoints' / '4')
    assert place == seals.Place(epoch=1)
    assert (workdir / 'checkpoints' / '4' / 'metrics').is_dir()


@pytest.mark.parametrize(('method', 'proximity'), RUNS)
def test_every_method_goes_on(config, tmp_path, method, proximity):
    """Stopped after two steps, and again in the second epoch."""
    config = config(method, proximity)
    unbroken, broken = tmp_path / 'unbroken', tmp_path / 'broken'
    assert train(config, unbroken) is not None
    seen = 3 if proximity else 0  # batches that the centres start from
    for asked in (3 + seen, 9):
        assert train(config, broken, after(asked)) is None
    assert seals.steps(broken / 'checkpoints')[0] > 4
    assert train(config, broken) is not None
    assert selftest.differences(broken, unbroken) == []
