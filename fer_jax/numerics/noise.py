"""Label noise: transition matrices and labels drawn from them, on the host.

Every draw goes through `Generator.random` of a Philox generator, whose stream NumPy
keeps from version to version, so a noise list is a function of its key alone:

    generator = np.random.Generator(np.random.Philox(key))
    given = corrupt(labels, transition('symmetric', 0.3, 7), generator=generator)
"""

from collections.abc import Sequence

import numpy as np

from fer_jax.errors import Unusable

FER_RATES = {  # ReSup, sec. 4.9: the harder the expression, the more of it is wrong
    'surprise': 0.1,
    'anger': 0.2,
    'disgust': 0.3,
    'sadness': 0.4,
    'fear': 0.5,
    'happiness': 0.0,
    'neutral': 0.0,
}
CIFAR10_LIKE = {  # Patrini et al. 2017: what a class is taken for
    'truck': 'automobile',
    'bird': 'airplane',
    'deer': 'horse',
    'cat': 'dog',
    'dog': 'cat',
}
BLOCK = 5  # classes of CIFAR-100 that are taken for each other, in JoCoR's release
KINDS = ('symmetric', 'pair', 'asymmetric_fer', 'asymmetric_cifar', 'matrix')


def transition(
    kind: str,
    rate: float | None,
    num_classes: int,
    *,
    inclusive: bool = False,
    class_names: Sequence[str] | None = None,
    matrix: np.ndarray | None = None,
) -> np.ndarray:
    """Label-noise matrix T [C, C] float64, T[i, j] = p(given = j | true = i).

    symmetric:       (1 - r) I + r / (C - 1) (1 - I); inclusive: (1 - r) I + r / C,
                     whose effective rate is r (C - 1) / C
    pair:            (1 - r) I + r shift(I), class i becomes i + 1    Han et al. 2018
    asymmetric_fer:  a rate for each expression, uniform over the others    ReSup 4.9
    asymmetric_cifar: (1 - r) I + r A, A of CIFAR-10: truck -> automobile, bird ->
                     airplane, deer -> horse, cat <-> dog, the others stay; of 100
                     classes: in blocks of five, each becomes the next of its block,
                     the last the first, as in JoCoR's release. Its blocks are of the
                     alphabet, not CIFAR-100's superclasses
    matrix:          the given one

    Args:
      kind: one of KINDS.
      rate: r, fraction of wrong labels, in [0, 1); None or 0 for asymmetric_fer and
        matrix, which have their own.
      num_classes: C.
      inclusive: the new label may be the old one (symmetric only).
      class_names: names in the order of the labels, for both asymmetric kinds.
      matrix: [C, C], rows sum to 1, for 'matrix'.

    Raises:
      Unusable: unknown kind, or arguments that do not fit it.

    >>> transition('symmetric', 0.3, 4).round(3)
    array([[0.7, 0.1, 0.1, 0.1],
           [0.1, 0.7, 0.1, 0.1],
           [0.1, 0.1, 0.7, 0.1],
           [0.1, 0.1, 0.1, 0.7]])
    """
    if kind not in KINDS:
        raise Unusable(f'unknown noise kind {kind!r}; there are: {", ".join(KINDS)}')
    if inclusive and kind != 'symmetric':
        raise Unusable(f'inclusive is for symmetric noise, got {kind!r}: leave it out')
    if kind in ('symmetric', 'pair', 'asymmetric_cifar'):
        rates = np.full(num_classes, _checked_rate(rate))
        if num_classes < 2:
            raise Unusable(f'noise needs at least 2 classes, got {num_classes}')
    elif rate:
        raise Unusable(
            f'{kind!r} noise has its own rates, got rate {rate}: set it to 0'
        )
    if kind == 'matrix':
        return _checked_matrix(matrix, num_classes)
    if kind == 'asymmetric_fer':
        rates = _fer_rates(class_names, num_classes)
    identity = np.eye(num_classes)
    if kind == 'pair':
        others = np.roll(identity, 1, axis=1)
    elif kind == 'asymmetric_cifar':
        others = identity[_alike(class_names, num_classes)]
    elif inclusive:
        others = np.full_like(identity, 1 / num_classes)
    else:
        others = (1 - identity) / (num_classes - 1)
    return (1 - rates)[:, None] * identity + rates[:, None] * others


def corrupt(
    labels: np.ndarray,
    transition: np.ndarray,
    *,
    generator: np.random.Generator,
    exact: bool = False,
) -> np.ndarray:
    """Labels [N] int32 after noise.

    Args:
      labels: [N] int in [0, C), the true ones.
      transition: T [C, C], rows sum to 1.
      generator: np.random.Generator over Philox; only its `random` is used.
      exact: of the n_c examples of class c exactly n_c (1 - T_cc), rounded half up,
        change, spread over the other classes in proportion to T (largest remainder,
        ties at random); else every example draws independently.

    Raises:
      Unusable: a label outside [0, C).
    """
    labels = np.asarray(labels)
    num_classes = len(transition)
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise Unusable(
            f'labels lie in [0, {num_classes}), got {labels.min()} to {labels.max()}; '
            'leave rows without a label out'
        )
    draws = generator.random(len(labels))
    ties = generator.random((num_classes, num_classes))
    given = labels.astype(np.int32)
    for label in range(num_classes):
        rows = np.flatnonzero(labels == label)
        if exact:
            counts = _counts(len(rows), transition[label], label, ties[label])
            drawn = np.repeat(np.arange(num_classes), counts)
            rows = rows[np.argsort(draws[rows], kind='stable')]
        else:
            edges = np.cumsum(transition[label])
            # exactly 1 at the end, so that no draw falls beyond the last class
            drawn = np.searchsorted(edges / edges[-1], draws[rows], side='right')
        given[rows] = drawn
    return given


def realised(labels: np.ndarray, given: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts [C, C] int64 of (true label, given label)."""
    counts = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(counts, (labels, given), 1)
    return counts


def _checked_rate(rate):
    if rate is None or not 0 <= rate < 1:
        remedy = f'; for {rate:g} % write {rate / 100:g}' if rate and rate >= 1 else ''
        raise Unusable(f'noise rate is a fraction in [0, 1), got {rate}{remedy}')
    return rate


def _checked_matrix(matrix, num_classes):
    shape = (num_classes, num_classes)
    if matrix is None or np.shape(matrix) != shape:
        shown = None if matrix is None else np.shape(matrix)
        raise Unusable(f'matrix noise needs a {shape} matrix, got {shown}')
    matrix = np.asarray(matrix, np.float64)
    if not ((matrix >= 0).all() and np.allclose(matrix.sum(axis=1), 1)):
        raise Unusable(
            'rows of a noise matrix are probabilities that sum to 1, got row sums '
            f'{matrix.sum(axis=1).round(4).tolist()} and least entry {matrix.min():g}'
        )
    return matrix


def _fer_rates(class_names, num_classes):
    names = tuple(class_names or ())
    if set(names) != set(FER_RATES) or len(names) != num_classes:
        raise Unusable(
            f'asymmetric_fer noise knows the classes {", ".join(FER_RATES)}, '
            f'got {", ".join(names) or "no class names"}; use a matrix instead'
        )
    return np.array([FER_RATES[name] for name in names])


def _alike(class_names, num_classes):
    """[C] int: the class that each class of CIFAR is taken for."""
    places = np.arange(num_classes)
    if num_classes == 100:
        return places // BLOCK * BLOCK + (places + 1) % BLOCK
    names = list(class_names or ())
    if num_classes != 10 or not {*CIFAR10_LIKE, *CIFAR10_LIKE.values()} <= {*names}:
        raise Unusable(
            "asymmetric_cifar noise is for CIFAR-10's classes or CIFAR-100's, got"
            f' {num_classes} others; use a matrix instead'
        )
    return np.array([names.index(CIFAR10_LIKE.get(name, name)) for name in names])


def _counts(n, row, label, ties):
    """How many of n examples of class `label` get each label: [C] int, sum n."""
    others = np.where(np.arange(len(row)) == label, 0.0, row)
    wrong = int(np.floor(n * others.sum() + 0.5 + 1e-9))
    quota = wrong * others / max(others.sum(), np.finfo(float).tiny)
    counts = np.floor(quota + 1e-9).astype(int)
    order = np.lexsort((ties, -np.round(quota - counts, 9)))
    counts[order[: wrong - counts.sum()]] += 1
    counts[label] = n - wrong
    return counts
