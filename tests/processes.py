"""Runs of launch.py as processes of their own."""

import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent


def command(*arguments):
    return [sys.executable, str(ROOT / 'launch.py'), *map(str, arguments)]


def launch(*arguments, **environment):
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | environment,
    )


def small_run(faces, workdir, method='resup', *more):
    """Arguments of a run of seconds: 24 pixels, width 4, 3 epochs."""
    return (
        f'--config=configs/{method}.py:dataset=synthetic,noise=0.3',
        f'--workdir={workdir}',
        f'--config.data.dir={faces}',
        '--config.data.image_size_px=24',
        '--config.model.width=4',
        '--config.batch_size=16',
        '--config.eval_batch_size=32',
        '--config.epochs=3',
        '--config.optimizer.decay_epochs=(2,)',
        *more,
        *(['--config.algorithm.warmup_epochs=1'] if method == 'resup' else []),
    )


def wait_until(process, ready, seconds=240):
    """Waits until ready() while a process runs; AssertionError when it ends before."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None, 'the process ended before'
        assert time.monotonic() < deadline
        time.sleep(0.02)
