"""Wrong labels found from frozen features: docs/results.md, "Without training".

    python -m benchmarks.frozen_audit --majority=DIR --human=DIR --features=DIR \
        human:8000 symmetric:.3:8000:3 pair:.3:8000 ...

A setting is KIND[:RATE]:SIZE[:SEEDS]. `human`: labels of the human set against its
clean ones; else noise of that kind on the majority set, of which FEATURES, made of the
human set, has all faces: found by their ids. Faces are drawn as data.max_train draws
them, by the seed; 8,000 faces under noise are the same for all seeds of the noise.
"""

import argparse
import time

import numpy as np

from fer_jax.analysis import frozen
from fer_jax.data import features, noise_list, prepared
from fer_jax.numerics import judging, metrics
from fer_jax.training import examples, heap

FIRST = 200


def auroc(wrong, trust):
    """Share of pairs (wrong, right) that are in order, ties half."""
    return metrics.detection(trust, wrong)['auroc']


def measure(trust, given, clean):
    """AUROC, average precision, precision of the first 200, mean AUROC in classes."""
    known = clean >= 0
    trust, given = trust[known], given[known]
    wrong = given != clean[known]
    order = np.argsort(trust, kind='stable')
    hits = wrong[order].cumsum() / np.arange(1, len(order) + 1)
    inside = [
        auroc(wrong[given == label], trust[given == label])
        for label in np.unique(given)
        if 0 < wrong[given == label].sum() < (given == label).sum()
    ]
    return np.array([
        auroc(wrong, trust), hits[wrong[order]].mean(), wrong[order][:FIRST].mean(),
        np.mean(inside),
    ])  # fmt: skip


def drawn(data, kind, rate, size, seed):
    """Rows, given and clean labels of a setting."""
    rows = examples.drawn(
        data.train, size, 0 if size == 8000 and kind != 'human' else seed
    )
    if kind == 'human':
        return rows, data.train.labels[rows], data.train.clean_labels[rows]
    given = noise_list.draw(data, kind=kind, rate=rate, seed=seed).labels
    return rows, given[rows], data.train.labels[rows]


def parser(description):
    """An argument parser with the two sets and their features."""
    found = argparse.ArgumentParser(description=description)
    for name in ('majority', 'human', 'features'):
        found.add_argument(f'--{name}', required=True)
    return found


def loaded(options):
    """({name: set}, {name: row of each training face in the features}, features)."""
    sets = {
        name: prepared.load(getattr(options, name)) for name in ('majority', 'human')
    }
    human = {name: i for i, name in enumerate(sets['human'].train.ids.tolist())}
    places = {
        name: np.array([human[one] for one in data.train.ids.tolist()])
        for name, data in sets.items()
    }
    return sets, places, features.load(options.features)


def main():
    heap.keep()
    known = parser(__doc__.splitlines()[0])
    known.add_argument('settings', nargs='+')
    options = known.parse_args()
    sets, places, store = loaded(options)
    for setting in options.settings:
        kind, *numbers = setting.split(':')
        rate = float(numbers.pop(0)) if kind not in ('human', 'asymmetric_fer') else 0.0
        size, seeds = int(numbers[0]), int((*numbers, 1)[1])
        name = 'human' if kind == 'human' else 'majority'
        found, said, seconds, by = [], [], [], []
        for seed in range(seeds):
            rows, given, clean = drawn(sets[name], kind, rate, size, seed)
            x = frozen.on_axes(frozen.stored(store, places[name][rows]))
            started = time.process_time()
            judged = judging.judge(x, given, len(sets[name].class_names))
            seconds.append(time.process_time() - started)
            by.append(judged.by)
            known = clean >= 0
            wrong = given[known] != clean[known]
            found.append(
                [measure(one, given, clean) for one in (judged.plain, judged.log_odds)]
            )
            first = np.argsort(judged.log_odds, kind='stable')[:FIRST]
            said.append([
                wrong.mean(), judged.estimate, *judged.interval,
                (1 - judged.right[first]).sum(),
            ])  # fmt: skip
        words = ('wrong', 'estimated', 'from', 'to', 'expected of the first 200')
        print(f'{setting}: {np.mean(seconds):.0f} s, by {" ".join(by)},', *(
            f'{word} {value:.3f}' for word, value in zip(words, np.mean(said, axis=0))
        ))  # fmt: skip
        for word, values in zip(('regression', 'audit'), np.mean(found, axis=0)):
            spread = np.std(found, axis=0)[int(word == 'audit')]
            print(f'  {word:10s}', *(f'{v:.3f}' for v in values), '+-',
                  *(f'{v:.3f}' for v in spread), flush=True)  # fmt: skip


if __name__ == '__main__':
    main()
