"""Rows go to MLflow's local store and to Weights & Biases offline, where these are."""

import importlib.util
import json
import time

import pytest

from fer_jax.errors import Unusable
from fer_jax.training import sinks

FIELDS = {'seed': 0, 'model.width': 64, 'optimizer.decay_epochs': (10, 20)}
ROWS = [
    {'step': 4, 'epoch': 1, 'test/accuracy': 0.5, 'train/loss': 2.0},
    {'step': 8, 'epoch': 2, 'test/accuracy': 0.75, 'train/loss': float('nan')},
    {'step': 12, 'epoch': 3, 'test/accuracy': 0.625, 'train/loss': 1.5},
]


def given(name, workdir, rows, known=()):
    """Gives rows to a sink, of a run that has the rows `known`; what is said."""
    said = []
    with sinks.opened([name], workdir, FIELDS, known, said.append) as take:
        for row in rows:
            take(row)
    return said


def test_mlflow(tmp_path, monkeypatch):
    """Two processes' rows are one run; whatever their folder is called."""
    mlflow = pytest.importorskip('mlflow')
    monkeypatch.delenv('MLFLOW_TRACKING_URI', raising=False)
    workdir = tmp_path / 'a [b] ü'
    workdir.mkdir()
    assert given('mlflow', workdir, ROWS[:1]) == []
    assert given('mlflow', workdir, ROWS[1:], known=ROWS[:1]) == []
    client = mlflow.MlflowClient(sinks.database(workdir))
    (experiment,) = client.search_experiments(filter_string="name = 'fer_jax'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == (workdir.name, 'FINISHED')
    assert run.data.params == {name: str(value) for name, value in FIELDS.items()}
    accuracy = client.get_metric_history(run.info.run_id, 'test/accuracy')
    assert [(m.step, m.value) for m in accuracy] == [(4, 0.5), (8, 0.75), (12, 0.625)]
    losses = client.get_metric_history(run.info.run_id, 'train/loss')
    assert [(m.step, m.value) for m in losses] == [(4, 2.0), (12, 1.5)]


def test_a_sink_that_is_new_to_a_run_gets_all_its_rows(tmp_path, monkeypatch):
    mlflow = pytest.importorskip('mlflow')
    elsewhere = sinks.database(tmp_path / 'elsewhere')
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.setenv('MLFLOW_TRACKING_URI', elsewhere)
    monkeypatch.setenv('MLFLOW_EXPERIMENT_NAME', 'faces')
    given('mlflow', tmp_path, ROWS[2:], known=ROWS[:2])
    client = mlflow.MlflowClient(elsewhere)
    experiment = client.get_experiment_by_name('faces')
    (run,) = client.search_runs([experiment.experiment_id])
    steps = client.get_metric_history(run.info.run_id, 'epoch')
    assert [(m.step, m.value) for m in steps] == [(4, 1), (8, 2), (12, 3)]
    assert not (tmp_path / 'mlflow.db').exists()


def test_weights_and_biases(tmp_path, monkeypatch):
    pytest.importorskip('wandb')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    assert given('wandb', tmp_path, ROWS) == []
    (stored,) = (tmp_path / 'wandb').glob('offline-run-*/run-*.wandb')
    for _ in range(100):  # its own process writes it, a moment later
        content = stored.read_bytes()
        if b'0.625' in content:
            break
        time.sleep(0.1)
    for text in (b'model.width', b'test/accuracy', b'0.75', b'0.625'):
        assert text in content
    own = json.loads((tmp_path / sinks.IDS).read_text())['wandb']
    assert stored.name == f'run-{own}.wandb'


class Full:
    """A sink that takes one row."""

    def __init__(self, *_):
        self.rows = 0

    def log(self, numbers, step):
        self.rows += 1
        if self.rows > 1:
            raise ConnectionError('no server\nany more')

    def close(self):
        raise AssertionError('it was left out')


def test_a_sink_that_fails_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sinks.MAKERS, 'mlflow', Full)
    assert given('mlflow', tmp_path, ROWS) == [
        'mlflow takes no more rows (no server any more); training goes on'
    ]


def test_a_sink_that_does_not_start(tmp_path, monkeypatch):
    def refuse(*_):
        raise RuntimeError('not logged in')

    monkeypatch.setitem(sinks.MAKERS, 'wandb', refuse)
    with pytest.raises(Unusable, match=r'wandb does not start \(not logged in'):
        given('wandb', tmp_path, ROWS)
    assert not (tmp_path / sinks.IDS).exists()


def test_the_sinks_before_one_that_does_not_start_go_on(tmp_path, monkeypatch):
    """They are closed; another start finds their run, which has the rows already."""
    told = []

    class Open:
        def __init__(self, workdir, own, fields):
            self.own = own

        def log(self, numbers, step):
            told.append((self.own, step))

        def close(self):
            told.append((self.own, 'closed'))

    def refuse(*_):
        raise RuntimeError('not logged in')

    monkeypatch.setitem(sinks.MAKERS, 'mlflow', Open)
    monkeypatch.setitem(sinks.MAKERS, 'wandb', refuse)
    with (
        pytest.raises(Unusable, match='wandb does not start'),
        sinks.opened(['mlflow', 'wandb'], tmp_path, FIELDS, ROWS[:2], print),
    ):
        pass
    own = json.loads((tmp_path / sinks.IDS).read_text())
    assert [*own] == ['mlflow']
    given('mlflow', tmp_path, ROWS[2:], known=ROWS[:2])
    assert told == [(own['mlflow'], what) for what in (4, 8, 'closed', 12, 'closed')]


def test_a_sink_that_is_not_installed():
    sinks.check(())
    lacking = [n for n in sinks.NAMES if importlib.util.find_spec(n) is None]
    for name in lacking:
        with pytest.raises(Unusable, match=rf"pip install 'fer_jax\[{name}\]'"):
            sinks.check([name])
    for name in {*sinks.NAMES} - {*lacking}:
        sinks.check([name])


def test_numbers_of_a_row():
    row = {'step': 8, 'epoch': 2, 'a': 0.5, 'b': float('inf'), 'c': 'text', 'd': None}
    assert sinks.numbers(row) == {'epoch': 2, 'a': 0.5}
