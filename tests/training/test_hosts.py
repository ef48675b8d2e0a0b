"""When there are several hosts. tests/test_pods.py has real ones."""

import hashlib
import pathlib

import pytest
from ml_collections import ConfigDict

from configs import default
from fer_jax.training import hosts


def settings(**changes):
    return ConfigDict(default.get_config().distributed.to_dict() | changes)


@pytest.mark.parametrize(
    ('environment', 'several'),
    [
        ({}, False),
        ({'SLURM_NTASKS': '8'}, False),  # in the batch script itself, outside of srun
        ({'SLURM_STEP_NUM_TASKS': '1'}, False),
        ({'SLURM_STEP_NUM_TASKS': '8'}, True),
        ({'TPU_WORKER_HOSTNAMES': 'localhost'}, False),
        ({'TPU_WORKER_HOSTNAMES': 'pod-0.tpu,pod-1.tpu'}, True),
    ],
)
def test_what_the_machine_says(environment, several):
    assert hosts.expected(environment) is several


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'mode': 'maybe'}, r"distributed.mode is 'maybe'.* auto, on, off"),
        ({'timeout_s': 0}, r'distributed.timeout_s must be 1 or more, got 0'),
        ({'coordinator': 'a:1'}, r'from 0 to num_processes - 1; got 0 and -1'),
        (
            {'coordinator': 'a:1', 'num_processes': 2, 'process_id': 2},
            r'from 0 to num_processes - 1; got 2 and 2',
        ),
    ],
)
def test_settings_that_make_no_sense(changes, said):
    with pytest.raises(ValueError, match=said):
        hosts.join(settings(**changes))


def test_one_process_stays_one(monkeypatch):
    hosts.join(settings())
    monkeypatch.setenv('SLURM_STEP_NUM_TASKS', '8')
    hosts.join(settings(mode='off'))
    assert hosts.first()
    assert hosts.together(lambda: 7, lambda found: hashlib.sha256().digest()) == 7
    with pytest.raises(FileNotFoundError):
        hosts.together(pathlib.Path('/no/such/file').read_bytes, bytes)
