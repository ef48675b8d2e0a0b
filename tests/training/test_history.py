"""The history of a run: written an epoch at a time, joined, read in either form."""

import shutil

import numpy as np
import pytest

from fer_jax.data import whole
from fer_jax.training import history

GIVEN = np.array([0, 1, 2], np.int32)
TABLES = np.array([[0, 1, 2], [0, 2, 2], [0, 1, 1]], np.int32)
AGAIN = 'put the file that belongs'


def scores(epoch):
    return np.full((2, 3), epoch, np.float32)


def write(workdir, epochs, *, start=0, join=False):
    """The Writer behind `epochs` epochs, of which `start` were there before."""
    writer = history.Writer(workdir, start, GIVEN, 3)
    for epoch in range(start, epochs):
        fit = {'mixture/a': np.full(2, epoch, np.float64), 'ready': np.bool_(epoch > 0)}
        writer.append(scores(epoch), TABLES[epoch], fit)
    if join:
        writer.join()
    return writer


def check(workdir, epochs):
    """All that is read back is what was written."""
    past = history.History(workdir, epochs)
    assert len(past) == epochs
    assert past.names() == ['scores', 'labels', 'fit/mixture/a', 'fit/ready']
    wanted = [scores(epoch) for epoch in range(epochs)]
    np.testing.assert_array_equal(past.all('scores'), wanted)
    np.testing.assert_array_equal(past.all('labels'), TABLES[:epochs])
    assert past.all('scores').dtype == np.float32
    assert past.all('labels').dtype == np.int32
    assert [bool(ready) for ready in past.each('fit/ready')] == [False, True, True][
        :epochs
    ]
    assert past.epoch(epochs)['fit/mixture/a'].tolist() == [epochs - 1] * 2
    return past


def test_an_epoch_is_appended_and_the_others_stay(tmp_path):
    write(tmp_path, 2)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*.npz')}
    assert sorted(path.name for path in before) == ['1.npz', '2.npz']
    write(tmp_path, 3, start=2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    check(tmp_path, 3)


def test_a_joined_history_is_mapped_and_goes_on(tmp_path):
    write(tmp_path, 2, join=True)
    assert [path.name for path in tmp_path.iterdir()] == ['history.npz']
    assert isinstance(check(tmp_path, 2).all('scores').base, np.memmap)
    write(tmp_path, 3, start=2)
    check(tmp_path, 3)
    write(tmp_path, 3, start=3, join=True)
    assert [path.name for path in tmp_path.iterdir()] == ['history.npz']
    check(tmp_path, 3)
    with np.load(tmp_path / 'history.npz') as stored:  # for other programs, as it was
        np.testing.assert_array_equal(stored['labels'], TABLES)


def test_what_a_stopped_join_leaves_is_joined_again(tmp_path):
    """The process died when the first of the files of the epochs was gone."""
    write(tmp_path, 3)
    kept = shutil.copytree(tmp_path / 'history', tmp_path / 'kept')
    write(tmp_path, 3, start=3, join=True)
    kept.rename(tmp_path / 'history')
    (tmp_path / 'history' / '1.npz').unlink()
    check(tmp_path, 3)
    write(tmp_path, 3, start=3, join=True)
    assert not (tmp_path / 'history').exists()
    check(tmp_path, 3)


@pytest.mark.parametrize('join', [False, True])
def test_epochs_behind_the_checkpoint_are_done_again(tmp_path, join):
    write(tmp_path, 3, join=join)
    check(tmp_path, 2)
    writer = history.Writer(tmp_path, 1, GIVEN, 3)
    assert not (tmp_path / 'history' / '3.npz').exists()
    writer.append(10 + scores(0), TABLES[2])
    past = history.History(tmp_path, 2)
    assert [one[0, 0] for one in past.each('scores')] == [0, 10]
    writer.join()  # without what one epoch lacks
    assert history.History(tmp_path, 2).names() == ['scores', 'labels']


def test_flips_go_on_where_they_were(tmp_path):
    """Example 1 is 1 1 2 1, the last change back; example 2 is 2 2 2 1."""
    write(tmp_path, 2)
    found = write(tmp_path, 3, start=2).flips
    assert (found.count.tolist(), found.returns.tolist()) == ([0, 2, 1], [0, 1, 0])


def test_another_host_counts_and_writes_nothing(tmp_path):
    writer = history.Writer(tmp_path, 0, GIVEN, 3, writing=False)
    writer.append(scores(0), TABLES[1])
    writer.join()
    assert writer.flips.count.sum() == 1
    np.testing.assert_array_equal(writer.newest['scores'], scores(0))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize('join', [False, True])
@pytest.mark.parametrize('harm', ['missing', 'short', 'cut', 'a bit'])
def test_a_history_that_does_not_belong_to_the_checkpoint(tmp_path, harm, join):
    write(tmp_path, 1 if harm == 'short' else 2, join=join)
    path = tmp_path / ('history.npz' if join else 'history/2.npz')
    if harm == 'missing':
        path.unlink()
    elif harm != 'short':
        data = bytearray(path.read_bytes())
        if harm == 'cut':
            data = data[:100]
        else:
            data[data.index(b'\x00\x00\x80\x3f')] ^= 1  # the score 1.0
        path.write_bytes(data)
    with pytest.raises(whole.Damaged, match=AGAIN):
        history.History(tmp_path, 2)


def test_epochs_of_another_run_are_refused(tmp_path):
    write(tmp_path, 2)
    np.savez(
        tmp_path / 'history' / '2.npz',
        scores=np.zeros((2, 4), np.float32),
        labels=np.zeros(4, np.int32),
    )
    with pytest.raises(whole.Damaged, match=f'of different runs; {AGAIN}'):
        history.History(tmp_path, 2)


def test_evidence(tmp_path):
    assert history.read_evidence(tmp_path) is None
    evidence = np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]])
    history.write_evidence(tmp_path, evidence)
    found = history.read_evidence(tmp_path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, evidence)
    (tmp_path / 'evidence.npy').write_bytes(b'nothing')
    with pytest.raises(whole.Damaged, match='no array'):
        history.read_evidence(tmp_path)
