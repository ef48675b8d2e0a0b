"""Sweeps as real processes: killed ones end with the same table, failed runs are
named."""

import json
import signal
import subprocess
import time

import pytest

from fer_jax.training import selftest
from tests import processes


@pytest.fixture
def words(faces, features_of_faces):
    """Words of a sweep of heads on features, of seconds: but for --over, --workdir."""
    return (
        'sweep',
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


def test_a_killed_sweep_ends_as_an_unbroken_one(words, tmp_path):
    """SIGKILL and SIGTERM in turn, each some time after something was written."""
    whole, broken = tmp_path / 'whole', tmp_path / 'broken'
    done = processes.launch(*words, OVER, f'--workdir={whole}')
    assert done.returncode == 0, done.stderr
    assert f'{whole}: 4 runs, 2 algorithm (baseline, coteaching) x 2 seed' in (
        done.stdout
    )
    assert '4 of 4 runs are finished' in done.stdout
    command = processes.command(*words, OVER, f'--workdir={broken}')
    for number, sign in enumerate([signal.SIGKILL, signal.SIGTERM, signal.SIGKILL]):
        process = subprocess.Popen(
            command, cwd=processes.ROOT, stdout=subprocess.PIPE, text=True
        )
        ready = broken / NAMES[number] / 'metrics.jsonl'
        processes.wait_until(process, ready.exists)
        time.sleep(0.1 * number)
        process.send_signal(sign)
        said = process.communicate(timeout=60)[0]
        if sign == signal.SIGTERM and process.returncode == 0:
            assert 'the same command goes on' in said
    done = processes.launch(*words, OVER, f'--workdir={broken}')
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        assert selftest.differences(broken / name, whole / name) == []
    done = processes.launch(*words, OVER, f'--workdir={whole}')
    assert done.returncode == 0
    assert '4 are finished, 0 are left' in done.stdout


def test_a_failed_run_is_named_and_the_others_end(words, tmp_path):
    """A learning rate of 1e30 gives NaN; another command in the folder is refused."""
    over = '--over=optimizer.learning_rate=1e30,1e-3 seed=0'
    done = processes.launch(*words, over, f'--workdir={tmp_path}')
    assert done.returncode == 1, done.stderr
    assert '1 of 2 runs are finished' in done.stdout
    assert 'failed: baseline,optimizer.learning_rate=1e+30,seed=0: the loss of' in (
        done.stdout
    )
    good = tmp_path / 'baseline,optimizer.learning_rate=0.001,seed=0'
    assert json.loads((good / 'result.json').read_text())['method'] == 'baseline'
    done = processes.launch(
        *words, over, f'--workdir={tmp_path}', '--config.data.axes=5'
    )
    assert done.returncode == 2
    assert 'holds a run with another config' in done.stderr


def test_a_wrong_sweep_is_refused_before_anything_runs(words, tmp_path):
    folder = tmp_path / 'sweep'
    done = processes.launch(*words, '--over=seeds=0..4', f'--workdir={folder}')
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert 'Did you mean "seed"' in done.stderr
    assert not folder.exists()
