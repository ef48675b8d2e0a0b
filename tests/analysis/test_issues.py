import json

import numpy as np

from fer_jax.analysis import issues
from fer_jax.training import files


def test_suspected_labels_by_rank(tmp_path):
    listed = issues.listed(
        np.array([2, 0]),
        np.array(['a', 'b', 'c']),
        np.array([0, 1, 1]),
        np.array([1, 1, 0]),
        np.array([0.4, 0.5, 0.1]),
        ('anger', 'fear'),
    )
    assert listed == [
        {
            'rank': 1,
            'row': 2,
            'id': 'c',
            'given_label': 'fear',
            'suggested_label': 'anger',
            'probability_right': 0.1,
        },
        {
            'rank': 2,
            'row': 0,
            'id': 'a',
            'given_label': 'anger',
            'suggested_label': 'fear',
            'probability_right': 0.4,
        },
    ]
    path = files.write_issues(tmp_path, listed, {'method': 'resup'})
    found = json.loads(path.read_text())
    assert found == {'format': 1, 'method': 'resup', 'issues': listed}


def test_in_doubt_as_many_are_listed_as_are_expected():
    """Of (.6, .7, .9, .9) .9 labels are expected to be wrong: one is listed."""
    right = np.array([0.6, 0.7, 0.9, 0.9])
    assert issues.suspected(right, told=False)[:2] == (1, True)
    assert issues.suspected(right, told=True) == (0, False, issues.NONE)
    assert issues.suspected(np.array([0.1, 0.2, 0.9]), told=False)[:2] == (2, False)
    assert issues.suspected(np.array([0.999]), told=False)[:2] == (1, True)
