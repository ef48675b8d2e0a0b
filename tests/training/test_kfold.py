"""Out-of-fold probabilities, from two real runs of one epoch."""

import json

import numpy as np
import pytest

from fer_jax.training import checkpoint, kfold, loop, seals, setup


@pytest.fixture
def config(plain):
    return plain


def test_every_label_is_judged_by_a_run_that_did_not_see_it(
    config, tmp_path, monkeypatch
):
    config.data.max_train = 60
    base = setup.prepare(config, tmp_path / 'run')  # it need not be finished
    trained, train = [], loop.train

    def counted(run, stop):
        trained.append(run.workdir.name)
        return None if len(trained) == 2 else train(run, stop)

    monkeypatch.setattr(loop, 'train', counted)
    assert kfold.run(tmp_path / 'run', 2) is None  # stopped in the second fold
    assert not (tmp_path / 'run' / 'pred_probs.npy').exists()
    folder = kfold.run(tmp_path / 'run', 2)
    assert trained == ['0', '1', '1']

    probs, labels, ids = (
        np.load(folder / f'{name}.npy') for name in ('pred_probs', 'labels', 'ids')
    )
    assert (probs.shape, probs.dtype, labels.dtype) == ((60, 7), np.float32, np.int64)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(ids, base.examples.ids)
    np.testing.assert_array_equal(labels, base.examples.labels)
    names = json.loads((folder / 'class_names.json').read_text())
    assert names == list(base.prepared.class_names)

    seen = []
    for fold in range(2):
        config.data.folds, config.data.fold = 2, fold
        part = setup.prepare(config, folder / 'kfold' / str(fold))
        left_out = np.flatnonzero(~part.examples.learned)
        for step in range(part.steps_per_epoch):
            assert not set(part.order(step)) & set(left_out)
        folder_of_states = part.workdir / 'checkpoints'
        newest = seals.steps(folder_of_states)[0]
        evidence = checkpoint.leaves(folder_of_states, newest)['evidence']
        np.testing.assert_allclose(probs[left_out], evidence[left_out], rtol=1e-6)
        seen += part.examples.ids[left_out].tolist()
    assert sorted(seen) == sorted(base.examples.ids)

    kfold.run(folder, 2, which='best')  # of one epoch the last is the best
    np.testing.assert_array_equal(np.load(folder / 'pred_probs.npy'), probs)
    assert trained == ['0', '1', '1']
    with pytest.raises(FileNotFoundError, match='999'):
        kfold.run(folder, 2, which='999')
    with pytest.raises(FileNotFoundError, match='elsewhere'):
        kfold.run(folder, 2, data=tmp_path / 'elsewhere')


def test_refusals(config, tmp_path):
    with pytest.raises(ValueError, match='1 folds; give 2 or more'):
        kfold.run(tmp_path, 1)
    with pytest.raises(ValueError, match='--which=bset; wanted last, best'):
        kfold.run(tmp_path, 5, which='bset')
    with pytest.raises(FileNotFoundError, match='no folder of a run'):
        kfold.run(tmp_path, 5)
    setup.prepare(config, tmp_path / 'run')
    path = tmp_path / 'run' / 'data.json'
    about = json.loads(path.read_text()) | {'digest': 'another'}
    path.write_text(json.dumps(about))
    with pytest.raises(ValueError, match='learned from digest another'):
        kfold.run(tmp_path / 'run', 2)
