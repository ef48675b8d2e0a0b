"""The seam: an algorithm is a named tuple of pure functions.

A method is one module of this package with a function `make(task, ...)`; its name is
the module's name. It writes down an objective and says, by `method`, in what else it
differs from plain training. Everything else (state, step, loop, checkpoints,
evaluation) is shared. Only `proximity` is none: it wraps any of them.

Axes: N training examples, B batch, V views, P peers (co-trained networks), C classes,
D embedding. Every leaf of params and stats has a leading axis P.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fer_jax import nets
from fer_jax.errors import Unusable
from fer_jax.numerics import losses
from fer_jax.settings import Field, check


class Task(NamedTuple):
    """What every method is given, beside its own settings."""

    backbone: Any  # a Flax module: images [B, H, W, 3] -> Features
    num_classes: int  # C
    num_examples: int  # N
    peer_map: str = 'unroll'  # how co-trained networks run (nets.peers)

    def networks(
        self,
        peers: int = 1,
        model: Callable[..., Any] = nets.Classifier,
        **settings: Any,
    ) -> nets.Networks:
        """`peers` copies of model(backbone, num_classes, **settings)."""
        made = model(self.backbone, self.num_classes, **settings)
        return nets.networks(made, peers, self.peer_map)


class Batch(NamedTuple):
    """What a step sees of the training set."""

    images: jax.Array  # [V, B, H, W, 3] float32, augmented and normalised
    labels: jax.Array  # [B] int32, the current labels
    # a field, where a tuple has a method
    index: jax.Array  # type: ignore[assignment]  # [B] int32, rows of the [N] tables


class Progress(NamedTuple):
    """How far training is, as arrays: a schedule that reads them compiles once."""

    step: jax.Array  # [] int32, optimiser steps taken
    epoch: jax.Array  # [] int32, full passes over the training set


class Aux(NamedTuple):
    """What an objective returns beside its loss."""

    stats: Any  # new batch statistics
    memory: Any  # the algorithm's memory after this step
    embeddings: jax.Array  # [P, B, D]
    metrics: dict[str, jax.Array]  # name -> []
    relabels: jax.Array  # [B] int32, a new label, or -1 to keep the current one


class Prediction(NamedTuple):
    """What the networks say about images, in evaluation mode."""

    logits: jax.Array  # [P, B, C] float32
    embeddings: jax.Array  # [P, B, D] float32


class Signal(NamedTuple):
    """What a score is: the number by which a method judges a given label.

    It is taken of every training example after each epoch, with the batch statistics
    frozen.
    """

    name: str
    of: Callable  # (logits [..., C], labels [...]) -> [...] float32
    rising: bool  # the larger, the more likely the label is right
    augmented: bool = True  # images augmented as for training, or plain ones

    def clean(self, upper: jax.Array) -> jax.Array:
        """Of the posterior of the component of larger scores, that of right labels."""
        return upper if self.rising else 1 - upper

    @property
    def about(self) -> dict[str, Any]:
        """What a run tells of it in result.json."""
        told = ('name', 'rising', 'augmented')
        return {name: getattr(self, name) for name in told}


SIMILARITY = Signal('similarity', losses.similarity, rising=True)
LOSS = Signal('loss', losses.cross_entropy, rising=False)
SELF_CONFIDENCE = Signal('log_odds', losses.log_odds, rising=True)


class Algorithm(NamedTuple):
    """A method of learning from noisy labels.

    After each epoch the `signal` of all training examples, the scores, is handed to
    `refresh`; `log_odds` turns the same scores into the log-odds that each label is
    right, unclipped, so that they rank all examples. All three are about the *given*
    labels, whatever the relabel table says by now; `fit_of` gives the mixture behind
    them.

    `absorb` sees the training set once, unaugmented, before the first step, batch by
    batch; rows with mask False are padding.
    """

    init: Callable  # (rng, images [B, H, W, 3]) -> params, stats, memory
    objective: Callable
    # (params, stats, memory, batch, progress, rng) -> loss [], Aux
    predict: Callable  # (params, stats, images [B, H, W, 3]) -> Prediction
    peers: int = 1  # P
    views: int = 1  # augmented views of each image that a step needs
    answer: str = '1'  # the voter that speaks for the method (numerics.votes)
    signal: Signal = SELF_CONFIDENCE
    refresh: Callable | None = None
    # (memory, scores [P, N], labels [N], progress) -> memory; a score is NaN where an
    # example is not learned from
    log_odds: Callable = lambda memory, scores, labels: scores
    # (memory, scores [P, N], labels [N]) -> [P, N]
    fit_of: Callable = lambda memory: None
    # memory -> division.Fitted over the scaled signal, or None of a method without
    absorb: Callable | None = None
    # (params, stats, memory, batch, mask [B]) -> memory


def method(
    networks: nets.Networks, objective: Callable, *, memory: Any = (), **more: Any
) -> Algorithm:
    """The Algorithm that `objective` makes of `networks`, by the defaults of the seam.

    The networks return (logits, embeddings, ...), which is what is predicted.

    Args:
      networks: from Task.networks.
      objective: see Algorithm.
      memory: of the method at the start; or a function of a key that gives it.
      more: fields of Algorithm in the place of the defaults.
    """

    def init(rng, images):
        first = memory(jax.random.fold_in(rng, 1)) if callable(memory) else memory
        return *networks.init(rng, images), first

    def predict(params, stats, images):
        return Prediction(*networks.predict(params, stats, images)[:2])

    usual: dict[str, Any] = {'init': init, 'predict': predict, 'peers': networks.peers}
    return Algorithm(**usual | {'objective': objective} | more)


def outcome(
    loss: jax.Array,
    batch: Batch,
    stats: Any,
    memory: Any,
    logits: jax.Array,
    embeddings: jax.Array,
    weights: jax.Array | None = None,
    relabels: jax.Array | None = None,
    **more: jax.Array,
) -> tuple[jax.Array, Aux]:
    """(loss, Aux) of an objective; by default no label changes.

    Args:
      logits: [P, B, C]; the metric `accuracy` is network 1's.
      weights: of examples in the loss, [..., B]; their mean is the metric `weight`.
      relabels: [B] int32.
      more: other metrics, [] each.
    """
    right = jnp.argmax(logits[0], axis=-1) == batch.labels
    metrics = {'loss': loss, 'accuracy': jnp.mean(right)}
    if weights is not None:
        metrics['weight'] = jnp.mean(weights)
    return loss, Aux(
        stats=stats,
        memory=memory,
        embeddings=embeddings,
        metrics=metrics | more,
        relabels=jnp.full_like(batch.labels, -1) if relabels is None else relabels,
    )


def names() -> list[str]:
    """Every method there is, in alphabetical order."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [name for name in modules if hasattr(_imported(name), 'make')]


def make(name: str, **settings: Any) -> Algorithm:
    """The algorithm `name`, built by its module's own `make(task, **settings)`.

    Args:
      settings: the fields of a Task, and hyper-parameters of the method, which has the
        paper's values as defaults.

    Raises:
      Unusable: no such method, a setting that it does not have, or one out of range.
    """
    known = settings_of(name)
    task = Task(**{f: settings.pop(f) for f in Task._fields if f in settings})
    for setting, value in settings.items():
        if setting not in known:
            raise Unusable(
                f'algorithm.{setting}: {name} has no such setting; it has'
                f' {", ".join(known) or "none"}'
            )
        check(f'algorithm.{setting}', known[setting], value)
    return _module(name).make(task, **settings)


def settings_of(name: str) -> dict[str, Field]:
    """{setting: Field} of the method `name`, in its own order.

    Raises:
      Unusable: no such method.
    """
    return _module(name).SETTINGS


def _module(name):
    if name not in names():
        raise Unusable(f'unknown algorithm {name!r}; there are: {", ".join(names())}')
    return _imported(name)


def _imported(name):
    return importlib.import_module(f'{__name__}.{name}')
