"""What a frozen network says of each face of a prepared set, for audits and heads.

    python -m data_prep features --data=data/fer2013 --out=features/fer2013

dlib's face network as it comes with face-recognition-models (pip), at 131 px: means of
the maps of its five stages and of 3x3 parts of three of them, of the face and of its
mirror image; 19 kB a face, 5.7 GB for 300,000. Or, with --weights, a backbone that
`data_prep weights` converted. A stopped command goes on where it was.
"""

import argparse

import rich.console

from fer_jax.data import prepared, whole
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

from . import reports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--data', required=True, help='prepared folder')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--max-train',
        type=int,
        help='this many training faces, those of a run with data.max_train; else all',
    )
    parser.add_argument('--weights', help='folder of data_prep weights')
    parser.add_argument(
        '--size-px',
        type=int,
        default=224,
        help='of the images that the network of --weights gets; default: 224',
    )


def run(options: argparse.Namespace) -> None:
    """Extracts and says what was written."""
    from fer_jax.training import (
        examples,
        frozen,  # here: no other door has to wait for JAX
        heap,
    )

    heap.keep()
    if options.max_train is not None and options.max_train < 1:
        raise Unusable(
            f'--max-train={options.max_train}; give 1 or more, or leave it out'
        )
    whole.check_folder(options.out)
    data = prepared.load(options.data)
    if options.weights:
        network = frozen.own_network(options.weights, options.size_px)
    else:
        network = frozen.face_network()
    rows = {
        'train': examples.drawn(data.train, options.max_train or 0),
        'test': data.test.readable(),
    }
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    size = sum(network.shapes(data.image_size_px).values()) * frozen.VIEWS * 2
    count = sum(map(len, rows.values()))
    console.print(
        f'{network.name} at {network.size_px} px: {size:,} bytes a face,'
        f' {size * count / 1e9:.2f} GB'
    )
    console.print(network.licence)
    with reports.bar(console) as bar:
        task = bar.add_task('faces', total=count)
        frozen.extract(
            network,
            data,
            options.out,
            rows=rows,
            progress=lambda done: bar.advance(task, done),
        )
    console.print(f'written: {printable(options.out)}')
