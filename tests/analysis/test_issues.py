import json

import numpy as np

from fer_jax.analysis import issues
from fer_jax.training import files


def test_suspected_labels_by_rank(tmp_path):
    listed = issues.ranked(
        np.array(['a', 'b', 'c']),
        np.array([0, 1, 1]),
        np.array([1, 1, 0]),
        np.array([0.4, 0.5, 0.1]),
        ('anger', 'fear'),
    )
    assert listed == [
        {
            'rank': 1,
            'id': 'c',
            'given_label': 'fear',
            'suggested_label': 'anger',
            'probability_right': 0.1,
        },
        {
            'rank': 2,
            'id': 'a',
            'given_label': 'anger',
            'suggested_label': 'fear',
            'probability_right': 0.4,
        },
    ]
    path = files.write_issues(tmp_path, listed, {'method': 'resup'})
    found = json.loads(path.read_text())
    assert found == {'format': 1, 'method': 'resup', 'issues': listed}
