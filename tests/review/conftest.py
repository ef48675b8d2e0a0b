"""What the tests here start from: a set of faces, features that tell their classes, and
a review of them."""

import pathlib

import numpy as np
import pytest

from fer_jax.analysis import judgements
from fer_jax.data import prepared
from fer_jax.review import subject
from fer_jax.review.desk import Desk
from fer_jax.review.log import Log
from tests import drawn

WRONG = 7  # of 70 labels; every tenth one


@pytest.fixture(scope='session')
def audited(faces, tmp_path_factory):
    """(set, folder of features, folder of an audit): WRONG labels are thought wrong.

    The features have the class of a face, but for every tenth face that of the next.
    """
    data = prepared.load(faces)
    folder = tmp_path_factory.mktemp('review')
    seen = data.train.labels.copy()
    seen[::10] = (seen[::10] + 1) % 7
    classes = {'train': seen, 'test': data.test.labels}
    drawn.write(folder / 'features', data, classes)
    n = len(seen)
    right = np.full(n, 0.9) + np.arange(n) / 1000
    right[::10] = 0.1 + np.arange(WRONG) / 100
    out = folder / 'audit'
    out.mkdir()
    found = judgements.Judgement(
        ids=data.train.ids,
        log_odds=np.log(right / (1 - right)),
        right=right,
        suggested=seen.astype(np.int32),
        transition=np.full((7, 7), 0.1 / 6, np.float32)
        + (0.9 - 0.1 / 6) * np.eye(7, dtype=np.float32),
    )
    judgements.write(out, found, data.digest)
    return data, folder / 'features', out


@pytest.fixture
def reviewed(audited, tmp_path):
    """reviewed(**options): the Desk of that audit, with a log in tmp_path; a second one
    goes on where the first stopped."""
    data, stored, out = audited
    open_logs = []

    def make(reviewer='anna', **options) -> Desk:
        while open_logs:
            open_logs.pop().close()
        found = subject.of_audit(data.folder, out, stored, pictures=0)
        found = found._replace(folder=pathlib.Path(tmp_path))
        log = Log(tmp_path / 'log.jsonl', found.key, found.ids.tolist(), found.names)
        open_logs.append(log)
        path = tmp_path / 'decisions.csv'
        return Desk(found, log, path=path, reviewer=reviewer, **options)

    yield make
    for log in open_logs:
        log.close()
