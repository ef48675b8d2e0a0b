"""Speed and memory of the host's input path: records -> grain -> decode -> batch.

    python benchmarks/input_path.py

(a) JPEGs of 100x100 px through the whole path on one core; target 5,000 images/s. And
    the same where the host keeps what it decoded (data.resident=host), once it has
    decoded all. --pixels=224 --records=0 measures it at another size.
(b) Resident memory of a process that opens a set of 280,000 records, builds its index
    and draws 200 random batches, over that for 1,000; target under 300 MB more.
Makes its own faces, about 2 GB of records for (b), in a temporary folder.
"""

import argparse
import functools
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import flags
from PIL import Image, ImageDraw

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from fer_jax.data import pipeline, prepared, writing

SIZE_PX = 100
BATCH_SIZE = 64
WANTED_IMAGES_PER_SECOND = 5000
WANTED_MEGABYTES = 300
CLASS_NAMES = [f'class {i}' for i in range(7)]


def face(seed, size):
    """JPEG bytes: a grainy oval on a gradient, about 6 kB, as a real face takes."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(*rng.uniform(40, 200, 2), SIZE_PX)
    pixels = ramp[:, None, None] + rng.uniform(-30, 30, 3) + np.zeros((1, SIZE_PX, 1))
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse((18, 8, 82, 94), fill=tuple(rng.integers(120, 220, 3).tolist()))
    for x in (36, 64):
        pen.ellipse((x - 6, 38, x + 6, 46), fill=(40, 30, 30))
    pen.arc((34, 55, 66, 80), 20, 160, fill=(120, 30, 40), width=3)
    grain = rng.normal(0, 14, (SIZE_PX, SIZE_PX, 1))
    pixels = np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
    data = io.BytesIO()
    image = Image.fromarray(pixels)
    if size != SIZE_PX:  # a photograph's grain is no finer in a larger picture
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    image.save(data, 'JPEG', quality=92)
    return data.getvalue()


def make(folder, count, faces, size):
    """A prepared set of `count` training records, `faces` in turn under unique ids."""

    def examples(count, split):
        for i in range(count):
            yield writing.Example(
                f'{split}/{i:032x}.jpg', faces[i % len(faces)], i % len(CLASS_NAMES)
            )

    return writing.write(
        folder,
        set_name='folder',
        class_names=CLASS_NAMES,
        image_size_px=size,
        recipe={'benchmark': 'input_path'},
        splits={'train': examples(count, 'train'), 'test': examples(8, 'test')},
    )


def drawn(reader):
    """Batches in random order, prepared ahead."""
    order = pipeline.Order(np.arange(len(reader)), BATCH_SIZE, seed=0)
    return pipeline.batches(pipeline.training(reader, order))


def speed(folder, keeps=False, seconds=5.0):
    """Images per second of one core: of the clock, and of its processor time."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    reader = pipeline.Reader(prepared.load(folder).train)
    if keeps:
        reader = pipeline.Kept(reader)
        reader(np.arange(len(reader)))
    batches = drawn(reader)
    for _ in range(20):
        next(batches)  # those prepared ahead of the clock, and the page cache
    count, start, worked = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        count += len(next(batches)['index'])
    rates = (
        count / (time.perf_counter() - start),
        count / (time.process_time() - worked),
    )
    batches.close()
    return rates


def memory(folder):
    """Resident megabytes after 200 random batches, index built here."""
    for table in folder.glob('*.index.npy'):
        table.unlink()
    batches = drawn(pipeline.Reader(prepared.load(folder).train))
    for _ in range(200):
        next(batches)
    status = pathlib.Path('/proc/self/status').read_text()
    peak = next(line for line in status.splitlines() if line.startswith('VmHWM'))
    batches.close()
    return (int(peak.split()[1]) / 1024,)


def measured(what, folder):
    """One of MEASURES of `folder` in a fresh process."""
    command = [sys.executable, __file__, '--measure', what, '--folder', str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return map(float, done.stdout.split())


MEASURES = {
    'speed': speed,
    'kept': functools.partial(speed, keeps=True),
    'memory': memory,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--records', type=int, default=280_000)
    parser.add_argument('--pixels', type=int, default=SIZE_PX)
    parser.add_argument('--measure', choices=MEASURES)
    parser.add_argument('--folder', type=pathlib.Path)
    arguments = parser.parse_args()
    flags.FLAGS(sys.argv[:1])  # grain reads absl's flags
    if arguments.measure:
        print(*MEASURES[arguments.measure](arguments.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pixels = arguments.pixels
        faces = [face(seed, pixels) for seed in range(500)]
        size = sum(map(len, faces)) / len(faces) / 1000
        print(f'JPEGs of {pixels}x{pixels} px, {size:.1f} kB each', flush=True)
        make(folder / 'small', 1000, faces, pixels)
        clock, worked = measured('speed', folder / 'small')
        wanted = f'>= {WANTED_IMAGES_PER_SECOND:,}'
        report('images/s on one core', clock, f'{wanted} (when nobody else uses it)')
        report("images/s of that core's own time", worked, wanted)
        _, worked = measured('kept', folder / 'small')
        report('images/s of it, decoded ones kept', worked, '')
        report('MB of them, 280,000', 280_000 * pixels**2 * 3 / 1e6, '')
        if not arguments.records:
            return
        (small,) = measured('memory', folder / 'small')
        start = time.perf_counter()
        make(folder / 'large', arguments.records, faces, pixels)
        seconds = time.perf_counter() - start
        report(f'seconds to write {arguments.records:,} records', seconds, '')
        (large,) = measured('memory', folder / 'large')
        report('MB resident at most, 1,000 records', small, '')
        report(f'MB resident at most, {arguments.records:,} records', large, '')
        report('MB more', large - small, f'< {WANTED_MEGABYTES}')


def report(what, value, target):
    print(f'{what:45s} {value:10,.0f}   {target}', flush=True)


if __name__ == '__main__':
    main()
