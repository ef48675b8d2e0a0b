"""The files of a run: what is read back, and what is said of it."""

import types

import numpy as np
import pytest

from fer_jax.data import whole
from fer_jax.training import log, results


def write(path, epochs):
    scores = [np.full((1, 3), epoch, np.float32) for epoch in range(epochs)]
    labels = [np.arange(3, dtype=np.int32)] * epochs
    results.write_history(path, {'scores': scores, 'labels': labels})


def test_history_is_cut_to_the_epochs_of_the_checkpoint(tmp_path):
    write(tmp_path / 'history.npz', 3)
    found = results.read_history(tmp_path / 'history.npz', 2)
    assert [scores[0, 0] for scores in found['scores']] == [0, 1]
    assert results.read_history(tmp_path / 'nowhere', 0) == {'scores': [], 'labels': []}


@pytest.mark.parametrize('harm', ['missing', 'short', 'cut', 'a bit'])
def test_a_history_that_does_not_belong_to_the_checkpoint(tmp_path, harm):
    path = tmp_path / 'history.npz'
    write(path, 1 if harm == 'short' else 2)
    data = bytearray(path.read_bytes())
    if harm == 'missing':
        path.unlink()
    elif harm == 'cut':
        path.write_bytes(data[:100])
    elif harm == 'a bit':
        data[data.index(b'\x00\x00\x80\x3f')] ^= 1  # the score 1.0
        path.write_bytes(data)
    with pytest.raises(whole.Damaged, match='put the file that belongs'):
        results.read_history(path, 2)


def test_a_class_whose_last_example_is_relabelled():
    """Fear (1) is lost in the second epoch and said then, not again in the third."""
    prepared = types.SimpleNamespace(class_names=('anger', 'fear', 'surprise'))
    examples = types.SimpleNamespace(labels=np.array([0, 1, 1]))
    run = types.SimpleNamespace(prepared=prepared, examples=examples)
    tables = [np.array([0, 1, 0]), np.array([0, 2, 0]), np.array([0, 2, 0])]
    said = [results.vanished(run, {'labels': tables[:epochs]}) for epochs in (1, 2, 3)]
    assert said == [[], ['fear'], []]


def test_rows_behind_the_checkpoint_are_dropped_and_none_may_lack(tmp_path):
    path = tmp_path / 'metrics.jsonl'
    path.write_text('{"epoch": 1, "step": 4}\n{"epoch": 2, "step": 8}\n{"epo')
    with log.Log(tmp_path, 1) as rows:
        assert [row['epoch'] for row in rows.rows] == [1]
    assert path.read_text() == '{"epoch": 1, "step": 4}\n'
    with pytest.raises(whole.Damaged, match='1 rows, the checkpoint has 2'):
        log.Log(tmp_path, 2)
    path.write_text('{"epoch": 1, "step"\n{"epoch": 2, "step": 8}\n')
    with pytest.raises(whole.Damaged, match='line 1 is damaged'):
        log.Log(tmp_path, 2)
