"""What a review finds and what it is worth: docs/results.md, "Reviewing".

    python -m benchmarks.review --majority=DIR --human=DIR --features=DIR \
        [--votes=fer2013new.csv] [--seeds=5] human symmetric

The reviewer is FERPlus: it relabels where it knows the label of a face, and drops the
face where it does not. 8,000 faces, 2,000 decisions, the labels ranked again after each
hundred. `human`: FER2013's labels; `symmetric`: 30 % noise on FERPlus majorities.
FEATURES, made of the human set, has the faces of both, found by their ids.
"""

import csv
import time

import jax.numpy as jnp
import numpy as np

from benchmarks import frozen_audit
from fer_jax.analysis import sampled
from fer_jax.data import coordinates
from fer_jax.numerics import axes, judging, kinds, metrics, regression, reviewing
from fer_jax.training import examples, heap

RATE = 0.3
FACES, DECISIONS, EVERY = 8000, 2000, 100
SHOWN = (200, 500, 1000, 1500, 2000)  # decisions
PAYS = (0, 500, 1000, 2000)
ADJUSTED = 0.5  # logits less so many times the logarithm of the class's share
SAMPLE, DRAWS = 200, 20  # of the blind sample


class Setting:
    """Faces on their axes and labels, of one seed."""

    def __init__(self, kind, seed, sets, places, store):
        name = 'human' if kind == 'human' else 'majority'
        data = sets[name]
        rows, given, clean = frozen_audit.drawn(data, kind, RATE, FACES, seed)
        self.names, self.ids = data.class_names, data.train.ids[rows]
        self.given, self.clean = given, clean
        self.known = clean >= 0
        self.wrong = self.known & (given != clean)
        self.test = examples.labels_of_test(data.test)
        self.x, self.x_test = on_axes(store, places[name][rows])


def on_axes(store, rows):
    """[N, k] of the training rows and [M, k] of all test faces; no label is seen."""
    order = np.sort(rows)
    columns = coordinates.columns_of(store.card['columns'], side=1)
    found = coordinates.fit(lambda: coordinates.means(store.train, order), columns)

    def read(stored, wanted):
        blocks = coordinates.means(stored, wanted)
        return np.concatenate(
            [found.of(block).reshape(len(block), -1) for block in blocks]
        )

    train = read(store.train, order)[np.searchsorted(order, rows)]
    test, mean = read(store.test, store.test.rows), train.mean(axis=0)
    x = axes.uncorrelated(train)
    turn = np.linalg.lstsq(train - mean, x)[0]  # what that did, for other faces
    return x, ((test - mean) @ turn).astype(np.float32)


def review(setting, judged):
    """Wrong labels found after each hundred decisions, scores of the model, seconds."""
    x, given = jnp.asarray(setting.x), jnp.asarray(setting.given, jnp.int32)
    many, n = len(setting.names), len(setting.given)
    place = jnp.asarray(
        judging.places(setting.x, setting.given, many, judging.FOLDS, 0)
    )
    first = reviewing.begin(x, given, place, jnp.asarray(judged.transition))
    shares, dropped = np.zeros((n, many), np.float32), np.zeros(n, bool)
    seen, trust = np.zeros(n, bool), judged.log_odds
    found, paid, seconds = {}, {0: model(setting, first)}, []
    while seen.sum() < DECISIONS:
        next_ones = np.argsort(np.where(seen, np.inf, trust), kind='stable')[:EVERY]
        seen[next_ones] = True
        told = next_ones[setting.known[next_ones]]
        shares[told, setting.clean[told]] = 1
        dropped[next_ones[~setting.known[next_ones]]] = True
        started = time.process_time()
        decided = reviewing.Decided(jnp.asarray(shares), jnp.asarray(dropped))
        # from the start each time, as the review does: a restart gives the same order
        belief = reviewing.learn(first, decided, x, given, place)
        trust = reviewing.log_odds(belief, setting.given)
        seconds.append(time.process_time() - started)
        found[int(seen.sum())] = int(setting.wrong[seen].sum())
        paid[int(seen.sum())] = model(setting, belief)
    return found, paid, float(np.median(seconds))


def model(setting, belief):
    """Accuracy, balanced accuracy; both with logits adjusted to the classes' shares."""
    logits = np.asarray(regression.by_all(belief.fit, jnp.asarray(setting.x_test)))
    share = np.asarray(belief.posterior).mean(axis=0)
    return scores(setting.test, logits) + scores(
        setting.test, logits - ADJUSTED * np.log(share)
    )


def scores(test, logits):
    """(accuracy, mean recall)."""
    hit = logits.argmax(axis=1) == test
    return hit.mean(), np.mean([hit[test == label].mean() for label in np.unique(test)])


def relearned(setting, seen):
    """`scores` of a plain regression on the labels after a review of `seen` [N]."""
    labels = np.where(seen & setting.known, setting.clean, setting.given)
    place = np.where(seen & ~setting.known, -1, 0).astype(np.int32)
    targets = np.eye(len(setting.names), dtype=np.float32)[labels]
    fit = regression.fit(
        jnp.asarray(setting.x), jnp.asarray(targets), jnp.asarray(place),
        folds=1, l2=judging.L2, iterations=judging.ITERATIONS,
    )  # fmt: skip
    logits = regression.by_all(fit, jnp.asarray(setting.x_test))
    return scores(setting.test, np.asarray(logits))


def after_sample(setting, judged):
    """Means over draws of a blind sample: error of its rate, ECE, and how many times
    too many wrong labels are expected among the first 200."""
    known, first = setting.known, np.argsort(judged.log_odds, kind='stable')[:200]
    first = first[known[first]]
    right = ~setting.wrong
    found = []
    for draw in range(DRAWS):
        rows = np.random.default_rng(draw).permutation(FACES)[:SAMPLE]
        rows = rows[known[rows]]
        told = sampled.rate(setting.wrong[rows])
        inside = told.low <= setting.wrong.sum() / known.sum() <= told.high
        probability = sampled.calibrated(judged.log_odds, rows, right[rows])
        error = metrics.reliability(probability[known], right[known]).error
        expected = (1 - probability[first]).sum() / setting.wrong[first].sum()
        found.append([told.share, inside, error, expected])
    before = metrics.reliability(judged.right[known], right[known]).error
    return before, np.array(found)


def evidence(setting, judged, path):
    """{kind: AUROC} against the votes of FERPlus."""
    with open(path, newline='') as file:
        lines = [list(row.values())[2:] for row in csv.DictReader(file)]
    rows = [int(name.split('-')[1]) for name in setting.ids.tolist()]
    seen = np.array(lines, int)[rows]  # eight classes, unknown, not a face
    no_face = seen[:, 9] >= 5
    two = (seen[:, :8].max(axis=1) <= 5) & ~no_face
    known = setting.known
    return {
        'wrong': frozen_audit.auroc(setting.wrong[known], judged.log_odds[known]),
        'ambiguous': frozen_audit.auroc(two, -np.sort(judged.posterior, axis=1)[:, -2]),
        'unlike': frozen_audit.auroc(no_face, -kinds.distance(setting.x)),
    }


def report(kind, settings, votes):
    """Measures all seeds of a kind and prints means and deviations."""
    lines, pays, samples, kinds_of = [], [], [], []
    for setting in settings:
        judged = judging.judge(setting.x, setting.given, len(setting.names))
        found, paid, seconds = review(setting, judged)
        fixed = np.argsort(judged.log_odds, kind='stable')
        plain = np.argsort(judged.plain, kind='stable')
        drawn = np.random.default_rng(0).permutation(FACES)
        orders = {'random': drawn, 'plain log-odds': plain, 'fixed': fixed}
        counts = {
            name: [int(setting.wrong[order[:k]].sum()) for k in SHOWN]
            for name, order in orders.items()
        }
        lines.append(counts | {'ranked again': [found[k] for k in SHOWN]})
        worth = {
            name: [relearned(setting, np.isin(np.arange(FACES), orders[name][:k]))
                   for k in PAYS]
            for name in ('random', 'fixed')
        }  # fmt: skip
        worth['its own model'] = [paid[k][:2] for k in PAYS]
        worth[f'adjusted by {ADJUSTED}'] = [paid[k][2:] for k in PAYS]
        pays.append(worth)
        samples.append(after_sample(setting, judged))
        if votes and kind == 'human':
            kinds_of.append(evidence(setting, judged, votes))
        twins = kinds.twins(setting.x)
        disputed = sum(1 for _ in kinds.disputes(twins, setting.given))
        print(f'{kind}: a round {seconds:.2f} s; {len(twins.rows)} pairs of twins,'
              f' {disputed} with two labels', flush=True)  # fmt: skip
    print(f'{kind}: wrong labels found among the first {SHOWN} decisions')
    for name in lines[0]:
        values = np.array([line[name] for line in lines])
        print(f'  {name:16s}', words(values))
    print(f'{kind}: accuracy / mean recall after {PAYS} decisions')
    for name in pays[0]:
        values = np.array([worth[name] for worth in pays])
        print(f'  {name:16s}', words(values[..., 0]), '/', words(values[..., 1]))
    before = np.mean([one[0] for one in samples])
    all_draws = np.concatenate([one[1] for one in samples])
    share, inside, error, expected = all_draws.T
    print(f'{kind}: a blind sample of {SAMPLE}: rate {share.mean():.3f}'
          f' +- {share.std():.3f}, interval held {inside.mean():.0%}; ECE {before:.3f}'
          f' before, {error.mean():.3f} after, at most {error.max():.3f}; expected of'
          f' the first 200, of those found, {expected.min():.2f} to'
          f' {expected.max():.2f}')  # fmt: skip
    for name in kinds_of[0] if kinds_of else ():
        values = np.array([one[name] for one in kinds_of])
        print(f'{kind}: AUROC of {name}', words(values))


def words(values):
    """'mean+-deviation' of each column over the first axis."""
    values = np.atleast_2d(values.T).T
    digits = 0 if values.max() > 1 else 3
    return ' '.join(
        f'{mean:.{digits}f}+-{spread:.{digits}f}'
        for mean, spread in zip(values.mean(axis=0), values.std(axis=0))
    )


def main():
    heap.keep()
    parser = frozen_audit.parser(__doc__.splitlines()[0])
    parser.add_argument('--votes', help='fer2013new.csv of FERPlus, for kinds')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('kinds', nargs='+', choices=('human', 'symmetric'))
    options = parser.parse_args()
    loaded = frozen_audit.loaded(options)
    for kind in options.kinds:
        settings = (Setting(kind, seed, *loaded) for seed in range(options.seeds))
        report(kind, settings, options.votes)


if __name__ == '__main__':
    main()
