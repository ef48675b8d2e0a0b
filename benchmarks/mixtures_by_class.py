"""One mixture, or one a class, over the same scores: docs/results.md, "Rare classes".

    python -m benchmarks.mixtures_by_class --out=DIR [--seeds=3]

OUT is that of benchmarks.methods_on_features, with its runs of resup. Their scores, of
the last epoch and the mean of all, are fitted and read both ways by both rules: AUROC
of wrong labels, its mean over given classes, and average precision; mean +- standard
deviation over the seeds. Nothing is trained.
"""

import argparse
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import methods_on_features
from fer_jax.numerics import division, metrics, mixtures
from fer_jax.training import files, history

FIT = jax.jit(division.fit, static_argnums=(0, 4))
READ = jax.jit(division.read, static_argnums=0)


def scores(workdir):
    """{'last': [P, N] of the last epoch, 'mean': [P, N]}."""
    epochs = len(files.read_rows(workdir))
    every = history.History(workdir, epochs).all('scores')
    return {'last': every[-1], 'mean': np.mean(every, axis=0)}


def judged(values, labels, rules, classes):
    """AUROC, its mean within given classes and average precision of scores [P, N]."""
    values, given = jnp.asarray(values), jnp.asarray(labels.given)
    tools = division.tools('beta', rules)
    mixture, _ = FIT(tools, values, jnp.isfinite(values), given, classes)
    odds = np.asarray(READ(tools.log_odds, mixture, values, given)).mean(axis=0)
    known = labels.clean >= 0
    odds, given = odds[known], labels.given[known]
    wrong = given != labels.clean[known]
    found = metrics.detection(odds, wrong)
    within = [
        metrics.detection(odds[given == c], wrong[given == c])['auroc']
        for c in np.unique(given)
        if 0 < wrong[given == c].mean() < 1
    ]
    return found['auroc'], np.mean(within), found['average_precision']


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', required=True, type=pathlib.Path)
    parser.add_argument('--seeds', type=int, default=3)
    options = parser.parse_args()
    print('| labels | scores | rules | mixtures | AUROC | within classes | AP |')
    print('|---|---|---|---|---|---|---|')
    for kind in methods_on_features.RATE:
        rows = {}
        for seed in range(options.seeds):
            workdir = options.out / f'resup-{kind}-{seed}'
            names = files.read_result(workdir)['class_names']
            labels = files.read_labels(workdir, names)
            for when, values in scores(workdir).items():
                for rules in mixtures.RULES:
                    for name, count in (('one', None), ('one a class', len(names))):
                        found = judged(values, labels, rules, count)
                        rows.setdefault((when, rules, name), []).append(found)
        for row, found in rows.items():
            mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
            cells = [f'{m:.3f} ± {s:.3f}' for m, s in zip(mean, spread)]
            print('|', ' | '.join((kind, *row, *cells)), '|', flush=True)


if __name__ == '__main__':
    main()
