"""What a run says of itself, in numbers: for its rows, result.json and labels.csv."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import special

import fer_jax
from fer_jax.numerics import flips as changes
from fer_jax.numerics import metrics
from fer_jax.training import files, mesh

LAST = 5  # epochs that `last5` is the mean of


def detection(log_odds: np.ndarray, examples: Any) -> dict[str, float]:
    """How well the log-odds of being right find the wrong ones of the given labels.

    Args:
      log_odds: [P, N], the mean over the networks is judged.
      examples: examples.Examples; those with clean label -1 do not count.

    Returns:
      {'auroc', 'average_precision', 'precision_at_true_count'}, wrong labels being the
      positive class; {} when none is known to be, or all are.
    """
    known = examples.clean_labels >= 0
    if not known.any():
        return {}
    wrong = (examples.labels != examples.clean_labels)[known]
    if not wrong.any() or wrong.all():
        return {}
    values = metrics.detection(log_odds.mean(axis=0)[known], wrong)
    return {name: float(value) for name, value in values.items()}


def relabelling(examples: Any, flips: changes.Flips) -> dict[str, float]:
    """numerics.flips.summary of a run's Flips; {} when no label ever changed."""
    if not flips.count.any():
        return {}
    values = changes.summary(flips, examples.clean_labels)
    if not (examples.clean_labels >= 0).any():
        del values['relabel_precision']
    return values


def vanished(run: Any, flips: changes.Flips) -> list[str]:
    """Names of the classes whose last example was relabelled in the newest epoch."""
    gone = np.setdiff1d(flips.before, flips.labels)
    return [run.prepared.class_names[label] for label in gone]


def accuracies(
    rows: Sequence[dict[str, Any]], name: str = 'test/accuracy'
) -> dict[str, float]:
    """{'last', 'last5', 'best_on_test', 'best_epoch'} of one metric over the rows.

    `last5` is the mean of the last five epochs, of all where they are fewer, what the
    ReSup paper says it reports;
    `best_on_test` is chosen on the test set and therefore no fair estimate.
    """
    values = [row[name] for row in rows]
    best = max(values)
    return {
        'last': values[-1],
        'last5': statistics.fmean(values[-LAST:]),
        'best_on_test': best,
        'best_epoch': rows[values.index(best)]['epoch'],
    }


def mean_of(epochs: int) -> str:
    """What `last5` of a run of so many epochs is the mean of, in words."""
    if epochs == 1:
        return 'of the only epoch'
    return f'mean of the last {min(epochs, LAST)} epochs'


def result(
    run: Any,
    rows: Sequence[dict[str, Any]],
    confusions: np.ndarray,
    told: dict[str, Any],
) -> dict[str, Any]:
    """The content of result.json.

    Args:
      run: setup.Run.
      rows: of metrics.jsonl, all epochs.
      confusions: [V, C, C] of the last epoch, the method's answer first.
      told: what `detection` and `relabelling` returned for the last epoch.
    """
    names = run.prepared.class_names
    others = [key for key in rows[-1] if key.startswith('test/accuracy_')]
    seconds = sum(row['seconds'] for row in rows)
    trained = run.steps_per_epoch * run.config.batch_size * len(rows)
    return {
        **accuracies(rows),
        **{key.removeprefix('test/'): accuracies(rows, key) for key in others},
        'balanced_accuracy': rows[-1]['test/balanced_accuracy'],
        'macro_f1': rows[-1]['test/macro_f1'],
        'recalls': dict(zip(names, plain(metrics.recalls(confusions[0])))),
        'confusion': confusions[0].tolist(),
        **told,
        'method': run.config.algorithm.name,
        'answer': run.algorithm.answer,
        'signal': run.algorithm.signal.about,
        'class_names': list(names),
        'train_examples': len(run.examples.labels),
        'test_examples': len(run.test_labels),
        'skipped_records': len(run.damage),
        'wrong_labels': wrong_count(run.examples),
        'seconds': round(seconds, 1),
        'trained_images_per_second': round(trained / seconds, 1),
        'devices': mesh.described(run.mesh),
        'dataset_digest': run.prepared.digest,
        'noise_list_sha256': run.noise.sha256 if run.noise else None,
        'corrections_sha256': run.corrected.sha256 if run.corrected else None,
        'corrections': run.corrections,
        'start': [start._asdict() for start in run.starts],
        'config': json.loads(run.config.to_json()),
        'fer_jax': fer_jax.__version__,
    }


def adjusted(run: Any, confusion: np.ndarray) -> dict[str, Any]:
    """What the method's answer comes to with adjusted probabilities, for result.json.

    Args:
      confusion: [C, C] of config.adjust.
    """
    names = ('accuracy', 'balanced_accuracy', 'macro_f1')
    recalls = zip(run.prepared.class_names, plain(metrics.recalls(confusion)))
    return {
        'tau': run.config.adjust,
        **{name: float(getattr(metrics, name)(confusion)) for name in names},
        'recalls': dict(recalls),
        'confusion': confusion.tolist(),
    }


def corrections(counts: dict[str, int]) -> str:
    """What corrections did, in words; `counts` as result.json and data.json have it."""
    changed, dropped = counts['changed'], counts['dropped']
    # older versions did not count what was decided and stays
    kept = f', {counts["kept"]:,} kept' if 'kept' in counts else ''
    return f'corrections: {changed:,} labels changed, {dropped:,} dropped{kept}'


def wrong_count(examples: Any) -> int | None:
    """Number of labels known to be wrong; None when no clean label is known."""
    known = examples.clean_labels >= 0
    if not known.any():
        return None
    return int((examples.labels != examples.clean_labels)[known].sum())


def plain(values: Iterable[float]) -> list[float | None]:
    """Floats for JSON: NaN becomes None."""
    return [None if math.isnan(value) else float(value) for value in values]


def labels(
    examples: Any,
    final: np.ndarray,
    flips: np.ndarray,
    log_odds: np.ndarray,
    suggested: np.ndarray,
) -> files.Labels:
    """The files.Labels of a finished run.

    Args:
      examples: examples.Examples.
      final: [N] int32, the relabel table at the end.
      flips: [N] int32.
      log_odds: [P, N] of being right.
      suggested: [N] int32, class of the largest mean probability.
    """
    return files.Labels(
        ids=examples.ids,
        given=examples.labels,
        final=final,
        suggested=suggested,
        flips=flips,
        trust=special.expit(log_odds.astype(np.float64)),
        clean=examples.clean_labels,
    )
