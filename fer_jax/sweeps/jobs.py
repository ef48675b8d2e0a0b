"""The runs of a plan by several processes at once, each with devices of its own.

A job is `sweep --job=I/N`, to which the plan is written, a line a run. It begins at its
part of the plan and goes on with the others', so methods are compiled by one job where
that can be, and no device waits for the slowest. It ends when its input does: with the
process that started it, however that died.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from rich.progress import Progress
from rich.text import Text

from fer_jax import cores, home
from fer_jax.sweeps import claims, runner
from fer_jax.sweeps.plan import Planned
from fer_jax.training import devices, hosts

LOOKED_EVERY_S = 0.5
SHARE = 0.9  # of a device's memory, for the jobs on it
VISIBLE = ('CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'TPU_VISIBLE_CHIPS')


def carry_out(
    plan: Sequence[Planned],
    workdir: pathlib.Path,
    stop: Callable[[], bool],
    jobs: int,
) -> runner.Outcome:
    """As runner.carry_out, by `jobs` processes, 1 or more."""
    names = [run.name for run in plan]
    claims.forget(workdir, names)
    left = [name for name in names if runner.to_do(workdir / name)]
    jobs = min(jobs, len(left))
    started = [start(workdir, number, jobs) for number in range(jobs)]
    for process in started:  # a long plan waits for its job to have come up
        told: Any = process.stdin
        write(plan, told)
    with runner.progress(shown=True) as bar:
        every = bar.add_task(
            f'{len(plan)} runs', total=len(plan), completed=len(plan) - len(left)
        )
        readers = [
            threading.Thread(target=show, args=(process.stdout, bar), daemon=True)
            for process in started
        ]
        for reader in readers:
            reader.start()
        asked = False
        while any(process.poll() is None for process in started):
            if stop() and not asked:
                asked = True
                for process in started:
                    process.terminate()
            time.sleep(LOOKED_EVERY_S)
            left = [name for name in left if runner.to_do(workdir / name)]
            bar.update(every, completed=len(plan) - len(left))
        for reader in readers:
            reader.join()
    return runner.outcome(plan, workdir)


def start(workdir: pathlib.Path, number: int, jobs: int) -> subprocess.Popen:
    """Starts a job, which waits for its plan; its input stays open."""
    return subprocess.Popen(
        [
            sys.executable,
            *home.program(),
            'sweep',
            f'--job={number}/{jobs}',
            str(workdir),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | surroundings(number, jobs, os.environ, accelerators()),
        start_new_session=True,  # Ctrl-C is for the process that started it
    )


def write(plan: Sequence[Planned], lines: TextIO) -> None:
    """Writes a plan as `read` reads it: a line a run, and an empty one."""
    for run in plan:
        fields = (f'{path}={text}' for path, text in run.fields)
        lines.write(shlex.join([run.name, run.config, *fields]) + '\n')
    lines.write('\n')
    lines.flush()


def accelerators() -> int:
    """Devices beside the processor, as far as they can be seen without starting JAX; at
    least 1 where there are some."""
    if not devices.accelerated():
        return 0
    seen = [*pathlib.Path('/dev').glob('nvidia[0-9]*')]
    seen = seen or [*pathlib.Path('/dev').glob('accel[0-9]*')]
    return max(1, len(seen))


def surroundings(
    number: int, jobs: int, environment: Mapping[str, str], count: int
) -> dict[str, str]:
    """Variables that leave a job one accelerator, those that there are in turn.

    Args:
      number: of the job, from 0.
      environment: may name devices itself.
      count: of accelerators; 0: the job runs on the processor (see `cores`).
    """
    if not count:
        return {}
    named = next((environment[name] for name in VISIBLE if environment.get(name)), '')
    there = [one for one in named.split(',') if one] or [*map(str, range(count))]
    found = dict.fromkeys(VISIBLE, there[number % len(there)])
    together = -(-jobs // len(there))
    if together > 1 and 'XLA_PYTHON_CLIENT_MEM_FRACTION' not in environment:
        found['XLA_PYTHON_CLIENT_MEM_FRACTION'] = f'{SHARE / together:.2f}'
    return found


def part(number: int, jobs: int, there: Sequence[int]) -> set[int]:
    """The cores of a job: its part of those that are there, in any case one."""
    return {*there[number % len(there) :: jobs]}


def show(lines: TextIO, bar: Progress) -> None:
    """Prints what a job says above the bar."""
    for line in lines:
        bar.console.print(Text(line.rstrip('\n')), soft_wrap=True)


def job(words: Sequence[str]) -> int:
    """Runs `--job=I/N FOLDER`, the plan on standard input; returns the exit code."""
    number, jobs = map(int, words[0].removeprefix('--job=').split('/'))
    plan = [*read(sys.stdin)]
    if not devices.accelerated():
        cores.keep_to(part(number, jobs, cores.usable()))
    with hosts.asked_to_stop() as stop:
        threading.Thread(target=stop_at_end, args=(sys.stdin,), daemon=True).start()
        found = runner.carry_out(
            plan,
            pathlib.Path(words[1]),
            stop,
            say=lambda line: print(line, flush=True),
            first=number * len(plan) // jobs,
        )
    return int(bool(found.failed or found.left))


def read(lines: TextIO) -> Iterator[Planned]:
    """The runs of a plan, up to the empty line."""
    for line in iter(lines.readline, '\n'):
        name, config, *fields = shlex.split(line)
        pairs = (field.partition('=') for field in fields)
        yield Planned(name, config, tuple((path, text) for path, _, text in pairs))


def stop_at_end(lines: TextIO) -> None:
    """Asks this process to stop when whoever started it is gone."""
    os.read(lines.fileno(), 1)  # not by the file, which has a lock when Python ends
    os.kill(os.getpid(), signal.SIGTERM)


def is_job(words: Sequence[str]) -> bool:
    """Whether words are those of a job."""
    return len(words) == 2 and words[0].startswith('--job=')
