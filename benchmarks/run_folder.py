"""What the folder of a large run costs: the end of an epoch, the join, the audit.

    python -m benchmarks.run_folder [--examples=280000] [--epochs=60] [--folder=FOLDER]

Two networks and seven classes; labels flip as if a method relabelled. The end of an
epoch is all that the host does about its labels: history, flips, detection, the row of
metrics.jsonl. The audit is a process of its own, whose peak is what its system says.
"""

import argparse
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import types

import numpy as np
from scipy import special

from fer_jax.training import files, history, results
from fer_jax.training.examples import Examples

NAMES = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise')
FIT = {
    'mixture/a': np.float32([[2, 6]] * 2),
    'mixture/b': np.float32([[6, 2]] * 2),
    'mixture/share': np.float32([[0.3, 0.7]] * 2),
    'span': np.float32([[0, 1]] * 2),
    'ready': np.ones(2, bool),
    'rejected': np.zeros(2, np.int32),
}
CONFIG = {
    'algorithm': {'name': 'resup', 'signal': 'similarity', 'rules': 'safe'},
    'data': {'name': 'affectnet', 'dir': 'nowhere', 'image_size_px': 224},
    'model': {'backbone': 'resnet18', 'width': 64},
    'noise': {'kind': 'symmetric', 'rate': 0.3, 'seed': 0},
}


def labelled(count, draws):
    """Examples with 30 % of wrong labels."""
    clean = draws.integers(0, len(NAMES), count, np.int32)
    other = (clean + draws.integers(1, len(NAMES), count, np.int32)) % len(NAMES)
    given = np.where(draws.random(count) < 0.3, other, clean).astype(np.int32)
    ids = np.array([f'Manually_Annotated/{i % 1250}/{i:08x}.jpg' for i in range(count)])
    learned = np.ones(count, bool)
    return Examples(np.arange(count), ids, given, clean, learned)


def train(workdir, examples, epochs, draws):
    """Writes what the epochs leave -> rows, Writer, seconds of each epoch's end."""
    count, names = len(examples.ids), len(NAMES)
    run = types.SimpleNamespace(prepared=types.SimpleNamespace(class_names=NAMES))
    past = history.Writer(workdir, 0, examples.labels, names)
    right, rows, seconds = examples.labels == examples.clean_labels, [], []
    for epoch in range(1, epochs + 1):
        logits = np.where(right, 1.5, -1.5) * epoch / epochs
        logits = logits + draws.normal(size=(2, count))
        scores = special.expit(logits).astype(np.float32)
        labels = past.flips.labels.copy()
        moved = draws.integers(0, count, count // 50)
        labels[moved] = draws.integers(0, names, len(moved), np.int32)
        started = time.perf_counter()
        past.append(scores, labels, FIT)
        row = {'step': epoch, 'epoch': epoch, 'test/accuracy': 0.6}
        found = results.detection(logits, examples)
        row |= {f'noise/{name}': value for name, value in found.items()}
        found = results.relabelling(examples, past.flips)
        row |= {f'labels/{name}': value for name, value in found.items()}
        results.vanished(run, past.flips)
        files.append_row(workdir, row)
        seconds.append(time.perf_counter() - started)
        rows.append(row)
    return rows, past, seconds


def finish(workdir, examples, rows, past):
    """Writes what a finished run has besides."""
    log_odds = special.logit(past.newest['scores'].astype(np.float64))
    table = results.labels(
        examples, past.flips.labels, past.flips.count, log_odds, examples.clean_labels
    )
    files.write_labels(workdir, table, NAMES)
    numbers = {
        **results.accuracies(rows),
        'balanced_accuracy': 0.6,
        'macro_f1': 0.6,
        'recalls': dict.fromkeys(NAMES, 0.6),
        'confusion': np.eye(len(NAMES), dtype=int).tolist(),
        'method': 'resup',
        'answer': '1',
        'signal': {'name': 'similarity', 'rising': True, 'augmented': True},
        'class_names': list(NAMES),
        'test_examples': 3500,
        'skipped_records': 0,
        'dataset_digest': '0' * 64,
        'noise_list_sha256': 'f' * 64,
        'fer_jax': '0',
        'config': CONFIG,
    }
    files.write_result(workdir, numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--examples', type=int, default=280_000)
    parser.add_argument('--epochs', type=int, default=60)
    parser.add_argument('--folder', type=pathlib.Path)
    options = parser.parse_args()
    draws = np.random.default_rng(0)
    examples = labelled(options.examples, draws)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        workdir = pathlib.Path(folder) / 'run'
        workdir.mkdir()
        rows, past, seconds = train(workdir, examples, options.epochs, draws)
        print(
            f'the end of an epoch: median {statistics.median(seconds):.2f} s, the last'
            f' {seconds[-1]:.2f} s, at most {max(seconds):.2f} s'
        )
        started = time.perf_counter()
        past.join()
        print(f'joined: {time.perf_counter() - started:.2f} s')
        finish(workdir, examples, rows, past)
        started = time.perf_counter()
        audit = [sys.executable, 'launch.py', 'audit', f'--workdir={workdir}']
        subprocess.run(audit, check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f'audit: {time.perf_counter() - started:.0f} s, peak {peak / 1e6:.2f} GB')


if __name__ == '__main__':
    main()
