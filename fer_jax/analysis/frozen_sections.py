"""The sections of an audit's page of a set that no network was trained on."""

import hashlib
from typing import Any

import numpy as np

import fer_jax
from fer_jax.analysis import calibration, sections

NO_RUN = 'No network was trained for this audit, so there is nothing by epoch.'


def content(labels: Any, pictures: int) -> dict[str, Any]:
    """Everything that the page shows: plain values and arrays, as page.render takes it.

    Args:
      labels: frozen.Labels.
      pictures: how many of the most suspicious labels get a picture.
    """
    suspects = np.arange(min(pictures, len(labels.ids)))
    return {
        'run': about(labels),
        'summary': summary(labels),
        'labels': sections.labels(labels),
        'pictures': sections.pictures(labels, suspects, []),
        'curves': NO_RUN,
        'noise': noise(labels),
        'epochs': NO_RUN,
        'relabels': 'No network was trained, so no label was changed.',
        'networks': dict.fromkeys(
            ('test', 'alike', 'weighted', 'space', 'cam'),
            'No network was trained on these labels.',
        ),
    }


def about(labels: Any) -> dict[str, Any]:
    """What audit this is."""
    return {
        'name': labels.name,
        'method': 'Frozen features',
        'set': labels.data.set_name,
        'classes': list(labels.names),
        'examples': len(labels.ids),
        'epochs': 0,
        'networks': 0,
        'key': hashlib.sha256(labels.data.digest.encode()).hexdigest()[:16],
        'version': fer_jax.__version__,
    }


def summary(labels: Any) -> dict[str, Any]:
    """Data, noise, and what to do next."""
    judged, known = labels.judged, int(labels.known.sum())
    few = min(sections.REVIEWED, len(labels.ids))
    wrong = calibration.expected_yield(labels.right)[few - 1]
    read = (
        'T between and within classes'
        if judged.through
        else 'regression alone: so few wrong labels teach T nothing'
    )
    return {
        'data': [
            ['data set', labels.data.set_name],
            ['training labels', f'{len(labels.ids):,}'],
            [
                'network',
                f'{labels.card["network"]}, {labels.card["size_px"]} px, frozen',
            ],
            ['order by', read],
            ['agreement out of fold', f'{100 * judged.agreement:.1f} %'],
        ],
        'noise': {
            'expected_wrong': float((1 - labels.right).sum()),
            'rate': float((1 - labels.right).mean()),
            'rate_was_given': labels.rate is not None,
            'interval': list(judged.interval),
            'doubts': [rate_words(labels), *doubts(labels)],
            'known': known,
            'known_wrong': int(labels.wrong.sum()) if known else None,
            'known_rate': float(labels.wrong.sum() / known) if known else None,
        },
        'accuracy': [],
        'next': [
            (
                f'Review the {few} most suspicious labels: about {wrong:.0f} are'
                ' expected to be wrong. Click a card below, press k, r or d, and'
                ' download decisions.csv.',
                None,
            ),
        ],
    }


def rate_words(labels: Any) -> str:
    """A sentence about the rate of wrong labels and how sure it is."""
    low, high = (100 * share for share in labels.judged.interval)
    said = 100 * labels.judged.estimate
    between = (
        f'{said:.1f} % of the labels are estimated to be wrong; {low:.1f} to'
        f' {high:.1f} % is possible. Where people err as networks do, expect the'
        ' upper half of that.'
    )
    if labels.rate is None:
        return between
    return f'The rate of {100 * labels.rate:.1f} % was given. By itself: {between}'


def doubts(labels: Any) -> list[str]:
    """Sentences about what cannot be trusted; as a rule there are none."""
    found = []
    given, suggested = (set(v.tolist()) for v in (labels.given, labels.suggested))
    lost = [labels.names[label] for label in sorted(given - suggested)]
    if lost:
        found.append(
            f'Never suggested: {", ".join(lost)}. Right labels of such a class are'
            ' doubted like wrong ones. Choose it under "Given label", and judge by eye.'
        )
    return found


def noise(labels: Any) -> dict[str, Any]:
    """Transition matrices; where truth is known, how well wrong labels are found."""
    found = sections.noise(labels)
    found['transitions']['estimated'] = labels.judged.transition.astype(np.float32)
    return found
