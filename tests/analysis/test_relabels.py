"""The histogram of flips, from the files of a run."""

import numpy as np
import pytest
from PIL import Image

from fer_jax.analysis import relabels, runs
from fer_jax.training import files, history


@pytest.fixture
def folder(tmp_path):
    """A finished run of six examples whose labels flipped 0, 0, 1, 1, 2 and 9 times."""
    run = tmp_path / 'scn'
    run.mkdir()
    flips = np.array([0, 0, 1, 1, 2, 9])
    labels = np.zeros(6, np.int32)
    ids, trust = np.arange(6).astype(str), np.empty((0, 6))
    table = files.Labels(ids, labels, labels, labels, flips, trust, labels)
    files.write_labels(run, table, ['anger', 'fear'])
    files.write_rows(run, [{'epoch': 1, 'step': 1}])
    history.Writer(run, 0, labels, 2).append(np.zeros((1, 6), np.float32), labels)
    result = {'relabelled': 4, 'relabel_precision': 0.5, 'flips': 13, 'returns': 7}
    files.write_result(run, result | {'class_names': ['anger', 'fear']})
    return run


def test_counts_by_hand(folder):
    """The last bar holds `most` flips and more."""
    run = runs.read(folder)
    assert relabels.flip_counts(run, most=3).tolist() == [2, 2, 1, 1]
    assert relabels.said(run) == '13 flips, 7 back to an earlier label'
    assert relabels.said(run._replace(result={})) == 'no flips'


def test_table_and_picture(folder, tmp_path, capsys):
    out = tmp_path / 'flips.png'
    assert relabels.main([str(folder), str(folder), f'--out={out}']) == 0
    assert '50.0 %' in capsys.readouterr().out
    with Image.open(out) as picture:
        assert picture.width > 600
        assert len(picture.convert('RGB').getcolors(2**24)) > 20


def test_no_run_is_said(tmp_path, capsys):
    assert relabels.main([str(tmp_path), '--out=x.png']) == 2
    assert 'no finished run' in capsys.readouterr().err
