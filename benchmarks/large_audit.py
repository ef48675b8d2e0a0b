"""An audit without training of as many faces as AffectNet has: time, memory, disk.

    python -m benchmarks.large_audit --features=DIR --data=DIR --out=NEW [--faces=N]

Features are those of DIR, drawn with replacement, with noise of a tenth of each
column's deviation; labels are those of the drawn faces. They are written as an audit
writes them, and read from the disk as it reads them. Pictures are left out; the page
says so.
"""

import argparse
import pathlib
import resource
import time

import numpy as np

from fer_jax.analysis import frozen
from fer_jax.data import features, prepared


def marked(what, started):
    """Says what was done, in seconds, and the most memory until now."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    print(f'{what}: {cpu:.0f} s of processor time, {wall:.0f} s, peak {peak:.2f} GiB',
          flush=True)  # fmt: skip
    return time.perf_counter(), time.process_time()


def write(store, folder, count, generator):
    """Writes the features; returns the drawn places in `store`."""
    places = generator.integers(0, len(store.train.rows), count)
    some = store.train.values[:512].astype(np.float32)
    spread = 0.1 * some.std(axis=(0, 1))

    def compute(split, chunks):
        for rows in chunks:
            drawn = store.train.values[places[rows]].astype(np.float32)
            noise = generator.standard_normal(drawn.shape, np.float32)
            yield (drawn + spread * noise).astype(np.float16)

    none = np.zeros(0, np.int32)
    features.write(
        folder,
        compute,
        about=store.about,
        rows={'train': np.arange(count, dtype=np.int32), 'test': none},
        shape=store.train.values.shape[1:],
    )
    return places


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ('features', 'data', 'out'):
        parser.add_argument(f'--{name}', required=True)
    parser.add_argument('--faces', type=int, default=300_000)
    options = parser.parse_args()
    store, data = features.load(options.features), prepared.load(options.data)
    out, generator = pathlib.Path(options.out), np.random.default_rng(0)
    started = time.perf_counter(), time.process_time()
    places = write(store, out / 'features', options.faces, generator)
    size = sum(path.stat().st_size for path in (out / 'features').iterdir())
    started = marked(f'features written, {size / 1e9:.2f} GB', started)
    rows = store.train.rows[places]
    large = features.load(out / 'features')
    found = frozen.judged(
        frozen.stored(large, np.arange(options.faces)),
        data.train.labels[rows],
        data.class_names,
        None,
        name='large',
        ids=np.array([f'{row:06d}' for row in range(options.faces)]),
        clean_labels=data.train.clean_labels[rows],
        set_name='drawn features',
        key='large',
        network=large.card['network'],
        faces=frozen.NO_PICTURES,
    )
    started = marked('judged', started)
    written = found.save(out)
    sizes = ', '.join(f'{p.name} {p.stat().st_size / 1e6:.1f} MB' for p in written)
    marked(f'page and lists written ({sizes})', started)
    print(*found.doubts(), sep='\n')


if __name__ == '__main__':
    main()
