"""The files of a run: what is read back, and what is said of it."""

import types

import numpy as np
import pytest

from fer_jax.data import whole
from fer_jax.numerics import flips
from fer_jax.training import log, results


def test_a_class_whose_last_example_is_relabelled():
    """Fear (1) is lost in the second epoch and said then, not again in the third."""
    prepared = types.SimpleNamespace(class_names=('anger', 'fear', 'surprise'))
    examples = types.SimpleNamespace(labels=np.array([0, 1, 1]))
    run = types.SimpleNamespace(prepared=prepared, examples=examples)
    tables = [np.array([0, 1, 0]), np.array([0, 2, 0]), np.array([0, 2, 0])]
    every = flips.by_epoch(examples.labels, tables, 3)
    said = [results.vanished(run, found) for found in every]
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
