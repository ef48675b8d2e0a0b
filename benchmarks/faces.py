"""How fast faces are found and aligned, and how many of a prepared set are found.

    python -m benchmarks.faces [--core=0] [--data=data/fer2013] [--examples=200]

Speed: a photograph of one face at several sizes, pixels in, aligned face of 112 px out,
on one core, one at a time and as data_prep --align does it. Found: test faces of the
set as they are, and three times as large with a grey margin of 40 px around.
"""

import argparse
import os
import pathlib
import time

import matplotlib.cbook
import numpy as np
from PIL import Image

from data_prep import alignment
from fer_jax import faces
from fer_jax.data import opening, pictures, prepared, records

SIZES_PX = 100, 256, 512, 1024, 2048
BATCH = 16
MARGIN_PX = 40


def speed():
    """Prints seconds and pictures per second, by the clock and by processor time."""
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        photograph = pictures.rgb(file.name).crop((0, 0, 512, 512))
    started = time.perf_counter()
    faces.crops(np.asarray(photograph), 112)
    print(f'first call {time.perf_counter() - started:.2f} s')
    together = alignment.Aligner('mtcnn', 112)
    for size in SIZES_PX:
        image = np.asarray(photograph.resize((size, size)))
        calls = max(3, 20 * 512**2 // size**2)
        took(f'{size} px, alone', calls, lambda: faces.crops(image, 112))  # noqa: B023
        none, batch = [None] * BATCH, [image] * BATCH
        took(
            f'{size} px, {BATCH} together, faces from {together.smallest_px} px',
            max(1, calls // BATCH),
            lambda: together(batch, none, none),  # noqa: B023
            BATCH,
        )


def took(what, calls, call, pictures=1):
    """Prints the time of a picture, of so many a call."""
    call()
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    clock = (time.perf_counter() - clock) / calls / pictures
    processor = (time.process_time() - processor) / calls / pictures
    print(
        f'{what}: {clock * 1e3:.0f} ms, processor {processor * 1e3:.0f} ms,'
        f' {1 / processor:.1f} a second of it'
    )


def share_found(folder, examples):
    """Prints the share of faces that are found again."""
    source = records.RecordSource(prepared.load(folder).test.shards)
    found = np.zeros(2, int)
    examples = min(examples, len(source))
    for place in range(examples):
        encoded = records.decode_example(source[place])[1]
        face = opening.read(encoded).image.convert('RGB')
        large = face.resize([3 * side for side in face.size])
        width, height = (side + 2 * MARGIN_PX for side in large.size)
        canvas = Image.new('RGB', (width, height), 'grey')
        canvas.paste(large, (MARGIN_PX, MARGIN_PX))
        for kind, picture in enumerate((face, canvas)):
            found[kind] += len(faces.detect(np.asarray(picture)).scores) > 0
    as_is, margin = found / examples
    print(f'of {examples} faces found: {as_is:.1%}; larger with a margin: {margin:.1%}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--core', type=int, default=0)
    parser.add_argument('--data', type=pathlib.Path, help='a prepared folder')
    parser.add_argument('--examples', type=int, default=200)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})  # before JAX counts the cores
    speed()
    if options.data:
        share_found(options.data, options.examples)


if __name__ == '__main__':
    main()
