"""What the tests here start from: the config of a short run, and a finished run.

The latter is made by hand, of six faces, two networks and three epochs.
The networks of the last epoch trust the labels of examples 0 ... 5 by

    .1 .2 .9 .9 .95 .99      and      .3 .2 .8 .9 .95 .99

and example 5's label is changed in epoch 2 and changed back in epoch 3. The clean
labels of all but example 4 are known; 0 and 2 are wrong.
"""

import csv
import json

import numpy as np
import pytest
from scipy import special

from fer_jax.data import prepared

TRUST = np.array([[0.1, 0.2, 0.9, 0.9, 0.95, 0.99], [0.3, 0.2, 0.8, 0.9, 0.95, 0.99]])
GIVEN = [0, 1, 2, 0, 1, 2]
SUGGESTED = [1, 1, 2, 0, 1, 2]
CLEAN = [1, 1, 0, 0, -1, 2]
FLIPS = [0, 0, 0, 0, 0, 2]
FIT = {  # of each epoch; network 2 has no valid one
    'fit/mixture/a': [[2.0, 6.0], [2.0, 8.0]],
    'fit/mixture/b': [[6.0, 2.0], [2.0, 2.0]],
    'fit/mixture/share': [[0.3, 0.7], [0.4, 0.6]],
    'fit/span': [[0.0, 1.0], [0.0, 1.0]],
    'fit/ready': [True, False],
}


@pytest.fixture
def config(plain):
    return plain


@pytest.fixture
def made(tmp_path, faces):
    """The folder of that run."""
    data = prepared.load(faces)
    folder = tmp_path / 'made'
    folder.mkdir()
    names = np.array([*data.class_names, ''])
    columns = {
        'id': data.train.ids[:6],
        'given_label': names[GIVEN],
        'final_label': names[GIVEN],
        'suggested_label': names[SUGGESTED],
        'flips': FLIPS,
        'posterior_1': TRUST[0],
        'posterior_2': TRUST[1],
        'clean_label': names[CLEAN],
    }
    with open(folder / 'labels.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))
    scores = special.expit(
        special.logit(TRUST) * np.array([0.2, 0.6, 1])[:, None, None]
    )
    tables = np.array([GIVEN] * 3, np.int32)
    tables[1, 5] = 0
    fits = {name: np.array([values] * 3) for name, values in FIT.items()}
    np.savez(
        folder / 'history.npz',
        scores=scores.astype(np.float32),
        labels=tables,
        **{
            n: one.astype('f4') if one.dtype == 'f8' else one for n, one in fits.items()
        },
        **{'fit/rejected': np.array([[0, 0], [0, 1], [0, 1]], np.int32)},
    )
    rows = [
        {
            'epoch': epoch,
            'step': epoch,
            'test/accuracy': epoch / 10,
            'test/accuracy_2': 0.5,
            'test/accuracy_mean': 0.5,
            'noise/auroc': 0.75,
        }
        for epoch in (1, 2, 3)
    ]
    (folder / 'metrics.jsonl').write_text(''.join(json.dumps(r) + '\n' for r in rows))
    block = {'last': 0.3, 'last5': 0.2, 'best_on_test': 0.3, 'best_epoch': 3}
    count = len(data.class_names)
    result = {
        **block,
        'accuracy_2': block,
        'accuracy_mean': block,
        'balanced_accuracy': 0.3,
        'macro_f1': 0.3,
        'recalls': dict.fromkeys(data.class_names, 0.5),
        'confusion': np.eye(count, dtype=int).tolist(),
        'method': 'resup',
        'signal': {'name': 'similarity', 'rising': True, 'augmented': True},
        'class_names': list(data.class_names),
        'train_examples': 6,
        'test_examples': 30,
        'skipped_records': 0,
        'dataset_digest': data.digest,
        'noise_list_sha256': 'f' * 64,
        'fer_jax': '0',
        'config': {
            'algorithm': {'name': 'resup', 'signal': 'similarity', 'rules': 'safe'},
            'data': {
                'name': 'synthetic',
                'dir': str(faces),
                'image_size_px': 24,
                'on_corrupt': 'stop',
            },
            'model': {'backbone': 'cnn7', 'width': 4},
            'noise': {'kind': 'symmetric', 'rate': 0.3, 'seed': 0},
        },
    }
    (folder / 'result.json').write_text(json.dumps(result))
    return folder
