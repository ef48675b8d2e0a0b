"""What safety costs: saving, sealing, checking and restoring the state of a real run.

    python -m benchmarks.checkpoints [--width=64] [--repeats=5] [--folder=FOLDER]

The state is that of ReSup with a pair of ResNet-18 and Adam, AffectNet's number of
labels: what one epoch end writes. Medians in seconds, and the size on disk.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fer_jax import algorithms, nets
from fer_jax.data import source
from fer_jax.training import checkpoint, seals, step, trial

EXAMPLES, CLASSES = 283_901, 7


def timed(seconds, function, *args, **settings):
    """Appends to `seconds` what a call takes, its result being there."""
    started = time.perf_counter()
    jax.block_until_ready(function(*args, **settings))
    seconds.append(time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--width', type=int, default=64)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--folder', type=pathlib.Path)
    options = parser.parse_args()
    algorithm = algorithms.make(
        'resup',
        backbone=nets.make('resnet18', width=options.width),
        num_classes=CLASSES,
        num_examples=EXAMPLES,
    )
    labels = np.zeros(EXAMPLES, np.int32)
    create = jax.jit(
        lambda: step.create(
            algorithm,
            optax.adam(1e-3),
            source.Images('none', 112),
            CLASSES,
            trial.make(0, labels, labels[:1], steps_per_epoch=1),
        )
    )
    state = create()
    # Moments as training leaves them: zeros would be compressed to nothing.
    noise = np.random.default_rng(0).normal
    moments = jax.tree.map(lambda leaf: jnp.asarray(noise(size=leaf.shape)), state.opt)
    state = jax.block_until_ready(state._replace(opt=moments))
    parameters = sum(leaf.size for leaf in jax.tree.leaves(state.params))
    times = {name: [] for name in ('save', 'of which seal', 'check', 'restore')}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        folder = pathlib.Path(folder) / 'checkpoints'
        with checkpoint.manager(folder, keep=2) as saved:
            for number in range(1, options.repeats + 1):
                state = state._replace(step=jnp.int32(number))
                place, here = seals.Place(epoch=number), folder / str(number)
                save = checkpoint.save, saved, state, place
                timed(times['save'], *save, accuracy=0.5)
                timed(times['of which seal'], seals.write, here, place)
                timed(times['check'], seals.check, here)
                timed(times['restore'], checkpoint.restore, saved, number, state)
            size = sum(path.stat().st_size for path in here.rglob('*'))
    print(f'{parameters:,} parameters, {size / 1e6:.0f} MB on disk')
    for name, seconds in times.items():
        print(f'{name:>14} {statistics.median(seconds):.2f} s')


if __name__ == '__main__':
    main()
