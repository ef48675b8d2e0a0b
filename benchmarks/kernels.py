"""Who computes convolutions on a CPU: what compiling.py chooses, and the rest.

    python -m benchmarks.kernels [--width=24] [--pixels=48] [--batch=64]

Three programs of a ReSup run (a training step, scoring, one network on one image)
compiled with each way to share the work between YNNPACK and XLA's own kernels, timed
in turns: median, least, most and number of runs in milliseconds. --clock=cpu counts
processor time, which says more on a busy machine.
"""

import jax
import numpy as np

from benchmarks import sides
from configs import resup
from fer_jax import compiling, cores
from fer_jax.data import source
from fer_jax.training import heap, programs, trial

KIND = 'LIBRARY_FUSION_TYPE_'
WAYS = {  # what YNNPACK is given
    'as it comes': None,
    'sums': f'{KIND}REDUCE',
    'sums, elementwise': f'{KIND}REDUCE,{KIND}ELTWISE',
    'convolutions': f'{KIND}INDIVIDUAL_CONVOLUTION',
    'nothing': '',
}


def calls(width, pixels, batch):
    """{program: (its work, function, arguments)}."""
    config = resup.get_config('dataset=fer2013')
    config.model.width, config.data.image_size_px = width, pixels
    spec = programs.spec(
        config,
        source=source.Images('flip', pixels, pixels),
        num_classes=7,
        num_examples=batch,
        resident=False,
        platform='cpu',
    )
    functions = programs.pure(spec)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch, pixels, pixels, 3), np.uint8)
    labels = rng.integers(0, 7, batch).astype(np.int32)
    index = np.arange(batch, dtype=np.int32)
    about = trial.make(0, labels, labels[:1], steps_per_epoch=60)
    state, about, images, index = jax.device_put(
        (jax.jit(functions.create)(about), about, images, index)
    )

    def recognise(state, one):
        own = jax.tree.map(lambda leaf: leaf[:1], (state.params, state.stats))
        return functions.algorithm.predict(*own, functions.source.plain(one)).logits

    return {
        'step': ('learn', functions.advance, (state, about, images[None], index[None])),
        'score': ('look', functions.score, (state, about, images, index)),
        'one image': ('look', recognise, (state, images[:1])),
    }


def main():
    args = sides.parser(__doc__.splitlines()[0], threads=1).parse_args()
    heap.keep()
    cores.keep_to(cores.usable()[-args.threads :])  # before JAX starts its threads
    print(
        f'resnet18_slim width {args.width}, {args.pixels} px, batch {args.batch},'
        f' {args.threads} threads, {args.clock} time; jax {jax.__version__};'
        f' {sides.machine()}'
    )
    for program, (work, function, given) in calls(
        args.width, args.pixels, args.batch
    ).items():
        lowered = jax.jit(function).lower(*given)
        runs = {}
        for way, kinds in WAYS.items():
            options = None if kinds is None else {compiling.YNNPACK: kinds}
            compiled = lowered.compile(compiler_options=options)
            runs[way] = sides.timed(compiled, sides.CLOCKS[args.clock], *given)
        for way, parts in sides.in_turns(runs, args.seconds).items():
            chosen = compiling.OPTIONS[work][compiling.YNNPACK] == WAYS[way]
            print(f'{program:12}{way:20}{parts[""]}{" <- chosen" * chosen}', flush=True)


if __name__ == '__main__':
    main()
