"""How well a ReSup run, a plain run and cleanlab find the wrong labels of one set.

    python launch.py audit --workdir=PLAIN --kfold=5
    .venv/bin/pip install cleanlab
    python -m benchmarks.against_cleanlab PLAIN RESUP

PLAIN and RESUP are finished runs on the same labels, whose right ones are known in part
at least; only those count. Confident learning (Northcutt et al. 2021) gets the
probabilities that PLAIN's folds give examples they did not see.
"""

import argparse
import pathlib
import sys

import numpy as np

try:
    from cleanlab import filter as confident_learning
    from cleanlab import rank
except ImportError:
    sys.exit('this benchmark compares with cleanlab: pip install cleanlab')

from fer_jax.analysis import calibration, cases, curves

SCORES = {
    'self-confidence': rank.get_self_confidence_for_each_label,
    'normalized margin': rank.get_normalized_margin_for_each_label,
}
FILTERS = 'prune_by_noise_rate', 'prune_by_class', 'both', 'confident_learning'


def opinions(case):
    """{name: trust [N]} of a run: its last word, and what all epochs together say."""
    log_odds = case.run.log_odds
    return {
        'last epoch': log_odds.mean(axis=0),
        'mean score of all epochs': case.run.scores.mean(axis=(0, 1)),
        "the audit's trust": calibration.trust(case.run.scores, case.judged.rising),
    }


def out_of_fold(folder, case):
    """labels [N] and probabilities [N, C] of `audit --kfold`."""
    if not (np.load(folder / 'ids.npy') == case.ids).all():
        raise SystemExit(f'{folder}: ids.npy is not in the order of labels.csv')
    return np.load(folder / 'labels.npy'), np.load(folder / 'pred_probs.npy')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('plain', type=pathlib.Path)
    parser.add_argument('resup', type=pathlib.Path)
    options = parser.parse_args()
    plain, resup = (cases.read(path) for path in (options.plain, options.resup))
    if not np.array_equal([plain.ids, plain.given], [resup.ids, resup.given]):
        raise SystemExit(f'{options.plain} and {options.resup} are on different labels')
    labels, probs = out_of_fold(options.plain, plain)
    known = plain.known
    wrong, rate = plain.wrong[known], plain.wrong[known].mean()
    print(f'{known.sum():,} labels, {wrong.sum():,} wrong ({rate:.1%})')

    ranked = {f'ReSup, {name}': trust for name, trust in opinions(resup).items()}
    ranked |= {f'plain, {name}': trust for name, trust in opinions(plain).items()}
    ranked |= {
        f'cleanlab, {name}': score(labels, probs) for name, score in SCORES.items()
    }
    for name, trust in ranked.items():
        found = curves.detection(trust[known], wrong, rate)
        print(f'{name:42}', *(f'{value:.3f}' for value in found.values()))

    print(
        '\ncalled wrong by cleanlab; share that is, and of as many by ReSup, by plain'
    )
    for name in FILTERS:
        called = confident_learning.find_label_issues(labels, probs, filter_by=name)
        called = called[known]
        right = [wrong[called].mean()]
        for method in ('ReSup', 'plain'):
            trust = ranked[f"{method}, the audit's trust"][known]
            right.append(wrong[np.argsort(trust)[: called.sum()]].mean())
        print(f'{name:42} {called.sum():5,}', *(f'{share:.3f}' for share in right))


if __name__ == '__main__':
    main()
