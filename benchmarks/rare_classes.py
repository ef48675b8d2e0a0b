"""Recall of rare classes by heads on features: docs/results.md, "Rare classes".

    python -m benchmarks.rare_classes --majority=DIR --human=DIR --features=DIR \
        --out=DIR [--seeds=3] [--jobs=2] [ARM ...]

The two settings of benchmarks.methods_on_features, with whose OUT it may share one.
Plain heads, Co-teaching and ReSup; these with balanced sampling, ReSup with weights
balanced by class, and with a mixture for each class; all with answers adjusted by tau
(config.adjust), for which nothing is trained anew. Mean over the seeds, and the
standard deviation of the accuracy.
"""

import numpy as np

from benchmarks import methods_on_features as on_features
from fer_jax.data import features, prepared
from fer_jax.deploy import model
from fer_jax.numerics import metrics, votes
from fer_jax.training import examples, files, front, heap, history

ARMS = {  # name -> method, fields
    'plain': ('baseline', {}),
    'plain, balanced batches': ('baseline', {'data.balanced': True}),
    'Co-teaching': ('coteaching', {}),
    'Co-teaching, balanced batches': ('coteaching', {'data.balanced': True}),
    'ReSup': ('resup', {}),
    'ReSup, balanced batches': ('resup', {'data.balanced': True}),
    'ReSup, a mixture a class': ('resup', {'algorithm.mixture': 'class'}),
    'ReSup, safe rules': ('resup', {'algorithm.rules': 'safe'}),
    'ReSup, safe rules, a mixture a class': (
        'resup',
        {'algorithm.rules': 'safe', 'algorithm.mixture': 'class'},
    ),
    'ReSup, weights by class variance': ('resup', {'algorithm.balance': 'class_var'}),
}
TAUS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
SHOWN = ('disgust', 'fear')


def planned(arm, kind, seed, data, store):
    """The run of an arm."""
    method, changed = ARMS[arm]
    name = arm.lower().replace(', ', '-').replace(' ', '_')
    return on_features.planned(name, method, kind, seed, data, store, changed.items())


def confusions(workdir, data, store):
    """[tau, C, C] of the method's answer on the test faces."""
    loaded = model.from_run(workdir, network='mean')
    about = front.Front(store, files.read_axes(workdir))
    test = prepared.load(data).test
    rows = test.readable()
    seen = about.source('flip').plain(about.read('test', rows, lambda count: None))
    algorithm = model.method(loaded.card)
    logits = algorithm.predict(loaded.params, loaded.stats, seen).logits
    probs = votes.probabilities(algorithm.answer, logits)
    prior = history.read_evidence(workdir).mean(axis=0)
    labels, every = examples.labels_of_test(test), np.ones(len(rows), bool)
    found = []
    for tau in TAUS:
        said = votes.adjusted(probs, prior, tau).argmax(axis=1)
        found.append(metrics.confusion(said, labels, every, len(prior)))
    return np.array(found)


def main():
    parser = on_features.parser(__doc__.splitlines()[0], seeds=3)
    parser.add_argument('--kinds', default='human,symmetric')
    parser.add_argument('arms', nargs='*', default=list(ARMS))
    options = parser.parse_args()
    heap.keep()
    folders, stores = on_features.settings(options)
    out, kinds = options.out / 'rare', options.kinds.split(',')
    plans = {
        (kind, arm): [
            planned(arm, kind, seed, folders[kind], stores[kind])
            for seed in range(options.seeds)
        ]
        for kind in kinds
        for arm in options.arms
    }
    every = [run for runs in plans.values() for run in runs]
    on_features.carry_out(every, out, options.jobs)
    for kind in kinds:
        print(f'\n| {kind} | tau | accuracy | balanced |', ' | '.join(SHOWN), '|')
        print('|---|---|---|---|---|---|')
        store = features.load(stores[kind])
        names = prepared.load(folders[kind]).class_names  # each set has its order
        for arm in options.arms:
            each = [
                confusions(out / run.name, folders[kind], store)
                for run in plans[kind, arm]
                if files.finished(out / run.name)
            ]
            if not each:
                continue
            for number, tau in enumerate(TAUS):
                counts = [one[number] for one in each]
                accuracy = [100 * metrics.accuracy(one) for one in counts]
                balanced = 100 * np.mean([metrics.balanced_accuracy(o) for o in counts])
                recalls = np.mean([metrics.recalls(one) for one in counts], axis=0)
                told = ' | '.join(f'{recalls[names.index(n)]:.2f}' for n in SHOWN)
                spread = f'{np.mean(accuracy):.1f} ± {np.std(accuracy):.1f}'
                print(f'| {arm} | {tau} | {spread} | {balanced:.1f} | {told} |')


if __name__ == '__main__':
    main()
