"""Every method as heads on stored features: docs/results.md, "Methods on features".

    python -m benchmarks.methods_on_features --majority=DIR --human=DIR \
        --features=DIR --out=DIR [--seeds=5] [METHOD ...]

Two settings of 8,000 faces: 30 % symmetric noise on FERPlus majority labels, drawn anew
for each seed, and people's labels (FER2013 against FERPlus majority). FEATURES, made of
the human set, has all faces: those of the majority set are found by their ids. All runs
go through one process, seed by seed; those that are there are not done again. Prints
the table of what is there, mean +- standard deviation over the seeds.
"""

import argparse
import importlib
import json
import pathlib
import shutil
import time

import numpy as np

from fer_jax.data import features, prepared
from fer_jax.training import files, heap, loop, setup

METHODS = (
    'baseline', 'arazo', 'coteaching', 'coteaching_threshold', 'dividemix', 'dmue',
    'dmue_c', 'dul', 'eac', 'elr', 'gce', 'ido', 'jocor', 'jocor_weights', 'nla',
    'pt_threshold', 'resup', 'rul', 'rul_c', 'scn', 'scn_c',
)  # fmt: skip
RATE = {'symmetric': 0.3, 'human': 0.0}
TOLD = 0.32  # of people's labels, for methods that have to be told: what is known
FACES = 8000
CPU = 'processor_seconds.json'


def copied(human, majority, store, folder):
    """The features of the majority set in `folder`, out of those of the human one."""
    if folder.exists():
        return
    names = {split: getattr(human, split).ids.tolist() for split in prepared.SPLITS}
    where = {
        name: (split, row) for split in names for row, name in enumerate(names[split])
    }
    rows = {
        'train': np.arange(len(majority.train.ids)),
        'test': np.arange(len(majority.test.ids)),
    }
    known = {
        split: {row: place for place, row in enumerate(getattr(store, split).rows)}
        for split in prepared.SPLITS
    }

    def compute(split, chunks):
        ids = getattr(majority, split).ids
        for chunk in chunks:
            found = [where[name] for name in ids[chunk].tolist()]
            yield np.stack(
                [getattr(store, part).values[known[part][row]] for part, row in found]
            )

    features.write(
        folder,
        compute,
        about=store.about | {'dataset_digest': majority.digest},
        rows=rows,
        shape=store.train.values.shape[1:],
    )


def configured(method, kind, seed, data, store):
    config = importlib.import_module(f'configs.{method}').get_config(
        f'dataset=fer2013,noise={RATE[kind]},on=features'
    )
    config.seed = config.noise.seed = seed
    config.data.dir, config.data.features = str(data), str(store)
    config.data.max_train = FACES
    if kind == 'human' and 'noise_rate' in config.algorithm:
        config.algorithm.noise_rate = TOLD
    return config


def train(config, workdir, kind, out):
    """Trains, with the axes that an earlier run left in `out`; seconds that it took."""
    axes = out / f'axes-{kind}-{config.data.parts}.npz'  # labels take no part in them
    workdir.mkdir(parents=True, exist_ok=True)
    if axes.exists():
        shutil.copy(axes, workdir / files.AXES)
    started = time.process_time()
    loop.train(setup.prepare(config, workdir))
    seconds = time.process_time() - started
    shutil.copy(workdir / files.AXES, axes)
    return seconds


def run(method, kind, seed, data, store, out):
    """Trains, unless it is done."""
    workdir = out / f'{method}-{kind}-{seed}'
    if measured(workdir):
        return
    config = configured(method, kind, seed, data, store)
    seconds = train(config, workdir, kind, out)
    (workdir / CPU).write_text(json.dumps(seconds))
    shutil.rmtree(workdir / 'checkpoints')


def measured(workdir):
    return files.finished(workdir) and (workdir / CPU).exists()


def numbers(workdir):
    found = files.read_result(workdir)
    told = found['recalls']
    return [
        100 * found['last'], 100 * found['balanced_accuracy'], told['disgust'],
        told['fear'], found['auroc'], float((workdir / CPU).read_text()),
    ]  # fmt: skip


def table(out, seeds):
    for kind in RATE:
        print(
            f'\n| {kind} | accuracy | balanced | disgust | fear | AUROC | s | seeds |'
        )
        print('|---|---|---|---|---|---|---|---|')
        for method in METHODS:
            there = [out / f'{method}-{kind}-{seed}' for seed in range(seeds)]
            rows = [numbers(folder) for folder in there if measured(folder)]
            if not rows:
                continue
            mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
            cells = [f'{mean[i]:.1f} ± {spread[i]:.1f}' for i in range(2)]
            cells += [f'{mean[i]:.2f} ± {spread[i]:.2f}' for i in (2, 3)]
            cells += [f'{mean[4]:.3f} ± {spread[4]:.3f}']
            cells += [f'{np.min(rows, axis=0)[5]:.0f}', str(len(rows))]
            print(f'| {method} |', ' | '.join(cells), '|', flush=True)


def parser(description, seeds):
    """An argument parser with what the settings need."""
    found = argparse.ArgumentParser(description=description)
    for name in ('majority', 'human', 'features', 'out'):
        found.add_argument(f'--{name}', required=True, type=pathlib.Path)
    found.add_argument('--seeds', type=int, default=seeds)
    return found


def settings(options):
    """({kind: folder of the set}, {kind: folder of its features}), made if need be."""
    options.out.mkdir(parents=True, exist_ok=True)
    human, majority = map(prepared.load, (options.human, options.majority))
    stores = {'human': options.features, 'symmetric': options.out / 'features'}
    copied(human, majority, features.load(options.features), stores['symmetric'])
    return {'human': options.human, 'symmetric': options.majority}, stores


def main():
    known = parser(__doc__.splitlines()[0], seeds=5)
    known.add_argument('methods', nargs='*', default=METHODS)
    options = known.parse_args()
    heap.keep()
    folders, stores = settings(options)
    for seed in range(options.seeds):
        for method in options.methods:
            for kind in RATE:
                run(method, kind, seed, folders[kind], stores[kind], options.out)
        table(options.out, options.seeds)


if __name__ == '__main__':
    main()
