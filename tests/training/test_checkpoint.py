"""Seals: what is whole is restored, what is not is put away, whatever was hit."""

import contextlib
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.data import whole
from fer_jax.training import checkpoint, seals
from fer_jax.training.seals import Place
from fer_jax.training.step import TrainState
from tests import disks

NAMES = ('anger', 'joy')
PLACE = Place(epoch=2, steps=3, sums={'loss': 0.1 + 0.2}, seconds=1.5)


def state(step):
    """A small TrainState that differs from step to step."""
    return TrainState(
        step=jnp.int32(step),
        params={'w': jnp.arange(600.0).reshape(2, 300) * step},
        stats={},
        opt=(jnp.ones(3) / step,),
        memory=(),
        labels=jnp.arange(5, dtype=jnp.int32),
        flips=jnp.zeros(5, jnp.int32),
        evidence=jnp.full((5, 2), 1 / step),
    )


def write(folder, *steps, keep=9):
    with checkpoint.manager(folder, keep=keep) as saved:
        for step in steps:
            checkpoint.save(saved, state(step), PLACE, NAMES, accuracy=1 / step)


@pytest.fixture(scope='module')
def two(tmp_path_factory):
    """A run's folder with checkpoints of steps 4 and 7."""
    folder = tmp_path_factory.mktemp('run') / 'checkpoints'
    write(folder, 4, 7)
    return folder


def restored(folder):
    """(step, w [2, 300], lines said) of what a run would go on from."""
    said = []
    step, _ = seals.trusted(folder, said.append)
    with checkpoint.manager(folder, keep=9) as saved:
        return step, checkpoint.restore(saved, step, state(1)), said


def test_what_was_saved_comes_back(two, tmp_path):
    """Copied elsewhere, too."""
    folder = shutil.copytree(two, tmp_path / 'else' / 'checkpoints')
    assert seals.trusted(folder, pytest.fail) == (7, PLACE)
    step, found, _ = restored(folder)
    assert step == 7
    np.testing.assert_array_equal(found.params['w'], state(7).params['w'])
    np.testing.assert_array_equal(found.opt[0], state(7).opt[0])


def files(two):
    return sorted(p.relative_to(two / '7') for p in two.glob('7/**/*') if p.is_file())


@pytest.mark.parametrize('harm', ['cut', 'emptied', 'one bit', 'removed'])
def test_any_harm_to_the_newest_is_found(two, tmp_path, harm):
    """Every file of the newest checkpoint in turn; the one before is taken, whole."""
    for number, name in enumerate(files(two)):
        folder = shutil.copytree(two, tmp_path / str(number) / 'checkpoints')
        path = folder / '7' / name
        data = path.read_bytes()
        if harm == 'removed':
            path.unlink()
        elif harm == 'one bit':
            middle = len(data) // 2
            path.write_bytes(
                data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]
            )
        else:
            path.write_bytes(data[: len(data) // 2] if harm == 'cut' else b'')
        said = []
        assert seals.trusted(folder, said.append) == (4, PLACE), name
        assert 'step 7 is damaged' in said[0]
        assert (folder.parent / 'damaged' / '7-0').is_dir()
        assert seals.steps(folder) == [4]


def test_after_harm_the_run_saves_the_same_step_again(two, tmp_path):
    folder = shutil.copytree(two, tmp_path / 'checkpoints')
    (folder / '7' / seals.SEAL).unlink()
    step, found, said = restored(folder)
    assert (step, len(said)) == (4, 1)
    np.testing.assert_array_equal(found.params['w'], state(4).params['w'])
    write(folder, 7)
    step, found, said = restored(folder)
    assert (step, said) == (7, [])
    np.testing.assert_array_equal(found.params['w'], state(7).params['w'])


def test_orbax_alone_would_read_a_wrong_value(two, tmp_path):
    """Why there are seals: after a flipped bit Orbax returns other numbers."""
    folder = shutil.copytree(two, tmp_path / 'checkpoints')
    arrays = max(folder.glob('7/**/*'), key=lambda p: p.is_file() and p.stat().st_size)
    data, wrong = arrays.read_bytes(), 0
    for place in range(len(data) // 4, len(data), len(data) // 8):
        arrays.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with (
            checkpoint.manager(folder, keep=9) as saved,
            contextlib.suppress(whole.Damaged),
        ):
            found = checkpoint.restore(saved, 7, state(1))
            wrong += not np.array_equal(found.params['w'], state(7).params['w'])
        with pytest.raises(ValueError, match='was changed'):
            seals.check(folder / '7')
    assert wrong > 0


def test_classes_travel_in_the_checkpoint(two, tmp_path):
    """Alone, too: what the files around it say of the classes is held against it."""
    folder = tmp_path / 'else'
    shutil.copytree(two / '7', folder / '7')
    wanted = {'step': jnp.int32(0)}
    assert checkpoint.read(folder, 'last', wanted, NAMES)['step'] == 7
    with pytest.raises(ValueError, match='it is of the classes anger, joy, in this or'):
        checkpoint.read(folder, 'last', wanted, NAMES[::-1])
    (path,) = folder.glob('7/_CHECKPOINT_METADATA')
    path.write_text(path.read_text().replace('anger', 'angst'))
    with pytest.raises(whole.Damaged, match='was changed'):
        checkpoint.read(folder, 'last', wanted, NAMES)


def test_nothing_saved_is_nothing_found(tmp_path):
    assert seals.trusted(tmp_path / 'checkpoints', pytest.fail) is None


def test_all_harmed_is_nothing_found(two, tmp_path):
    folder = shutil.copytree(two, tmp_path / 'checkpoints')
    for step in (4, 7):
        (folder / str(step) / seals.SEAL).write_text('')
    said = []
    assert seals.trusted(folder, said.append) is None
    assert len(said) == 2
    assert said[0].endswith('and the run goes on from the one before')
    assert said[1].endswith('and the run starts anew')


def test_newest_and_best_are_kept(tmp_path):
    """Accuracy is 1 / step: of 1 to 5, the newest two and step 1."""
    write(tmp_path / 'checkpoints', 1, 2, 3, 4, 5, keep=2)
    assert seals.steps(tmp_path / 'checkpoints') == [5, 4, 1]


def test_the_end_of_an_epoch_replaces_a_stop_at_its_last_step(tmp_path):
    with checkpoint.manager(tmp_path / 'checkpoints', keep=2) as saved:
        checkpoint.save(saved, state(4), Place(epoch=0, steps=4))
        checkpoint.save(saved, state(4), Place(epoch=1), accuracy=0.5)
    found = seals.trusted(tmp_path / 'checkpoints', pytest.fail)
    assert found == (4, Place(epoch=1))


def test_another_structure_is_refused(two):
    wanted = state(1)._replace(params={'w': jnp.ones((2, 301))})
    fits_not = pytest.raises(whole.Damaged, match='does not fit this config')
    with checkpoint.manager(two, keep=9) as saved, fits_not:
        checkpoint.restore(saved, 7, wanted)


def test_place_adds_up():
    """Two steps with losses 1 and 3, then one with 5: the mean is 3."""
    place = Place(epoch=1).after([{'loss': 1.0}, {'loss': 3.0}]).after([{'loss': 5.0}])
    assert (place.steps, place.means()) == (3, {'loss': 3.0})
    assert place.words() == 'after step 3 of epoch 2'
    assert Place(epoch=2).words() == 'after epoch 2'


ODD_NAMES = (
    'runs [a]', 'back\\slash', '[', ']a[', '*', 'a?b', '{a,b}', '~', '%20#x', ':+1:',
    'l\u00e4u', 'new\nline', ' a ', 'x' * 255,
    b'\xff'.decode('utf-8', 'surrogateescape'),
)  # fmt: skip


@pytest.mark.parametrize('name', ODD_NAMES)
def test_a_folder_may_have_any_name(tmp_path, name):
    """As a parent of the run's folder and as that folder; siblings stay as they are."""
    for folder in (tmp_path / name / 'run', tmp_path / 'b' / name):
        folder.mkdir(parents=True)
        (folder.parent / 'axb').mkdir()
        write(folder / 'checkpoints', 4)
        step, found, said = restored(folder / 'checkpoints')
        assert (step, said) == (4, [])
        np.testing.assert_array_equal(found.params['w'], state(4).params['w'])
        write(folder / 'checkpoints', 7, keep=1)  # and goes on
        leaves = checkpoint.leaves(folder / 'checkpoints', 7)
        np.testing.assert_array_equal(leaves['params/w'], state(7).params['w'])
        checkpoint.write_tree(folder / 'weights', {'w': np.arange(3)})
        assert checkpoint.read_tree(folder / 'weights')['w'].tolist() == [0, 1, 2]
        assert list((folder.parent / 'axb').iterdir()) == []


def test_a_full_disk_while_saving(tmp_path):
    """A tmpfs of 400 kB: some checkpoint does not fit; those before it stay whole."""
    with disks.small(tmp_path, '400k') as small:
        folder, step = small / 'checkpoints', 1
        full = contextlib.suppress(OSError)
        with full, checkpoint.manager(folder, keep=99) as saved:
            while step < 99:
                checkpoint.save(saved, state(step), PLACE, accuracy=1 / step)
                step += 1
        assert 1 < step < 90
        found, whole_state, _ = restored(folder)
        assert found in (step - 1, step)
        np.testing.assert_array_equal(whole_state.params['w'], state(found).params['w'])
