"""Latency and images/s of a run: JAX, the StableHLO file and onnxruntime, in turns.

python launch.py bench --workdir=runs/first --batches=1,32
"""

import argparse
import json
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from fer_jax import cores
from fer_jax.data import whole
from fer_jax.deploy import formats, model
from fer_jax.deploy.card import title
from fer_jax.errors import Unusable
from fer_jax.training import files

TURN = 3  # calls in a turn, after one that is not counted
PAUSE = 0.02  # seconds before a turn: onnxruntime's threads spin on for a while


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', required=True, help='folder of a run')
    parser.add_argument('--which', default='last', help='checkpoint: last, best, STEP')
    parser.add_argument('--batches', default='1,32,256', help='images in a call')
    parser.add_argument('--threads', type=int, help='cores to use; default: all')
    parser.add_argument(
        '--seconds', type=float, default=5.0, help='for each program and batch'
    )
    parser.add_argument('--out', help='default: bench.json in the workdir')


def run(options: argparse.Namespace) -> int:
    """Measures, prints a table, writes the JSON file; returns 0.

    Raises:
      Unusable: the run or the options cannot be used.
    """
    try:
        batches = [int(size) for size in options.batches.split(',')]
    except ValueError:
        batches = [0]
    if min(batches) < 1:
        raise Unusable(f'--batches={options.batches}; wanted numbers, as 1,32,256')
    threads = limit(options.threads)
    loaded = model.from_run(options.workdir, which=options.which)
    out = pathlib.Path(options.out or pathlib.Path(options.workdir) / files.BENCH)
    whole.check_file(out)
    calls, size = programs(loaded), loaded.card['image_size_px']
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (max(batches), size, size, 3)).astype(np.uint8)
    measured = {
        'model': title(loaded.card),
        'image_size_px': size,
        'network_size_px': loaded.card['preprocessing']['network_size_px'],
        'threads': threads,
        'batches': [
            {'batch': n, 'programs': measure(calls, images[:n], options.seconds)}
            for n in batches
        ],
    }
    whole.write_text(out, json.dumps(measured, indent=1) + '\n')
    Console().print(table(measured))
    print(f'written: {out}')
    return 0


def limit(threads: int | None) -> int:
    """Keeps the process to `threads` cores, if given; returns how many it has.

    Raises:
      Unusable: fewer than one or more than there are, or the system cannot.
    """
    there = cores.usable()
    if threads is None:
        return len(there)
    if not 1 <= threads <= len(there):
        raise Unusable(f'--threads={threads}; wanted 1 to {len(there)}')
    if not cores.keep_to(there[:threads]):  # JAX starts its threads later
        raise Unusable('--threads: this system cannot; leave it out')
    return threads


def programs(loaded: model.Model) -> dict[str, Callable]:
    """{name: probs of [B, s, s, 3] uint8}, each as a Recognizer has it."""
    calls = {'jax': model.compiled(loaded)}
    with tempfile.TemporaryDirectory() as folder:
        for name in ('stablehlo', 'onnx'):
            if formats.lacking(name):
                print(f'left out: {formats.lacking(name)}')
                continue
            path = pathlib.Path(folder) / formats.FORMATS[name].file
            formats.WRITERS[name](path, loaded, False)
            calls[name] = formats.READERS[name](path, loaded.card)
    return calls


def measure(
    calls: dict[str, Callable], images: np.ndarray, seconds: float
) -> dict[str, dict[str, float]]:
    """{program: its numbers} for calls with `images`, the programs taking turns."""
    times = {name: [] for name in calls}
    for probs in calls.values():
        np.asarray(probs(images))  # compiled now
    started = time.perf_counter()
    while time.perf_counter() - started < seconds * len(calls):
        for name, probs in calls.items():
            time.sleep(PAUSE)
            np.asarray(probs(images))
            times[name] += [timed(probs, images) for _ in range(TURN)]
    return {name: numbers(np.array(rows), len(images)) for name, rows in times.items()}


def timed(probs: Callable, images: np.ndarray) -> tuple[float, float]:
    """(seconds by the clock, seconds of the processors) of one call."""
    clock, busy = time.perf_counter(), time.process_time()
    np.asarray(probs(images))
    return time.perf_counter() - clock, time.process_time() - busy


def numbers(times: np.ndarray, size: int) -> dict[str, float]:
    """What is told of times [n, 2] of calls with `size` images."""
    clock, busy = times.T
    median = float(np.median(clock))
    return {
        'calls': len(times),
        'median_ms': 1e3 * median,
        'p95_ms': 1e3 * float(np.quantile(clock, 0.95)),
        'processor_ms': 1e3 * float(np.median(busy)),
        'images_per_second': size / median,
    }


def table(measured: dict[str, Any]) -> Table:
    """The numbers as a table."""
    shown = Table(
        title=f'{measured["model"]}, {measured["network_size_px"]} px,'
        f' {measured["threads"]} threads'
    )
    shown.add_column('batch', justify='right')
    shown.add_column('program')
    heads = ('median ms', 'p95 ms', 'processor ms', 'images/s', 'to onnx')
    for head in heads:
        shown.add_column(head, justify='right')
    for row in measured['batches']:
        for name, speed in row['programs'].items():
            onnx = row['programs'].get('onnx')  # not installed everywhere
            ratio = f'{speed["median_ms"] / onnx["median_ms"]:.2f}' if onnx else '-'
            keys = ('median_ms', 'p95_ms', 'processor_ms', 'images_per_second')
            cells = (f'{speed[key]:.1f}' for key in keys)
            shown.add_row(str(row['batch']), name, *cells, ratio)
    return shown
