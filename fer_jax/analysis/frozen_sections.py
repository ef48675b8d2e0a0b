"""The sections of an audit's page of a set that no network was trained on."""

import hashlib
from typing import Any

import numpy as np

import fer_jax
from fer_jax.analysis import calibration, sections

BY = {  # of judging.decided_by
    'regression': 'regression alone: so few wrong labels teach T nothing',
    'both': 'regressions with and without T; T is not read between classes',
    'T': 'T between classes, regressions with and without it within',
}
NO_RUN = 'No network was trained for this audit, so there is nothing by epoch.'


def content(labels: Any, pictures: int) -> dict[str, Any]:
    """Everything that the page shows: plain values and arrays, as page.render takes it.

    Args:
      labels: frozen.Frozen.
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
        'set': labels.set_name,
        'classes': list(labels.class_names),
        'examples': len(labels.ids),
        'epochs': 0,
        'networks': 0,
        'key': hashlib.sha256(labels.key.encode()).hexdigest()[:16],
        'version': fer_jax.__version__,
    }


def summary(labels: Any) -> dict[str, Any]:
    """Data, noise, and what to do next."""
    judged = labels.judged
    few = min(sections.REVIEWED, len(labels.ids))
    wrong = calibration.expected_yield(labels.right)[few - 1]
    return {
        'data': [
            ['data set', labels.set_name],
            ['training labels', f'{len(labels.ids):,}'],
            ['network', labels.network],
            ['order by', BY[judged.by]],
            ['agreement out of fold', f'{100 * judged.agreement:.1f} %'],
        ],
        'noise': sections.noise_summary(labels),
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


def noise(labels: Any) -> dict[str, Any]:
    """Transition matrices; where truth is known, how well wrong labels are found."""
    found = sections.noise(labels)
    found['transitions']['estimated'] = labels.judged.transition.astype(np.float32)
    return found
