"""Classification and detection metrics: counts on the device, one division at the end.

`confusion` runs inside jit and its results add up over batches; everything else takes
NumPy arrays on the host. A class without examples has recall nan and is left out of
the averages over classes.
"""

import jax.numpy as jnp
import numpy as np


def confusion(predicted, labels, mask, num_classes):
    """Counts [C, C] int32 of (true label, predicted label) over the masked batch.

    Args:
      predicted: [B] int in [0, C).
      labels: [B] int; a negative one is unknown and is not counted.
      mask: [B] bool, False for padding.
      num_classes: C.
    """
    counted = (mask & (labels >= 0)).astype(jnp.int32)
    empty = jnp.zeros((num_classes, num_classes), jnp.int32)
    return empty.at[labels, predicted].add(counted)


def accuracy(confusion):
    """Fraction of right predictions; nan when nothing was counted."""
    return float(_ratio(np.trace(confusion), np.sum(confusion)))


def recalls(confusion):
    """Fraction of each true class that was found, [C]; nan for absent classes."""
    return _ratio(np.diagonal(confusion), np.sum(confusion, axis=1))


def balanced_accuracy(confusion):
    """Mean recall over the classes that have examples."""
    return _mean(recalls(confusion))


def macro_f1(confusion):
    """Mean over the classes that have examples of 2 TP / (2 TP + FP + FN)."""
    true = np.sum(confusion, axis=1)
    f1 = _ratio(2 * np.diagonal(confusion), true + np.sum(confusion, axis=0))
    return _mean(np.where(true > 0, f1, np.nan))


def detection(trust, wrong):
    """How well low trust finds the wrong labels.

    auroc: chance that a wrong label is ranked above a right one, ties counting half
    average_precision: sum over thresholds of (R_n - R_(n-1)) P_n, ties one threshold
    precision_at_true_count: precision among the first n, n the number of wrong labels;
      of a tie that straddles the end, the expected share

    Args:
      trust: [N], finite; clean probabilities or their log-odds: only ranks count.
      wrong: [N] bool, the positive class.

    Returns:
      dict of floats, all nan when no label or every label is wrong.

    Raises:
      ValueError: a trust that is not finite.
    """
    trust = np.asarray(trust, np.float64)
    wrong = np.asarray(wrong, bool)
    if not np.isfinite(trust).all():
        bad = int((~np.isfinite(trust)).sum())
        raise ValueError(f'{bad} values of trust are not finite; mask these rows out')
    # groups of equal score, least trusted first
    _, group = np.unique(trust, return_inverse=True)
    size = np.bincount(group)
    hits = np.bincount(group, weights=wrong)
    positives, negatives = hits.sum(), (size - hits).sum()
    if not (positives and negatives):
        names = ('auroc', 'average_precision', 'precision_at_true_count')
        return dict.fromkeys(names, float('nan'))
    found, taken = np.cumsum(hits), np.cumsum(size)
    misses = size - hits
    above = np.concatenate([[0.0], found[:-1]])
    auroc = np.sum(misses * (above + hits / 2)) / (positives * negatives)
    precision = np.sum(hits / positives * found / taken)
    first = np.interp(positives, np.r_[0, taken], np.r_[0, found]) / positives
    return {
        'auroc': float(auroc),
        'average_precision': float(precision),
        'precision_at_true_count': float(first),
    }


def relabelling(tables, clean_labels):
    """What became of the given labels.

    relabelled: examples whose last label is not the given one
    relabel_precision: share of them, of those with a known clean label, whose last
      label is the clean one; 0 when there is none
    flips: changes from one table to the next
    returns: flips back to a label that the example had before

    Args:
      tables: [E, N] int, the given labels and the table after each epoch.
      clean_labels: [N] int, -1 where unknown.
    """
    tables = np.asarray(tables)
    flips = tables[1:] != tables[:-1]
    returns = sum(
        int(np.sum(flips[e - 1] & (tables[:e] == tables[e]).any(axis=0)))
        for e in range(1, len(tables))
    )
    changed = tables[-1] != tables[0]
    known = changed & (clean_labels >= 0)
    right = np.sum(known & (tables[-1] == clean_labels))
    return {
        'relabelled': int(changed.sum()),
        'relabel_precision': float(right / max(known.sum(), 1)),
        'flips': int(flips.sum()),
        'returns': returns,
    }


def _ratio(numerator, denominator):
    """numerator / denominator in float64, nan where the denominator is 0."""
    denominator = np.asarray(denominator, np.float64)
    return numerator / np.where(denominator > 0, denominator, np.nan)


def _mean(values):
    """Mean of the values that are not nan; nan when none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float('nan')
