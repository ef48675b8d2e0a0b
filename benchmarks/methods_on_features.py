"""Every method as heads on stored features: docs/results.md, "Methods on features".

    python -m benchmarks.methods_on_features --majority=DIR --human=DIR \
        --features=DIR --out=DIR [--seeds=5] [--jobs=2] [METHOD ...]

Two settings of 8,000 faces: 30 % symmetric noise on FERPlus majority labels, drawn anew
for each seed, and people's labels (FER2013 against FERPlus majority). FEATURES, made of
the human set, has all faces: those of the majority set are found by their ids. The runs
are carried out as those of a sweep (docs/sweeps.md). Prints the table of what is there,
mean +- standard deviation over the seeds.
"""

import argparse
import pathlib

import numpy as np

from fer_jax.data import features, prepared
from fer_jax.sweeps import plan, sweep
from fer_jax.training import files, heap

METHODS = (
    'baseline', 'arazo', 'coteaching', 'coteaching_threshold', 'dividemix', 'dmue',
    'dmue_c', 'dul', 'eac', 'elr', 'gce', 'ido', 'jocor', 'jocor_weights', 'nla',
    'pt_threshold', 'resup', 'rul', 'rul_c', 'scn', 'scn_c',
)  # fmt: skip
RATE = {'symmetric': 0.3, 'human': 0.0}
TOLD = 0.32  # of people's labels, for methods that have to be told: what is known
FACES = 8000


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


def planned(name, method, kind, seed, folder, store, changed=()):
    """A run of a method in one of the two settings."""
    fields = {
        'data.dir': folder,
        'data.features': store,
        'data.max_train': FACES,
        'seed': seed,
        'noise.seed': seed,
        **dict(changed),
    }
    config = f'configs/{method}.py:dataset=fer2013,noise={RATE[kind]},on=features'
    run = plan.Planned(
        f'{name}-{kind}-{seed}', config, tuple((n, str(v)) for n, v in fields.items())
    )
    if kind == 'human' and 'noise_rate' in run.read().algorithm:
        run = run._replace(fields=(*run.fields, ('algorithm.noise_rate', str(TOLD))))
    return run


def carry_out(runs, out, jobs):
    """Trains what is not finished; stopped, the same command goes on."""
    plan.check_folders(runs, out)
    sweep.train(runs, out, jobs)


def numbers(workdir):
    found = files.read_result(workdir)
    told = found['recalls']
    return [
        100 * found['last'], 100 * found['balanced_accuracy'], told['disgust'],
        told['fear'], found['auroc'],
    ]  # fmt: skip


def table(out, seeds):
    for kind in RATE:
        print(f'\n| {kind} | accuracy | balanced | disgust | fear | AUROC | seeds |')
        print('|---|---|---|---|---|---|---|')
        for method in METHODS:
            there = [out / f'{method}-{kind}-{seed}' for seed in range(seeds)]
            rows = [numbers(folder) for folder in there if files.finished(folder)]
            if not rows:
                continue
            mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
            cells = [f'{mean[i]:.1f} ± {spread[i]:.1f}' for i in range(2)]
            cells += [f'{mean[i]:.2f} ± {spread[i]:.2f}' for i in (2, 3)]
            cells += [f'{mean[4]:.3f} ± {spread[4]:.3f}', str(len(rows))]
            print(f'| {method} |', ' | '.join(cells), '|', flush=True)


def parser(description, seeds):
    """An argument parser with what the settings need."""
    found = argparse.ArgumentParser(description=description)
    for name in ('majority', 'human', 'features', 'out'):
        found.add_argument(f'--{name}', required=True, type=pathlib.Path)
    found.add_argument('--seeds', type=int, default=seeds)
    found.add_argument('--jobs', type=int, default=1)
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
    runs = [
        planned(method, method, kind, seed, folders[kind], stores[kind])
        for kind in RATE
        for method in options.methods
        for seed in range(options.seeds)
    ]
    carry_out(runs, options.out, options.jobs)
    table(options.out, options.seeds)


if __name__ == '__main__':
    main()
