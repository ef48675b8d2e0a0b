"""What goes wrong in real life, done to real processes; then every number is as if not.

One run without a fault is what the others are compared with, to the last bit.
"""

import json
import shutil
import signal
import subprocess

import pytest

from fer_jax.training import seals, selftest
from tests import damage, disks
from tests.processes import ROOT, command, launch, small_run, wait_until


@pytest.fixture(scope='module')
def unbroken(faces, tmp_path_factory):
    workdir = tmp_path_factory.mktemp('run') / 'run'
    done = launch(*small_run(faces, workdir, 'baseline'))
    assert done.returncode == 0, done.stderr
    return workdir


def unfinished(unbroken, folder):
    """A copy of the run as it was before its results were written."""
    workdir = shutil.copytree(unbroken, folder / 'run')
    (workdir / 'result.json').unlink()
    (workdir / 'labels.csv').unlink()
    return workdir


def test_killed_between_its_result_and_its_page(unbroken, faces, tmp_path):
    """The run is finished and has no page: the same command makes it, as it was."""
    workdir = unfinished(unbroken, tmp_path)
    for name in ('audit.html', 'issues.json'):
        (workdir / name).unlink()
    (workdir / '.history.npz.@died.7.partial').write_text('half')
    arguments = small_run(faces, workdir, 'baseline')
    with start(*arguments) as process:
        wait_until(process, (workdir / 'result.json').exists)
        process.kill()
        process.communicate()
    assert not (workdir / 'audit.html').exists()
    done = launch(*arguments)
    assert done.returncode == 0, done.stderr
    first, second, *doubts = done.stdout.splitlines()
    assert first == f'{workdir} is finished; its numbers are in {workdir}/result.json'
    assert second == f'{workdir}: which labels are wrong is in {workdir}/audit.html'
    assert doubts[0].startswith(f'{workdir}: ')
    assert 'estimated' in doubts[0]
    assert selftest.differences(workdir, unbroken) == []
    again = launch(*arguments)
    assert (again.returncode, again.stdout.splitlines()) == (0, [first])


def test_more_epochs_for_a_finished_run(unbroken, faces, tmp_path):
    """Two and one more are three. Else a finished run is left as it is, with code 2."""
    workdir = tmp_path / 'run'
    two = [*small_run(faces, workdir, 'baseline'), '--config.epochs=2']
    assert launch(*two).returncode == 0
    before = {path: path.read_bytes() for path in workdir.iterdir() if path.is_file()}
    changed = '--config.optimizer.learning_rate=0.1'
    refused = launch(*two, changed, '--accept_changes')
    assert refused.returncode == 2
    assert 'has done 2 epochs, and is finished' in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    after = {path: path.read_bytes() for path in workdir.iterdir() if path.is_file()}
    assert after == before
    done = launch(*two, '--config.epochs=3', '--accept_changes')
    assert done.returncode == 0, done.stderr
    assert 'goes on after epoch 2' in done.stdout
    assert selftest.differences(workdir, unbroken) == []


def start(*arguments):
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize('kind', [signal.SIGKILL, signal.SIGTERM])
def test_broken_and_started_again_it_ends_as_if_not(unbroken, faces, tmp_path, kind):
    """After the first checkpoint; SIGTERM saves first, and ends with code 0."""
    workdir = tmp_path / 'run'
    arguments = small_run(faces, workdir, 'baseline')
    with start(*arguments) as process:
        wait_until(process, (workdir / 'checkpoints' / '4' / seals.SEAL).exists)
        process.send_signal(kind)
        said, _ = process.communicate(timeout=120)
    assert not (workdir / 'result.json').exists()
    if kind == signal.SIGTERM:
        assert process.returncode == 0
        last = said.splitlines()[-1]
        assert last == f'{workdir}: stopped and saved; the same command goes on'
    done = launch(*arguments)
    assert done.returncode == 0, done.stderr
    assert 'goes on after' in done.stdout
    assert selftest.differences(workdir, unbroken) == []


def test_ctrl_c_and_a_second_process(faces, tmp_path):
    """A second process in the same folder is refused and harms nothing.

    Then the first Ctrl-C saves, and the same command goes on.
    """
    workdir = tmp_path / 'run'
    arguments = small_run(faces, workdir, 'baseline', '--config.epochs=500')
    with start(*arguments) as process:
        rows = workdir / 'metrics.jsonl'
        wait_until(process, lambda: rows.exists() and rows.stat().st_size)
        second = launch(*arguments)
        assert second.returncode == 2
        assert f'is being trained by process {process.pid} on' in second.stderr
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 'stopping after this step' in errors
    last = said.splitlines()[-1]
    assert last == f'{workdir}: stopped and saved; the same command goes on'
    epochs = [json.loads(line)['epoch'] for line in rows.read_text().splitlines()]
    assert epochs == list(range(1, len(epochs) + 1))


def test_folds_that_ctrl_c_stops_end_as_a_run_does(unbroken, tmp_path):
    workdir = shutil.copytree(unbroken, tmp_path / 'run')
    with start('audit', f'--workdir={workdir}', '--kfold=2') as process:
        wait_until(process, (workdir / 'kfold' / '0' / 'metrics.jsonl').exists)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=120)
    assert 'stopping after this step' in errors
    assert said.splitlines()[-1] == 'stopped; the same command goes on'
    assert process.returncode == 130


def test_a_damaged_newest_checkpoint(unbroken, faces, tmp_path):
    """A bit of the arrays flips: the one before is taken, the file is named."""
    workdir = unfinished(unbroken, tmp_path)
    newest = workdir / 'checkpoints' / '12'
    files = [path for path in newest.rglob('*') if path.is_file()]
    arrays = max(files, key=lambda path: path.stat().st_size)
    data = bytearray(arrays.read_bytes())
    data[len(data) // 2] ^= 16
    arrays.write_bytes(data)
    done = launch(*small_run(faces, workdir, 'baseline'))
    assert done.returncode == 0, done.stderr
    assert 'the checkpoint of step 12 is damaged' in done.stdout
    assert arrays.name in done.stdout
    assert 'goes on after epoch 2' in done.stdout
    assert (workdir / 'damaged' / '12-0').is_dir()
    assert selftest.differences(workdir, unbroken) == []


def test_a_line_of_metrics_cut_short(unbroken, faces, tmp_path):
    """What a process leaves that dies while it writes; no line is lost or double."""
    workdir = unfinished(unbroken, tmp_path)
    shutil.rmtree(workdir / 'checkpoints' / '12')
    rows = workdir / 'metrics.jsonl'
    text = rows.read_text()
    rows.write_text(text[: len(text) - 30])
    done = launch(*small_run(faces, workdir, 'baseline'))
    assert done.returncode == 0, done.stderr
    assert selftest.differences(workdir, unbroken) == []


def test_a_damaged_record(faces, tmp_path):
    """Stops with file, record and byte; or skips it, says so and counts it."""
    copy, shard, position = damage.a_record(faces, tmp_path)
    arguments = small_run(copy, tmp_path / 'run', 'baseline', '--config.epochs=1')
    stopped = launch(*arguments)
    assert stopped.returncode == 2
    where = f'{shard}: record 3 at byte {position}: its data are damaged'
    assert where in stopped.stderr
    done = launch(*arguments, '--config.data.on_corrupt=skip')
    assert done.returncode == 0, done.stderr
    assert f'skipped: {where}' in done.stdout
    result = json.loads((tmp_path / 'run' / 'result.json').read_text())
    assert (result['skipped_records'], result['train_examples']) == (1, 69)


def test_other_data_are_refused_and_another_config_too(unbroken, faces, tmp_path):
    """The images are others, the names and sizes the same; nothing is overwritten."""
    from data_prep import __main__ as data_prep

    other = tmp_path / 'other'
    options = f'synthetic --out={other} --train=70 --test=30 --size=24 --seed=4'
    assert data_prep.main(options.split()) == 0
    workdir = unfinished(unbroken, tmp_path)
    before = {path: path.read_bytes() for path in workdir.iterdir() if path.is_file()}
    refused = launch(*small_run(other, workdir, 'baseline'), JAX_PLATFORMS='nowhere')
    assert refused.returncode == 2
    assert 'made for data set' in refused.stderr
    changed = [
        *small_run(faces, workdir, 'baseline'),
        '--config.optimizer.learning_rate=0.01',
    ]
    refused = launch(*changed, JAX_PLATFORMS='nowhere')
    assert refused.returncode == 2
    assert 'optimizer.learning_rate was 0.001 and is 0.01' in refused.stderr
    assert '--accept_changes' in refused.stderr
    after = {path: path.read_bytes() for path in workdir.iterdir() if path.is_file()}
    assert after == before
    done = launch(*changed, '--accept_changes')
    assert done.returncode == 0, done.stderr
    stored = json.loads((workdir / 'config.json').read_text())
    assert stored['optimizer']['learning_rate'] == 0.01


def test_nan_stops_with_code_3(faces, tmp_path):
    """Two epochs are good, then the rate is absurd: step, leaf, and epoch 2 is kept."""
    workdir = tmp_path / 'run'
    run = small_run(faces, workdir, 'baseline')
    done = launch(*run, '--config.optimizer.decay_factors=(1e33,)')
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert 'the loss of step' in last
    assert 'NaN or infinity is that of backbone/' in last
    assert seals.steps(workdir / 'checkpoints')[0] == 8
    assert seals.check(workdir / 'checkpoints' / '8') == seals.Place(epoch=2)


def test_a_full_disk(unbroken, faces, tmp_path):
    """A tmpfs that holds one checkpoint: code 4; made larger, the run goes on."""
    with disks.small(tmp_path, '1300k') as small:
        arguments = small_run(faces, small / 'run', 'baseline')
        full = launch(*arguments)
        assert full.returncode == 4, full.stderr
        (said,) = full.stderr.splitlines()
        assert 'No space left on device' in said
        assert said.endswith('make room, and the same command goes on')
        assert not (small / 'run' / 'result.json').exists()
        disks.enlarge(small)
        done = launch(*arguments)
        assert done.returncode == 0, done.stderr
        assert selftest.differences(small / 'run', unbroken) == []


def test_selftest(faces, tmp_path):
    """As a user runs it: two unbroken runs and a broken one are equal."""
    arguments = small_run(faces, tmp_path / 'self', 'baseline')
    done = launch('selftest', *arguments, '--breaks=1')
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (
        '2 of 2 runs equal the unbroken one, to the last bit'
    )
