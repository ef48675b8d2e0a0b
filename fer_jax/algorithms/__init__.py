"""The seam: an algorithm is a named tuple of pure functions.

A method is one module of this package with a function `make`; its name is the
module's name. Everything else (state, step, loop, checkpoints, evaluation) is shared.
Only `proximity` is none: it wraps any of them.

Axes: N training examples, B batch, V views, P peers (co-trained networks), C classes,
D embedding. Every leaf of params and stats has a leading axis P.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from fer_jax.errors import Unusable
from fer_jax.numerics import losses
from fer_jax.settings import check

COMMON = ('backbone', 'num_classes', 'num_examples', 'peer_map')  # of every method


class Batch(NamedTuple):
    """What a step sees of the training set."""

    images: jax.Array  # [V, B, H, W, 3] float32, augmented and normalised
    labels: jax.Array  # [B] int32, the current labels
    index: jax.Array  # [B] int32, place of each example in the tables of length N


class Progress(NamedTuple):
    """How far training is, as arrays: a schedule that reads them compiles once."""

    step: jax.Array  # [] int32, optimiser steps taken
    epoch: jax.Array  # [] int32, full passes over the training set


class Aux(NamedTuple):
    """What an objective returns beside its loss."""

    stats: Any  # new batch statistics
    memory: Any  # the algorithm's memory after this step
    embeddings: jax.Array  # [P, B, D]
    weights: jax.Array  # [P, B], trust in each given label
    metrics: dict[str, jax.Array]  # name -> []
    relabels: jax.Array  # [B] int32, a new label, or -1 to keep the current one


class Prediction(NamedTuple):
    """What the networks say about images, in evaluation mode."""

    logits: jax.Array  # [P, B, C] float32
    embeddings: jax.Array  # [P, B, D] float32


class Algorithm(NamedTuple):
    """A method of learning from noisy labels.

    `score` is gathered over the training set after each epoch, with the batch
    statistics frozen, and handed to `refresh`; `log_odds` turns the same scores into
    the log-odds that each label is right, unclipped, so that they rank all examples.
    All three are about the *given* labels, whatever the relabel table says by now.

    `absorb` sees the training set once, unaugmented, before the first step, batch by
    batch; rows with mask False are padding.
    """

    init: Callable  # (rng, images [B, H, W, 3]) -> params, stats, memory
    objective: Callable
    # (params, stats, memory, batch, progress, rng) -> loss [], Aux
    predict: Callable  # (params, stats, images [B, H, W, 3]) -> Prediction
    views: int = 1  # augmented views of each image that a step needs
    answer: str = '1'  # the voter that speaks for the method (numerics.votes)
    score: Callable | None = None  # (params, stats, batch) -> [P, B]
    refresh: Callable | None = None
    # (memory, scores [P, N], labels [N], progress) -> memory
    log_odds: Callable | None = None
    # (memory, scores [P, N], labels [N]) -> [P, N]
    scores_augmented: bool = True  # score sees training augmentation, or plain images
    absorb: Callable | None = None
    # (params, stats, memory, batch, mask [B]) -> memory


def self_confidence(predict):
    """{'score': ..., 'log_odds': ...} of a method without a better opinion of labels.

    The log-odds that the networks themselves give to the given label, unclipped.
    """

    def score(params, stats, batch):
        logits = predict(params, stats, batch.images[0]).logits
        return losses.log_odds(logits, batch.labels[None])

    return {'score': score, 'log_odds': lambda memory, scores, labels: scores}


def names():
    """Every method there is, in alphabetical order."""
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    return sorted(modules - {'proximity'})


def make(name, **settings):
    """The algorithm `name`, built by its module's own `make(**settings)`.

    Every method takes `backbone` (a Flax module returning Features), `num_classes`,
    `num_examples` and `peer_map`, and its own hyper-parameters with the paper's
    values as defaults.

    Raises:
      Unusable: no such method, a setting that it does not have, or one out of range.
    """
    known = settings_of(name)
    for setting, value in settings.items():
        if setting in known:
            check(f'algorithm.{setting}', known[setting], value)
        elif setting not in COMMON:
            raise Unusable(
                f'algorithm.{setting}: {name} has no such setting; it has'
                f' {", ".join(known) or "none"}'
            )
    return _module(name).make(**settings)


def settings_of(name):
    """{setting: Field} of the method `name`, in its own order.

    Raises:
      Unusable: no such method.
    """
    return _module(name).SETTINGS


def _module(name):
    if name not in names():
        raise Unusable(f'unknown algorithm {name!r}; there are: {", ".join(names())}')
    return importlib.import_module(f'{__name__}.{name}')
