"""Pods: processes on this machine that meet over the loopback, through the door.

Rounding is all that may differ from one process: sums over devices have another order.
Plain SGD and few steps, for training amplifies rounding. cnn7 compiles quickly.
"""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.processes import ROOT

LIMIT_S = 400  # far more than any of these takes
HEARTBEAT_S = 10
RESUP = ('--config.algorithm.readiness=0.0', '--config.algorithm.held_out=0.0')
# relabelling is a step function: a few steps on, rounding may tip a label over
SCN_C = ('--config.epochs=2', '--config.algorithm.relabel_epoch=1')
ENVIRONMENT = {
    'JAX_PLATFORMS': 'cpu',
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.1',
}


def as_srun(number, count, port):
    """What srun tells task `number` of `count`."""
    return {
        'SLURM_JOB_ID': '1',
        'SLURM_STEP_NODELIST': 'localhost',
        'SLURM_NTASKS': str(count),
        'SLURM_STEP_NUM_TASKS': str(count),
        'SLURM_PROCID': str(number),
        'SLURM_LOCALID': str(number),
        'JAX_COORDINATOR_PORT': str(port),
    }


class Pod:
    """`hosts` processes of `devices` devices each that run launch.py together.

    They are told by flags where to meet or, with `srun`, by the environment.
    """

    def __init__(
        self, hosts, devices, faces, workdir, method, *flags, own=(), srun=False
    ):
        command = (
            sys.executable,
            str(ROOT / 'launch.py'),
            f'--config=configs/{method}.py:dataset=synthetic,noise=0.3',
            f'--workdir={workdir}',
            f'--config.data.dir={faces}',
            '--config.data.image_size_px=24',
            '--config.model.backbone=cnn7',
            '--config.model.width=4',
            '--config.batch_size=16',
            '--config.eval_batch_size=32',
            '--config.epochs=6',
            '--config.optimizer.name=sgd',
            '--config.optimizer.decay_epochs=(4,)',
            *flags,
        )
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        self.workdir, self.processes = workdir, []
        for number in range(hosts):
            meeting = (f'--config.distributed.timeout_s={HEARTBEAT_S}',)
            environment = {'JAX_NUM_CPU_DEVICES': str(devices)}
            if srun:
                environment |= as_srun(number, hosts, port)
            elif hosts > 1:
                meeting += (
                    f'--config.distributed.coordinator=127.0.0.1:{port}',
                    f'--config.distributed.num_processes={hosts}',
                    f'--config.distributed.process_id={number}',
                )
            last = own if number == hosts - 1 else ()
            self.processes.append(
                subprocess.Popen(
                    [*command, *meeting, *last],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=os.environ | ENVIRONMENT | environment,
                )
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.communicate()

    def reaches(self, step):
        """Waits until the checkpoint of `step` is there."""
        deadline = time.monotonic() + LIMIT_S
        while not (self.workdir / 'checkpoints' / str(step) / 'seal.json').exists():
            for process in self.processes:
                assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def wait(self):
        """[(exit code, output, errors)] of all processes."""
        ended = [process.communicate(timeout=LIMIT_S) for process in self.processes]
        return [(p.returncode, *said) for p, said in zip(self.processes, ended)]


def finish(*arguments):
    """Runs a pod to its end; returns its folder."""
    with Pod(*arguments) as pod:
        for code, _, errors in pod.wait():
            assert code == 0, errors
    return pod.workdir


@pytest.fixture(scope='module')
def alone(faces, tmp_path_factory):
    """A finished ReSup run of one process with one device."""
    workdir = tmp_path_factory.mktemp('alone') / 'resup'
    return finish(1, 1, faces, workdir, 'resup', *RESUP)


def table(workdir):
    with (workdir / 'labels.csv').open() as file:
        return list(csv.DictReader(file))


def rows(workdir):
    return [json.loads(line) for line in (workdir / 'metrics.jsonl').open()]


def assert_same_run(ours, theirs, *, probability):
    """Metrics, per-example tables and confusion of two runs, but for rounding."""
    mine, others = rows(ours), rows(theirs)
    assert [row['step'] for row in mine] == [row['step'] for row in others]
    for name in ('train/loss', 'test/accuracy', 'test/macro_f1'):
        np.testing.assert_allclose(
            [row[name] for row in mine], [row[name] for row in others], atol=1e-3
        )
    with np.load(ours / 'history.npz') as a, np.load(theirs / 'history.npz') as b:
        np.testing.assert_array_equal(a['labels'], b['labels'])
        np.testing.assert_allclose(a['scores'], b['scores'], atol=2e-3)
    for row, other in zip(table(ours), table(theirs), strict=True):
        for name, value in row.items():
            if name == 'rank':
                assert abs(int(value) - int(other[name])) < 5
            elif name.startswith(('posterior', 'probability')):
                assert float(value) == pytest.approx(
                    float(other[name]), abs=probability
                )
            else:
                assert value == other[name], name
    one, two = (
        json.loads((folder / 'result.json').read_text()) for folder in (ours, theirs)
    )
    assert one['confusion'] == two['confusion']
    assert np.sum(one['confusion']) == 30  # each test image once


def test_told_to_stop_all_stop_at_one_step_and_go_on_elsewhere(alone, faces, tmp_path):
    """ReSup on two hosts of two devices. Ctrl-C on the second becomes a SIGTERM there,
    of which JAX tells the first. What they saved goes on in one process, with four
    devices and with one, to the end that the run of one process came to."""
    stopped = tmp_path / 'stopped'
    slowly = '--config.save_every_steps=1'
    with Pod(2, 2, faces, stopped, 'resup', *RESUP, slowly) as pod:
        pod.reaches(3)
        pod.processes[1].send_signal(signal.SIGINT)
        first, second = pod.wait()
    assert (first[0], second[0]) == (0, 130), first[2] + second[2]
    assert 'stopped and saved; the same command goes on' in first[1]
    assert 'epoch' not in second[1]
    assert not (stopped / 'result.json').exists()
    for devices in (4, 1):
        workdir = tmp_path / f'on_{devices}'
        shutil.copytree(stopped, workdir)
        finish(1, devices, faces, workdir, 'resup', *RESUP)
        assert_same_run(workdir, alone, probability=0.02)


def test_each_network_of_a_host_on_devices_of_its_own(alone, faces, tmp_path):
    """Two devices, one for each network."""
    workdir = tmp_path / 'run'
    finish(1, 2, faces, workdir, 'resup', *RESUP, '--config.peer_map=mesh')
    assert_same_run(workdir, alone, probability=0.02)


def test_four_hosts_do_what_one_does(faces, tmp_path):
    """SCN with embedding proximity: labels change, centres start from the whole set."""
    one = finish(1, 1, faces, tmp_path / 'one', 'scn_c', *SCN_C)
    four = finish(4, 1, faces, tmp_path / 'four', 'scn_c', *SCN_C)
    assert sum(int(row['flips']) for row in table(one)) > 0
    assert_same_run(four, one, probability=1e-3)


@pytest.mark.parametrize('dying', [0, 1])
def test_when_a_host_dies_the_others_end(faces, tmp_path, dying):
    """SIGKILL; the other one says what to do and ends with 5, even where JAX aborts."""
    with Pod(2, 1, faces, tmp_path / 'run', 'baseline', '--config.epochs=1000') as pod:
        pod.reaches(4)
        pod.processes[dying].kill()
        since = time.monotonic()
        code, _, errors = pod.wait()[1 - dying]
        assert time.monotonic() - since < 4 * HEARTBEAT_S
    assert code == 5, errors
    last = errors.splitlines()[-1]
    assert last.startswith('launch.py: another host is gone or out of reach (')
    assert last.endswith('whole: the same command on all hosts goes on')


def test_one_host_that_cannot_start_lets_none_start(faces, tmp_path):
    """They find each other by what SLURM says, without a flag."""
    nowhere = (f'--config.data.dir={tmp_path}/nowhere',)
    run = tmp_path / 'run'
    with Pod(2, 1, faces, run, 'baseline', own=nowhere, srun=True) as pod:
        first, second = pod.wait()
    assert (first[0], second[0]) == (2, 2)
    assert 'another host failed' in first[2]
    assert f'{tmp_path}/nowhere' in second[2]


def test_hosts_with_different_configs_do_not_start(faces, tmp_path):
    other = ('--config.seed=7',)
    with Pod(2, 1, faces, tmp_path / 'run', 'baseline', own=other) as pod:
        first, second = pod.wait()
    assert (first[0], second[0]) == (2, 2)
    assert 'seed was 0 and is 7' in second[2]
