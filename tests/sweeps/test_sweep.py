"""Sweeps as real processes: killed ones end with the same table, failed runs are
named."""

import json
import signal
import subprocess
import time

import pytest

from fer_jax.sweeps import claims, sweep
from fer_jax.training import selftest, stopping
from tests import processes


@pytest.fixture
def words(faces, features_of_faces):
    """Words of a sweep of heads on features, of seconds: but for --over, --workdir."""
    return (
        '--config=configs/baseline.py:dataset=synthetic,on=features',
        f'--config.data.dir={faces}',
        f'--config.data.features={features_of_faces}',
        '--config.data.image_size_px=48',
        '--config.model.width=8',
        '--config.batch_size=16',
        '--config.epochs=3',
        '--config.optimizer.decay_epochs=(1,3)',
    )


OVER = '--over=algorithm=baseline,coteaching noise.rate=0.3 seed=0,1'
NAMES = [
    f'{method},noise.rate=0.3,seed={seed}'
    for method in ('baseline', 'coteaching')
    for seed in (0, 1)
]


def rows(folder):
    """How many epochs are written in all runs of a sweep."""
    files = folder.glob('*/metrics.jsonl')
    return sum(len(file.read_text().splitlines()) for file in files)


def wait_for_jobs(folder, seconds=100):
    """Waits until no process is at a run of the sweep."""
    deadline = time.monotonic() + seconds
    for name in NAMES:
        while not free(folder, name):
            assert time.monotonic() < deadline, f'a job outlives its parent: {name}'
            time.sleep(0.05)


def free(folder, name):
    """Whether no process is at a run."""
    try:
        with claims.claimed(folder, name):
            return True
    except stopping.AlreadyRunning:
        return False


def test_a_killed_sweep_ends_as_an_unbroken_one(words, tmp_path, capsys):
    """SIGKILL of the parent of two jobs, which end with it, and SIGTERM of one process,
    each after the first epoch that it has written."""
    whole, broken = tmp_path / 'whole', tmp_path / 'broken'
    assert sweep.main([*words, OVER, f'--workdir={whole}']) == 0
    said = capsys.readouterr().out
    assert f'{whole}: 4 runs, 2 algorithm (baseline, coteaching) x 2 seed' in said
    assert '4 of 4 runs are finished' in said
    command = processes.command('sweep', *words, OVER, f'--workdir={broken}')
    for sign, more in ((signal.SIGKILL, ['--jobs=2']), (signal.SIGTERM, [])):
        before = rows(broken)
        process = subprocess.Popen(
            [*command, *more], cwd=processes.ROOT, stdout=subprocess.PIPE, text=True
        )
        processes.wait_until(process, lambda: rows(broken) > before)  # noqa: B023
        process.send_signal(sign)
        stopped = process.communicate(timeout=100)[0]
        assert not (broken / 'table.json').exists()
        wait_for_jobs(broken)
    assert process.returncode == 0
    assert 'stopped and saved; the same command goes on' in stopped
    assert sweep.main([*words, OVER, f'--workdir={broken}']) == 0
    assert '4 of 4 runs are finished' in capsys.readouterr().out
    for name in NAMES:
        assert selftest.differences(broken / name, whole / name) == []
    table = (broken / 'table.json').read_text()
    assert table == (whole / 'table.json').read_text()
    assert [*json.loads(table)] == [NAMES[0][:-7], NAMES[2][:-7]]


def test_a_failed_run_is_named_and_the_others_end(words, tmp_path, capsys):
    """A learning rate of 1e30 gives NaN. Other fields are refused in the folder."""
    over = '--over=optimizer.learning_rate=1e30,1e-3 seed=0'
    command = [*words, over, f'--workdir={tmp_path}']
    assert sweep.main(command) == 1
    said = capsys.readouterr().out
    assert '1 of 2 runs are finished' in said
    assert 'failed: baseline,optimizer.learning_rate=1e+30,seed=0: the loss of' in said
    good = tmp_path / 'baseline,optimizer.learning_rate=0.001,seed=0'
    assert json.loads((good / 'result.json').read_text())['method'] == 'baseline'
    assert sweep.main([*command, '--config.data.axes=5']) == 2
    assert 'holds a run with another config' in capsys.readouterr().err


def test_a_run_of_another_process_is_left_to_it(words, tmp_path, capsys):
    """And named, for the sweep is not whole."""
    with claims.claimed(tmp_path, 'baseline,seed=0'):
        assert sweep.main([*words, '--over=seed=0', f'--workdir={tmp_path}']) == 1
    said = capsys.readouterr().out
    assert 'not done: baseline,seed=0: another process is at it' in said
    assert not (tmp_path / 'baseline,seed=0').exists()


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        (['--over=seeds=0..4'], 'Did you mean "seed"'),
        (['--over=seed=0', '--jobs=0'], '--jobs=0; wanted 1 process or more'),
        (['--over=seed=0', '--workdir='], '--workdir is given twice'),
        (['--ovr=seed=0'], 'did you mean --over=seed=0?'),
        (['--over=seed=0', '--config.epoch=3'], 'Did you mean "epochs"'),
        (['--over=seed=0', '--config.epochs'], '--config.epochs has no value'),
    ],
)
def test_a_wrong_sweep_is_refused_before_anything_runs(
    words, tmp_path, capsys, wrong, said
):
    folder = tmp_path / 'sweep'
    assert sweep.main([*words, f'--workdir={folder}', *wrong]) == 2
    found = capsys.readouterr()
    assert found.out == ''
    assert len(found.err.splitlines()) == 1
    assert said in found.err
    assert not folder.exists()


def test_a_sweep_has_a_folder(words, capsys):
    assert sweep.main([*words, '--over=seed=0', '--workdir=']) == 2
    assert '--workdir is empty' in capsys.readouterr().err
