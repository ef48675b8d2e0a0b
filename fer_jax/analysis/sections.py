"""The sections of an audit's page that the files of a run suffice for.

Each is plain values and arrays as page.render takes them, or a line that says why the
run has nothing for it. Rows are places in `Case.order`: the least trusted label is 0.
"""

import hashlib
import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_jax import home
from fer_jax.analysis import (
    calibration,
    cases,
    curves,
    page,
    thumbnails,
    transitions,
    verdict,
)
from fer_jax.numerics import metrics, votes
from fer_jax.training import results

REVIEWED = 200  # labels that a person looks at in one go


def about(case: cases.Case) -> dict[str, Any]:
    """What run this is."""
    result = case.run.result
    # Decisions belong to labels, not to a run: another run on them finds them again.
    known = f'{result["dataset_digest"]} {result["noise_list_sha256"]}'
    return {
        'name': case.run.name,
        'method': result['config']['algorithm']['name'],
        'set': result['config']['data']['name'],
        'classes': list(case.class_names),
        'examples': len(case.ids),
        'epochs': len(case.run.rows),
        'networks': case.run.scores.shape[1],
        'key': hashlib.sha256(known.encode()).hexdigest()[:16],
        'version': result['fer_jax'],
    }


def summary(case: cases.Case, which: str | None) -> dict[str, Any]:
    """Data, noise, accuracy, and what to do next.

    Args:
      which: the checkpoint that was looked into, or None.
    """
    result = case.run.result
    names = {'': votes.title(result['answer'])} | {
        key: votes.title(key.removeprefix('accuracy_'))
        for key in result
        if key.startswith('accuracy_')
    }
    config = result['config']
    return {
        'data': [
            ['data set', config['data']['name']],
            ['training labels', f'{len(case.ids):,}'],
            ['test labels', f'{result["test_examples"]:,}'],
            ['noise added', noise_words(result)],
            ['corrections', correction_words(result)],
            ['method', config['algorithm']['name']],
            [
                'backbone',
                f'{config["model"]["backbone"]}, width'
                f' {config["model"]["width"]}, {config["data"]["image_size_px"]} px',
            ],
            ['records skipped', str(result.get('skipped_records', 0))],
        ],
        'noise': noise_summary(case),
        'accuracy': [
            {'name': name}
            | {k: block[k] for k in ('last', 'last5', 'best_on_test', 'best_epoch')}
            for key, name in names.items()
            for block in [result[key] if key else result]
        ],
        'mean_of': results.mean_of(len(case.run.rows)),
        'balanced_accuracy': result['balanced_accuracy'],
        'macro_f1': result['macro_f1'],
        'next': advice(case, which),
    }


def noise_summary(case: verdict.Verdict) -> dict[str, Any]:
    """How many labels are wrong, as far as that is known."""
    known = int(case.known.sum())
    return {
        'expected_wrong': float((1 - case.right).sum()),
        'rate': float((1 - case.right).mean()),
        'rate_was_given': case.rate.told,
        'estimate': case.rate.estimate,
        'interval': [case.rate.low, case.rate.high],
        'doubts': case.doubts(),
        'known': known,
        'known_wrong': int(case.wrong.sum()) if known else None,
        'known_rate': float(case.wrong.sum() / known) if known else None,
    }


def noise_words(result: dict[str, Any]) -> str:
    """'symmetric, rate 30 %, seed 0', or 'none: labels as they came'."""
    noise = result['config']['noise']
    if not result['noise_list_sha256']:
        return 'none: labels as they came'
    if noise.get('list'):
        return f'the list {noise["list"]}'
    if noise['kind'] in ('matrix', 'asymmetric_fer'):
        return f'{noise["kind"]}, seed {noise["seed"]}'
    rate = f'{100 * noise["rate"]:.3g} %'
    return f'{noise["kind"]}, rate {rate}, seed {noise["seed"]}'


def correction_words(result: dict[str, Any]) -> str:
    """'3 labels changed, 1 dropped', or 'none'."""
    counts = result.get('corrections')  # runs of older versions do not say
    if not result.get('corrections_sha256'):
        return 'none'
    return results.corrections(counts).partition(': ')[2] if counts else 'some'


def advice(case: cases.Case, which: str | None) -> list[tuple[str, str | None]]:
    """[(what to do, command or None)]."""
    folder = case.run.folder
    few = min(REVIEWED, len(case.ids))
    wrong = calibration.expected_yield(case.right)[few - 1]
    again = command(
        f'--config=configs/stored.py:{folder}',
        '--config.noise.corrections=decisions.csv',
        f'--workdir={folder}-reviewed',
    )
    audit = command('audit', f'--workdir={folder}')
    found = [
        (
            f'Review the {few} most suspicious labels: about {wrong:.0f} are expected'
            ' to be wrong. Click a card below, press k, r or d, and download'
            ' decisions.csv.',
            None,
        ),
        ('Train again, as this run and with your decisions:', again),
        ('Get out-of-fold probabilities for cleanlab:', f'{audit} --kfold=5'),
    ]
    if which is None:
        found.insert(1, ('Add embeddings and Grad-CAM to this page:', audit))
    return found


def command(*words: str) -> str:
    """A command line, as a shell takes it."""
    return shlex.join([*home.launch().split(), *words])


def labels(case: Any) -> dict[str, Any]:
    """The columns of the table."""
    order = case.order
    small = np.uint8 if len(case.class_names) <= 256 else np.uint16
    found = {
        'ids': page.texts(case.ids[order].tolist()),
        'given': case.given[order].astype(small),
        'suggested': case.suggested[order].astype(small),
        'right': case.right[order].astype(np.float32),
        'networks': np.round(65535 * case.networks[:, order]).astype(np.uint16),
        'flips': np.minimum(case.flips.count[order], 255).astype(np.uint8),
    }
    if case.flips.count.any():
        found['final'] = case.final[order].astype(small)
    if case.known.any():
        found['clean_labels'] = case.clean_labels[order].astype(np.int16)
    return found


def pictures(
    case: Any, suspects: np.ndarray, more: Sequence[np.ndarray]
) -> dict[str, Any] | str:
    """Small pictures of the rows `suspects` and of those that other sections show.

    Args:
      more: list of arrays of rows.
    """
    faces = case.faces
    if isinstance(faces, str):
        return faces
    rows = np.unique(np.concatenate([suspects, *more])).astype(np.int32)
    ids = case.ids[case.order[rows]]
    found = [thumbnails.of(faces, name) for name in ids.tolist()]
    everyone = len(suspects) == len(case.ids)
    rule = (
        'every label has one.'
        if everyone
        else f'the {len(suspects):,} most suspicious labels have one (--pictures=N'
        ' makes it N), and a curve over the epochs of a run; the table has every label.'
    )
    return {'rows': rows, 'rule': rule} | thumbnails.strung(found)


def noise(case: Any) -> dict[str, Any]:
    """Transition matrices; where truth is known, how well wrong labels are found."""
    if case.evidence is None:  # of a run of an older version
        elsewhere = transitions.suggestions(
            case.given, case.suggested, len(case.class_names)
        )
    else:
        elsewhere = transitions.others(case.given, case.evidence)
    estimated = transitions.estimate(case.given, case.right, elsewhere)
    counted = None
    if case.known.any():
        counted = transitions.counted(
            case.given, case.clean_labels, len(case.class_names)
        )
        counted = counted.astype(np.float32)
    return {
        'transitions': {'estimated': estimated.astype(np.float32), 'counted': counted},
        'detection': detection(case.right[case.known], case.wrong[case.known]),
    }


def detection(right: np.ndarray, wrong: np.ndarray) -> dict[str, Any] | str:
    """Curves and numbers of probabilities [N] of being right; `wrong` [N] bool."""
    if not len(wrong):
        return (
            'No clean label is known, so how well wrong labels are found cannot be'
            ' measured here.'
        )
    if wrong.all() or not wrong.any():
        return f'{wrong.sum()} of {len(wrong)} labels are wrong: nothing to tell apart.'
    rate = float(wrong.mean())
    curve = curves.thinned(curves.points(right, wrong), 400)
    names = ('false_alarms', 'recall', 'precision')
    judged = metrics.reliability(right, ~wrong)
    return curves.detection(right, wrong, rate) | {
        'known': len(wrong),
        'wrong': int(wrong.sum()),
        'rate': rate,
        'curve': {name: getattr(curve, name).astype(np.float32) for name in names},
        'reliability': {
            'said': judged.said.astype(np.float32),
            'right': judged.right.astype(np.float32),
            'count': judged.count.astype(np.int32),
            'error': float(judged.error),
        },
    }
