"""Training on one card: ours against PyTorch's, and the ways in which ours can run.

    bash benchmarks/gpu.sh               # both cases, and a table in gpu.md

All sides are on the same card and take turns in one process, --steps steps in each.

jax, resident, unroll   the set lies on the card, 50 steps a call (nets.peers.CHUNK)
jax, resident, vmap     the pair as grouped convolutions
jax, kept               the host gives images that it has decoded before
jax, streamed           records are read and decoded while the card works
torch                   channels_last, autocast to bfloat16, fused Adam
torch, compiled         the networks through torch.compile, too

Ours read, augment and count as in a run (training.session); PyTorch's work on one batch
that is on the card and are not augmented, which is in their favour. Then: ours that
score, and what an epoch of --faces takes at the medians, training and scoring.
"""

import argparse
import io
import os
import pathlib
import sys
import tempfile
import time

os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')  # PyTorch needs some

import jax
import numpy as np
from absl import flags
from PIL import Image

from benchmarks import sides, torch_pair
from configs import resup
from fer_jax.data import writing
from fer_jax.training import heap, session, setup

CLASSES = [f'class {i}' for i in range(torch_pair.NUM_CLASSES)]
BACKBONES = {'resnet18': 224, 'resnet18_slim': 48}  # sides of the faces


def face(seed, size):
    """JPEG bytes of a smooth picture with grain, as large as a face's file."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    grainy = np.clip(smooth + rng.normal(0, 8, (size, size, 1)), 0, 255)
    data = io.BytesIO()
    Image.fromarray(grainy.astype(np.uint8)).save(data, 'JPEG', quality=92)
    return data.getvalue()


def prepare(folder, count, size):
    """A prepared set of `count` training faces."""
    faces = [face(seed, size) for seed in range(64)]

    def examples(split, count):
        for i in range(count):
            pixels = faces[i % len(faces)]
            yield writing.Example(f'{split}/{i:08}.jpg', pixels, i % len(CLASSES))

    writing.write(
        folder,
        set_name='folder',
        class_names=CLASSES,
        image_size_px=size,
        recipe={'benchmark': 'gpu'},
        splits={'train': examples('train', count), 'test': examples('test', 64)},
    )


class Ours:
    """A run's session, some steps or a scoring at a time."""

    def __init__(self, options, folder, name, resident, mapping):
        config = resup.get_config('dataset=folder')
        config.start = ('random',)
        config.data.dir, config.data.image_size_px = str(folder), options.size
        config.data.resident, config.peer_map = resident, mapping
        config.data.workers = options.workers if resident == 'no' else 0
        config.model.backbone, config.model.width = options.backbone, options.width
        config.model.dtype = 'bfloat16' if options.bfloat16 else 'float32'
        config.batch_size = config.eval_batch_size = options.batch
        self.batch, self.steps = options.batch, options.steps
        self.run = setup.prepare(config, folder.parent / name)
        with jax.set_mesh(self.run.mesh):
            self.session = session.Session(self.run)
            self.state = self.session.fresh()
            self.chunks = self.session.feed.chunks(0)

    def step(self):
        start, done = time.perf_counter(), 0
        with jax.set_mesh(self.run.mesh):
            while done < self.steps:
                pool, order = next(self.chunks)
                self.state, metrics = self.session.advance(self.state, pool, order)
                done += len(order)
            jax.block_until_ready((self.state, metrics))
        return {'': (time.perf_counter() - start) / (done * self.batch)}

    def score(self):
        start = time.perf_counter()
        with jax.set_mesh(self.run.mesh):
            self.session.score(self.state, lambda done: None)
        return {'': (time.perf_counter() - start) / len(self.run.examples.ids)}


def theirs(options, device, compiled):
    """A run of PyTorch's pair."""
    rng = np.random.default_rng(0)
    shape = options.batch, options.size, options.size, 3
    pair = torch_pair.Pair(
        options.width,
        rng.integers(0, 256, shape, np.uint8),
        rng.integers(0, len(CLASSES), options.batch, np.int32),
        backbone=options.backbone,
        bfloat16=options.bfloat16,
        device=device,
        compiled=compiled,
    )

    def step():
        start = pair.now()
        for _ in range(options.steps):
            pair.step()
        return {'': (pair.now() - start) / (options.steps * options.batch)}

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--backbone', choices=BACKBONES, default='resnet18')
    parser.add_argument('--width', type=int, default=64)
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--steps', type=int, default=50)
    parser.add_argument('--drawn', type=int, default=12_800, help='faces in the set')
    parser.add_argument('--faces', type=int, default=280_000, help='of an epoch told')
    parser.add_argument('--workers', type=int, default=8, help='processes that read')
    parser.add_argument('--seconds', type=float, default=30.0)
    parser.add_argument('--float32', dest='bfloat16', action='store_false')
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('gpu.md'))
    options = parser.parse_args()
    flags.FLAGS(sys.argv[:1])  # grain's processes read absl's flags
    options.size = BACKBONES[options.backbone]
    heap.keep()
    device = 'cuda' if torch_pair.torch.cuda.is_available() else 'cpu'
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder) / 'data'
        prepare(folder, options.drawn, options.size)
        ours = {
            'jax, resident, unroll': Ours(options, folder, 'unroll', 'yes', 'unroll'),
            'jax, resident, vmap': Ours(options, folder, 'vmap', 'yes', 'vmap'),
            'jax, kept': Ours(options, folder, 'kept', 'host', 'unroll'),
            'jax, streamed': Ours(options, folder, 'streamed', 'no', 'unroll'),
        }
        runs = {name: each.step for name, each in ours.items()}
        runs['torch'] = theirs(options, device, compiled=False)
        runs['torch, compiled'] = theirs(options, device, compiled=True)
        runs['jax, scoring'] = ours['jax, resident, unroll'].score
        found = sides.in_turns(runs, options.seconds)
    found = {name: parts[''] for name, parts in found.items()}
    text = table(options, device, found)
    print(text)
    with options.out.open('a') as out:
        out.write(text)


def table(options, device, found):
    """The times, in milliseconds an image, as a table of Markdown."""
    card = jax.devices()[0].device_kind
    if device == 'cuda':
        card = torch_pair.torch.cuda.get_device_name()
    best = min(found['torch'].median, found['torch, compiled'].median)
    lines = [
        f'{options.backbone} of width {options.width}, {options.size} px, batch'
        f' {options.batch}, {"bfloat16" if options.bfloat16 else "float32"};'
        f' {card} ({jax.default_backend()}, {device}), {sides.machine()};'
        f' jax {jax.__version__}, torch {torch_pair.torch.__version__}',
        '',
        '| | images/s | least | most | runs | to the faster torch |',
        '|---|---|---|---|---|---|',
    ]
    for name, times in found.items():
        rates = (1e3 / each for each in (times.median, times.most, times.least))
        shown = ' | '.join(f'{rate:,.0f}' for rate in rates)
        ratio = '-' if name == 'jax, scoring' else f'{best / times.median:.2f}'
        lines.append(f'| {name} | {shown} | {times.count} | {ratio} |')
    fed = 'resident, unroll', 'kept', 'streamed'
    fastest = min(found[f'jax, {name}'].median for name in fed)
    seconds = options.faces * (fastest + found['jax, scoring'].median) / 1e3
    lines += ['', f'An epoch of {options.faces:,}, scores too: {seconds:.1f} s.', '']
    return '\n'.join(lines) + '\n'


if __name__ == '__main__':
    main()
