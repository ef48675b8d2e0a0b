"""Hosts: processes with devices of their own that train one run together.

Each reads its rows of every batch; all compute the same numbers, so all take the same
decisions; the first one writes the files. The folder of the run has to be one that all
of them see. Nothing here does anything when there is one process.
"""

import contextlib
import ctypes
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from fer_jax.errors import Unusable
from fer_jax.settings import Field
from fer_jax.settings import check as in_range
from fer_jax.training import stopping

SETTINGS = {  # of config.distributed, see docs/pods.md
    'mode': Field(
        'auto',
        'several hosts: auto: if srun or a TPU slice says so; on: wherever jax finds'
        ' the others itself; off: one process, whatever the machine says',
        ('auto', 'on', 'off'),
        free=True,
    ),
    'coordinator': Field('', 'HOST:PORT of process 0, where nobody tells', free=True),
    'num_processes': Field(0, 'with coordinator only', '[0, inf)', free=True),
    'process_id': Field(
        -1, 'with coordinator only', '[-1, inf)', free=True, per_host=True
    ),
    'timeout_s': Field(
        100, 'a host silent for so long has died', '[1, inf)', 's', free=True
    ),
}
NOTHING = bytes(32)
_answered: Any = None  # lives as long as the process: C calls it


def expected(environment: Mapping[str, str]) -> bool:
    """Whether the machine says that this is one process of several.

    Under srun, and on a slice of TPU hosts as Kubernetes sets it up.
    """
    tasks = environment.get('SLURM_STEP_NUM_TASKS', '1')
    return int(tasks) > 1 or ',' in environment.get('TPU_WORKER_HOSTNAMES', '')


def join(settings: Any) -> None:
    """Meets the other processes; before any device is touched.

    Args:
      settings: config.distributed.

    Raises:
      Unusable: settings that do not go together, or nothing tells who the others are.
    """
    check(settings)
    asked = settings.mode == 'on' or bool(settings.coordinator)
    if settings.mode == 'off' or not (asked or expected(os.environ)):
        return
    where = {}
    if settings.coordinator:
        where = {
            'coordinator_address': settings.coordinator,
            'num_processes': settings.num_processes,
            'process_id': settings.process_id,
            'cluster_detection_method': 'deactivate',  # or it picks one device of SLURM
        }
    try:
        # jax answers SIGTERM from here on, and tells the other hosts.
        jax.distributed.initialize(
            **where,
            heartbeat_timeout_seconds=settings.timeout_s,
            shutdown_timeout_seconds=settings.timeout_s,
        )
    except ValueError as error:
        raise Unusable(
            f'distributed.mode={settings.mode}, but jax does not find the hosts by'
            f' itself ({error}); give --config.distributed.coordinator=HOST:PORT,'
            ' num_processes and process_id'
        ) from None


def check(settings: Any) -> None:
    """Raises Unusable when config.distributed makes no sense."""
    for name, field in SETTINGS.items():
        in_range(f'distributed.{name}', field, getattr(settings, name))
    count, number = settings.num_processes, settings.process_id
    if settings.coordinator and not 0 <= number < count:
        raise Unusable(
            f'distributed.coordinator={settings.coordinator} needs num_processes and'
            f' process_id, from 0 to num_processes - 1; got {count} and {number}'
        )


def when_cut_off(answer: Callable[[], int]) -> None:
    """Lets answer() -> exit code end this process where JAX would abort it.

    When the first host dies, JAX's client on the others logs that and calls abort(),
    out of a thread of its own. Python's handlers of SIGABRT come too late for that, and
    jaxlib 0.10 cannot call the Python function that it takes for this case.
    """
    global _answered
    _answered = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda _: os._exit(answer()))
    ctypes.CDLL(None).signal(ctypes.c_int(signal.SIGABRT), _answered)


def gone(said: object) -> str:
    """What the loss of another host says, in one line."""
    return (
        f'another host is gone or out of reach ({said}); finished checkpoints are'
        ' whole: the same command on all hosts goes on'
    )


def first() -> bool:
    """Whether this process is the one that writes files."""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


class Apart(Unusable):
    """Hosts do not have the same, or one of them failed."""


def together(function: Callable[[], Any], digest: Callable[[Any], bytes]) -> Any:
    """function() on each host, first on the first: all get the same, or all fail.

    Args:
      digest: of the result -> 32 bytes, what has to be the same everywhere.

    Raises:
      Apart: `function` failed on another host, or results have different digests.
        Besides, what it raises here.
    """
    if not jax.distributed.is_initialized():  # asks no device
        return function()
    result, error, own = None, None, NOTHING
    for turn in (True, False):
        if first() is turn:
            try:
                result = function()
                own = digest(result)
            except Exception as caught:  # the others wait for a word
                error = caught
        rows = multihost_utils.process_allgather(np.frombuffer(own, np.uint8))
    if error is not None:
        raise error
    everywhere = {row.tobytes() for row in rows}
    if NOTHING in everywhere:
        raise Apart('another host failed; what it said tells why')
    if len(everywhere) > 1:
        raise Apart(
            'hosts differ in their config, data, files or memory; start all of them'
            ' with the same command, on the same data set and the same --workdir, and'
            ' with --config.data.resident=no where some have less memory'
        )
    return result


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yields stop() -> bool: whether to stop here, SIGTERM having come to any host.

    All hosts have to ask equally often, at the same places of the program; then all get
    the same answer.
    """
    if not jax.distributed.is_initialized():
        with stopping.on_sigterm() as stop:
            yield stop
        return
    # A handler of our own would keep the signal from jax's.
    asked = itertools.count()
    yield lambda: multihost_utils.reached_preemption_sync_point(next(asked))
