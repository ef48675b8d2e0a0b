"""The sections of an audit's page about what happened epoch by epoch.

As in `sections`: plain values and arrays, or a line that says why there is nothing.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from fer_jax.analysis import cases, opinions, timeline, weights
from fer_jax.numerics import votes

UNSTABLE = 30  # examples whose labels are drawn epoch by epoch
MOST_FLIPS = 6  # the last bar holds that many and more


def curves(case: cases.Case, count: int) -> dict[str, Any]:
    """What the networks thought of the first `count` labels after each epoch."""
    chosen, opinion = case.order[:count], case.scale.opinion
    values = [np.round(255 * opinion(epoch)[:, chosen]) for epoch in case.run.scores]
    return {
        'values': np.array(values, np.uint8).transpose(2, 1, 0),
        'label': case.scale.said,
        'said': 'from 0 to 1, by epoch',
    }


def epochs(case: cases.Case) -> dict[str, Any]:
    """What the networks thought after each epoch, and the mixture over it."""
    rows, scores = case.run.rows, case.run.scores
    drawn = opinions.histogram(scores, case.scale, by_truth(case))
    density, fits = None, case.judged.fits
    if fits:
        turned = opinions.right_last(fits, case.judged.rising)
        x, y = opinions.curves(turned, drawn, case.given)
        density = {'x': x, 'values': y}
    tests = {'test/accuracy': votes.title(case.run.result['answer'])} | {
        key: votes.title(key.removeprefix('test/accuracy_'))
        for key in rows[0]
        if key.startswith('test/accuracy_')
    }
    return {
        'histogram': drawn._asdict()
        | {
            'density': density,
            'title': case.scale.label.capitalize(),
            'label': case.scale.label,
            'said': 'Training labels after an epoch, on a logarithmic scale.',
        },
        'accuracy': [[name, [row[key] for row in rows]] for key, name in tests.items()],
        'auroc': [row.get('noise/auroc') for row in rows]
        if 'noise/auroc' in rows[-1]
        else None,
        'separation': opinions.separation(fits, case.given)
        if fits
        else f'{case.run.result["method"]} fits no mixture, so there are no components'
        ' to tell apart.',
        'fallbacks': opinions.fallbacks(fits) if fits else [],
        'weights': trust_by_class(case),
    }


def by_truth(case: cases.Case) -> dict[str, np.ndarray]:
    """{'right', 'wrong', 'unknown': [N] bool}, those with labels; {} without truth."""
    if not case.known.any():
        return {}
    groups = {
        'right': case.known & ~case.wrong,
        'wrong': case.wrong,
        'unknown': ~case.known,
    }
    return {name: inside for name, inside in groups.items() if inside.any()}


def trust(case: cases.Case) -> tuple[Callable[[int], np.ndarray], str]:
    """of(epoch from 0) -> [P, N] float32 trust in the labels, and what it is."""
    scores, fits, rising = case.run.scores, case.judged.fits, case.judged.rising
    if fits:
        return (
            lambda epoch: weights.posterior(
                jax.tree.map(lambda leaf: leaf[epoch], fits),
                scores[epoch],
                case.given,
                rising,
            ),
            'The weight of a label: its posterior under the mixture.',
        )
    return (
        lambda epoch: case.scale.opinion(scores[epoch]),
        f'The {case.scale.said}, for {case.run.result["method"]} has no weights by'
        ' epoch.',
    )


def trust_by_class(case: cases.Case) -> dict[str, Any]:
    """Mean trust [E, C], mean over the networks."""
    of, said = trust(case)
    mean = [
        weights.by_class(of(epoch), case.given, len(case.class_names)).mean(axis=0)
        for epoch in range(len(case.run.scores))
    ]
    return {'mean': np.array(mean, np.float32), 'said': said}


def relabels(case: cases.Case) -> dict[str, Any] | str:
    """What became of the labels; a line where none changed."""
    counts = case.flips
    if not counts.count.any():
        return f'{case.run.result["method"]} changed no label in this run.'
    found = timeline.by_epoch(
        case.given, case.tables, case.clean_labels, len(case.class_names)
    )
    unstable = timeline.unstable(counts, UNSTABLE)
    drawn = np.stack([case.given[unstable], *(now[unstable] for now in case.tables)])
    bars = np.bincount(np.minimum(counts.count, MOST_FLIPS), minlength=MOST_FLIPS + 1)
    return {
        'changed': int(found['relabelled'][-1]),
        'precision': float(found['precision'][-1]),
        'flips': int(found['flips'].sum()),
        'returns': int(found['returns'].sum()),
        'unsettled': int((counts.returns > 0).sum()),
        'by_flips': bars.tolist(),
        'by_epoch': {
            'flips': found['flips'].tolist(),
            'returns': found['returns'].tolist(),
            'precision': found['precision'].tolist()
            if case.known.any()
            else 'No clean label is known, so the precision of relabels is not either.',
        },
        'unstable': {
            'rows': case.place[unstable],
            'flips': counts.count[unstable].astype(np.int32),
            'returns': counts.returns[unstable].astype(np.int32),
            'labels': drawn.T.astype(np.uint16),
        },
    }
