"""One training step of the ReSup pair: ours against the same step in PyTorch.

    python benchmarks/step_vs_torch.py [--pixels 48] [--width 24] [--batch 64]

Two slim ResNet-18s, images of one random batch, cross-entropy weighted by the other
network's clean probability plus 5 x the mean squared softmax difference, one Adam over
both. Ours is the step that training runs, with augmentation 'none' (uint8 in,
normalised inside); PyTorch's is eager, with images in the faster of the two memory
layouts and its fused Adam. Both have the same threads, two by default, and a process of
their own: in one, the threads of OpenMP that spin between PyTorch's steps, and a heap
that is handed to and fro, cost ours a third. Rounds alternate, so that other work on
the machine hits both, and there are five at least; printed are medians, and of the step
the least and the most, too.

On a busy machine wall time says little, least of all of PyTorch, whose threads wait for
each other: --threads 1 --clock cpu counts processor time instead. --plain-heap leaves
out what training/heap.py does, for both. With --bfloat16 our networks compute in it,
and PyTorch's step is under torch.autocast.

PyTorch is an extra: pip install torch
"""

import functools
import pathlib
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from benchmarks import sides, torch_pair
from benchmarks.torch_pair import CONSISTENCY, NUM_CLASSES, RATE, torch
from fer_jax import algorithms, compiling, cores, nets
from fer_jax.data import source
from fer_jax.training import heap, optimizer, step, trial

ADAM = dict(name='adam', schedule='step', learning_rate=RATE, weight_decay=0.0)
ADAM |= dict(decay_epochs=(15, 24), decay_factors=(0.1,), late_beta1=0.9)
ADAM |= dict(classifier_learning_rate=0.0)
RECIPES = ('none', 'flip', 'flip_crop_erase')


class Jax:
    """Our step, and its parts compiled apart."""

    def __init__(self, width, images, labels, now, bfloat16):
        self.now = now
        pixels = images.shape[1]
        self.algorithm = algorithms.make(
            'resup',
            backbone=nets.make(
                'resnet18_slim',
                width=width,
                dtype=jnp.bfloat16 if bfloat16 else jnp.float32,
            ),
            num_classes=NUM_CLASSES,
            num_examples=len(labels),
            warmup_epochs=0,
            consistency=CONSISTENCY,
            rules='safe',
            held_out=0.0,
        )
        adam = optimizer.make(types.SimpleNamespace(**ADAM))
        about = jax.device_put(trial.make(0, labels, labels[:1], steps_per_epoch=60))
        seen = {recipe: source.Images(recipe, pixels) for recipe in RECIPES}
        self.state = step.create(self.algorithm, adam, seen['none'], NUM_CLASSES, about)
        memory = self.state.memory
        fitted = memory.fitted._replace(ready=jnp.ones(2, bool))
        self.state = self.state._replace(memory=memory._replace(fitted=fitted))
        self.images, self.index = jnp.asarray(images), jnp.arange(len(labels))
        learn = functools.partial(compiling.jit, work='learn', platform='cpu')
        compiled = learn(
            step.make_step(self.algorithm, adam, seen['none']), donate_argnums=0
        )
        self.whole = lambda state, *batch: compiled(state, about, *batch)
        views = {
            recipe: functools.partial(jax.jit(examples.training), about.key)
            for recipe, examples in seen.items()
        }
        augmented = views['none'](0, self.index, self.images)
        batch = algorithms.Batch(augmented, self.state.labels, self.index)
        progress = algorithms.Progress(self.state.step, self.state.step)
        rest = (self.state.stats, self.state.memory, batch, progress, jax.random.key(0))
        value = learn(lambda params, *rest: self.algorithm.objective(params, *rest))
        gradient = learn(jax.value_and_grad(self.algorithm.objective, has_aux=True))
        gradients = gradient(self.state.params, *rest)[1]

        def updated(gradients, opt, params):
            updates, opt = adam.update(gradients, opt, params, steps_per_epoch=60)
            return jax.tree.map(jnp.add, params, updates), opt

        update = jax.jit(updated, donate_argnums=(1, 2))
        self.own = jax.tree.map(jnp.copy, (self.state.opt, self.state.params))

        def optimiser():
            params, opt = update(gradients, *self.own)
            self.own = opt, params
            return params

        # copies: the whole step eats its state
        params, rest = jax.tree.map(jnp.copy, (self.state.params, rest))
        self.parts = {
            'forward': lambda: value(params, *rest),
            'forward and backward': lambda: gradient(params, *rest),
            'optimiser': optimiser,
        }
        for recipe in RECIPES:
            own = functools.partial(views[recipe], 0, self.index, self.images)
            self.parts[f'augmentation {recipe}'] = own

    def step(self):
        start = self.now()
        self.state, metrics = self.whole(self.state, self.images, self.index)
        jax.block_until_ready((self.state.params, metrics))
        return {'step': self.now() - start}


def given(args):
    """Images [B, s, s, 3] uint8 and labels [B] int32."""
    rng = np.random.default_rng(0)
    size = args.batch, args.pixels, args.pixels, 3
    images = rng.integers(0, 256, size, np.uint8)
    return images, rng.integers(0, NUM_CLASSES, args.batch).astype(np.int32)


def prepare(args):
    """What a side's process starts with; its clock."""
    if not args.plain_heap:
        heap.keep()
    cores.keep_to(cores.usable()[-args.threads :])  # before JAX starts its threads
    torch.set_num_threads(args.threads)
    return sides.CLOCKS[args.clock]


def ours(args):
    """({part: run}, number of parameters) for sides.Apart."""
    now = prepare(args)
    side = Jax(args.width, *given(args), now, args.bfloat16)
    runs = {name: sides.timed(part, now) for name, part in side.parts.items()}
    count = sum(leaf.size for leaf in jax.tree.leaves(side.state.params))
    return {'jax': side.step} | runs, count


def theirs(args):
    """({memory layout: run}, number of parameters) for sides.Apart."""
    now = prepare(args)
    pairs = {
        str(layout).removeprefix('torch.'): torch_pair.Pair(
            args.width, *given(args), layout=layout, bfloat16=args.bfloat16, now=now
        )
        for layout in (torch.contiguous_format, torch.channels_last)
    }
    count = sum(p.numel() for p in pairs['channels_last'].parameters)
    return {layout: pair.step for layout, pair in pairs.items()}, count


def measure(args):
    """{part: sides.Times} of ours, and {memory layout: likewise} of PyTorch."""
    mine, other = sides.Apart(ours, args), sides.Apart(theirs, args)
    if mine.said != other.said:
        raise ValueError(
            f'the nets differ: {mine.said} parameters here, {other.said} in PyTorch'
        )
    found = sides.in_turns(mine.runs | other.runs, args.seconds)
    parts = {name: found[name][''] for name in mine.runs if name != 'jax'}
    return found['jax'] | parts, {layout: found[layout] for layout in other.runs}


def main():
    parser = sides.parser(__doc__.splitlines()[0], threads=2)
    parser.add_argument('--bfloat16', action='store_true')
    parser.add_argument('--plain-heap', action='store_true')
    args = parser.parse_args()
    own, pytorch = measure(args)
    layout = min(pytorch, key=lambda name: pytorch[name]['step'])
    best = pytorch[layout]
    print(
        f'resnet18_slim width {args.width}, {args.pixels} px, batch {args.batch},'
        f' {"bfloat16" if args.bfloat16 else "float32"},'
        f' {args.threads} threads, {args.clock} time;'
        f' jax {jax.__version__}, torch {torch.__version__}; {sides.machine()}'
    )
    print('ms a step: median (least to most, how many)')
    print(f'  jax: {own["step"]}')
    for name, times in pytorch.items():
        print(f'  torch {name}: {times["step"]}')
    print(f'{"medians, ms":28}{"jax":>8}{"torch":>8}   torch: {layout}')
    medians = {name: times.median for name, times in own.items()}
    medians['backward'] = medians['forward and backward'] - medians['forward']
    for name in ('step', 'forward', 'backward', 'optimiser'):
        print(f'{name:28}{medians[name]:8.1f}{best[name].median:8.1f}')
    for recipe in RECIPES:
        print(f'{"augmentation " + recipe:28}{medians["augmentation " + recipe]:8.1f}')
    ratio = own['step'].median / best['step'].median
    least = own['step'].least / best['step'].least
    print(f'ratio jax / torch {ratio:.2f}, of the least {least:.2f}')


if __name__ == '__main__':
    main()
