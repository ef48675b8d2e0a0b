"""What is reviewed: an audit that is there or is made, a run, its features."""

import numpy as np
import pytest

from fer_jax.analysis import judgements
from fer_jax.data.corrections import Decision
from fer_jax.review import ground, ranking, subject
from fer_jax.training import files, loop, setup


def test_an_audit_is_made_where_there_is_none(audited, tmp_path):
    """And read where there is one: the same labels in the same order."""
    data, stored, _ = audited
    made = subject.of_audit(data.folder, tmp_path / 'new', stored, pictures=0)
    assert (tmp_path / 'new' / files.PAGE).is_file()
    read = subject.of_audit(data.folder, tmp_path / 'new', stored, pictures=0)
    for name in (
        'rows',
        'ids',
        'given',
        'log_odds',
        'right',
        'suggested',
        'transition',
    ):
        np.testing.assert_array_equal(getattr(made, name), getattr(read, name))
    assert made.key == read.key
    # the features tell another class of every tenth face than its label
    assert (ranking.begun(read).order[:7] % 10 == 0).sum() >= 6


def test_a_judgement_of_other_labels_is_refused(audited, tmp_path):
    data, stored, out = audited
    found = judgements.read(out, data)
    judgements.write(tmp_path, found, 'c' * 64)
    with pytest.raises(ValueError, match='judges another set'):
        subject.of_audit(data.folder, tmp_path, stored, pictures=0)
    for changed in (
        found._replace(right=found.right + 1),
        found._replace(suggested=found.suggested + 7),
        found._replace(log_odds=np.full(70, np.nan)),
        found._replace(log_odds=found.log_odds[:-1]),
        found._replace(ids=np.array(['x'] * 70)),
        found._replace(transition=found.transition[:3]),
    ):
        judgements.write(tmp_path, changed, data.digest)
        with pytest.raises(ValueError, match='no judgement of an audit'):
            subject.of_audit(data.folder, tmp_path, stored, pictures=0)


def test_a_run_is_reviewed_with_the_features_of_its_set(audited, plain, tmp_path):
    """The run's order comes first; what is learned is averaged with it. Noise is part
    of what was decided about: the log of another noise list is another one."""
    data, stored, _ = audited
    loop.train(setup.prepare(plain, tmp_path / 'run'))
    found = subject.of_run(tmp_path / 'run', stored=stored)
    labels = files.read_labels(tmp_path / 'run', data.class_names)
    np.testing.assert_array_equal(found.given, labels.given)
    assert found.data.train.ids[found.rows].tolist() == labels.ids.tolist()
    assert found.key != subject.of_audit(data.folder, audited[2], pictures=0).key
    np.testing.assert_allclose(found.transition.sum(axis=1), 1, atol=1e-5)
    here = tmp_path / 'run' / subject.FOLDER
    assert found.folder == here
    here.mkdir()
    first = ground.of(found)
    again = ground.of(found)  # read
    np.testing.assert_array_equal(first.plane, again.plane)
    np.testing.assert_array_equal(first.x, again.x)
    begun = ranking.begun(found)
    nothing = ranking.learned(found, first, [], begun)
    np.testing.assert_array_equal(nothing.log_odds, found.log_odds)
    alone = ranking.learned(
        found._replace(trained=False), first, [(0, Decision('a', 'keep'))], begun
    )
    both = ranking.learned(found, first, [(0, Decision('a', 'keep'))], begun)
    np.testing.assert_allclose(
        both.log_odds, (alone.log_odds + found.log_odds) / 2, rtol=1e-6
    )


def test_damaged_ground_is_made_again(audited, tmp_path):
    data, stored, out = audited
    found = subject.of_audit(data.folder, out, stored, pictures=0)
    found = found._replace(folder=tmp_path)
    first = ground.of(found)
    (path,) = tmp_path.glob('ground-*.npz')
    path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(ground.of(found).plane, first.plane)
    assert path.stat().st_size > 100
    assert first.contrast.shape == (70,)
