"""Where an epoch's time goes: steps, test, scores, refitting, writing, and the rest.

    python -m benchmarks.epoch [--faces=8000] [--tested=2938] [--width=24] [--pixels=48]

A run of ReSup on drawn faces by training.loop itself; the calls of its parts are timed
where they are made. It has few faces: told is an epoch of --faces and --tested, what
is done to each image being multiplied, and the rest not. The first epoch compiles, and
is left out; of five others there are medians, least and most; --clock=cpu counts
processor time, which says more on a busy machine. --before has programs compiled as
JAX does it by itself, without compiling.py; --eval-batch sets the images of a call
that looks.
"""

import argparse
import collections
import functools
import pathlib
import tempfile

import jax

import data_prep.__main__
from benchmarks import sides
from configs import resup
from fer_jax import compiling
from fer_jax.training import checkpoint, heap, history, log, loop, session, setup

DRAWN, TESTED, EPOCHS = 768, 256, 6
PARTS = (  # (part, whose it is, name of the call)
    ('steps', loop, 'train_epoch'),
    ('test', loop, 'test'),
    ('scores', session.Session, 'score'),
    ('refit', session.Session, 'look_back'),
    ('history', history.Writer, 'append'),
    ('row', log.Log, 'write'),
    ('checkpoint', checkpoint, 'save'),
)


class Clock:
    """Seconds of the calls of PARTS in each epoch, which a saved checkpoint ends."""

    def __init__(self, clock):
        self.epochs, self._spent, self._clock = [], collections.Counter(), clock
        for part, owner, name in PARTS:
            setattr(owner, name, self._timed(part, getattr(owner, name)))
        self._began = clock()

    def _timed(self, part, call):
        @functools.wraps(call)
        def timed(*args, **settings):
            start = self._clock()
            found = jax.block_until_ready(call(*args, **settings))
            self._spent[part] += self._clock() - start
            if part == 'checkpoint':
                self._ends()
            return found

        return timed

    def _ends(self):
        now = self._clock()
        self.epochs.append({**self._spent, 'epoch': now - self._began})
        self._spent, self._began = collections.Counter(), now


def config(options, folder):
    made = resup.get_config('dataset=synthetic,noise=0.3')
    made.data.dir, made.data.image_size_px = str(folder), options.pixels
    made.model.width, made.batch_size = options.width, options.batch
    made.eval_batch_size = options.eval_batch or made.eval_batch_size
    made.epochs = EPOCHS
    made.optimizer.decay_epochs = (EPOCHS,)
    made.log.sinks = ()
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--faces', type=int, default=8000)
    parser.add_argument('--tested', type=int, default=2938)
    parser.add_argument('--width', type=int, default=24)
    parser.add_argument('--pixels', type=int, default=48)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--eval-batch', type=int)
    parser.add_argument('--clock', choices=sides.CLOCKS, default='wall')
    parser.add_argument('--before', action='store_true')
    options = parser.parse_args()
    heap.keep()
    if options.before:
        compiling.OPTIONS.update(dict.fromkeys(compiling.OPTIONS))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        words = f'synthetic --train={DRAWN} --test={TESTED} --size={options.pixels}'
        data_prep.__main__.main([*words.split(), f'--out={folder / "data"}'])
        run = setup.prepare(config(options, folder / 'data'), folder / 'run')
        clock = Clock(sides.CLOCKS[options.clock])
        loop.train(run)
    learned = run.steps_per_epoch * options.batch
    many = {
        'steps': options.faces / learned,
        'scores': options.faces / DRAWN,
        'test': options.tested / TESTED,
    }
    print(
        f'an epoch of {options.faces:,} faces and {options.tested:,} tested; ReSup,'
        f' width {options.width}, {options.pixels} px, batch {options.batch}, looks at'
        f' {run.config.eval_batch_size}; {jax.default_backend()}, {sides.machine()},'
        f' {options.clock} time;'
        f' {"as JAX compiles" if options.before else "as compiling.py says"}'
    )
    found = collections.defaultdict(list)
    for parts in clock.epochs[1:]:
        whole = parts.pop('epoch')
        parts['host and the rest'] = whole - sum(parts.values())
        for part, seconds in parts.items():
            found[part].append(many.get(part, 1) * seconds)
    found['epoch'] = [sum(each) for each in zip(*found.values())]
    for part, seconds in found.items():
        print(f'{part:20}{sides.Times.of(seconds)} s')


if __name__ == '__main__':
    main()
