"""The optimisers of the papers, with torch's conventions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

SCHEDULES = ('step', 'linear', 'cosine', 'exponential')
FALLING = ('linear', 'cosine')  # between two decay epochs
OPTIMIZERS = ('adam', 'adamw', 'sgd')
CLASSIFIER = 'classifier'  # top-level name of the parameters with a rate of their own


def learning_rate(
    name: str,
    start: float,
    decay_epochs: tuple[int, ...],
    decay_factors: tuple[float, ...],
) -> Callable:
    """rate(step, steps_per_epoch) -> learning rate, constant within an epoch, as the
    releases have it. Both may be traced: no program depends on how long an epoch is.

    step: torch's MultiStepLR; at each of decay_epochs times its factor, or times the
      only factor.
    exponential: torch's ExponentialLR, start * factor ** epoch.
    linear: start up to the first of two decay_epochs, that one too, then linear by
      epoch to 0 at the second.
    cosine: likewise, along half a cosine (Loshchilov and Hutter 2017, no restarts).
    """
    if len(decay_factors) == 1 and name == 'step':
        decay_factors = decay_factors * len(decay_epochs)

    def step_rate(step, steps_per_epoch):
        rate = jnp.float32(start)
        for epoch, factor in zip(decay_epochs, decay_factors, strict=True):
            rate = jnp.where(step < epoch * steps_per_epoch, rate, factor * rate)
        return rate

    def exponential(step, steps_per_epoch):
        (factor,) = decay_factors
        return start * jnp.power(factor, jnp.floor(step / steps_per_epoch))

    def gone(step, steps_per_epoch):
        first, last = decay_epochs
        return jnp.clip(step // steps_per_epoch - first, 0, last - first) / (
            last - first
        )

    def linear(step, steps_per_epoch):
        return start * (1 - gone(step, steps_per_epoch))

    def cosine(step, steps_per_epoch):
        return start * (1 + jnp.cos(jnp.pi * gone(step, steps_per_epoch))) / 2

    return {
        'step': step_rate,
        'exponential': exponential,
        'linear': linear,
        'cosine': cosine,
    }[name]


def rates_of_epoch(config: Any, epoch: int) -> dict[str, float]:
    """{'learning_rate': that of an epoch}, and the classifier's where it has its own.

    Args:
      config: config.optimizer.
      epoch: from 0 on.
    """
    with jax.transfer_guard('allow'):  # a few numbers
        return {
            name: float(f'{float(rate(epoch, 1)):.7g}')
            for name, rate in _rates(config).items()
        }


def schedules(config: Any) -> dict[str, tuple[float, tuple, tuple]]:
    """{prefix of the fields: (rate at the start, decay epochs, decay factors)} in use.

    '' is of all parameters, 'classifier_' of a classifier that has a rate of its own:
    where it has no epochs or factors of its own, it has those of the others.
    """
    epochs, factors = tuple(config.decay_epochs), tuple(config.decay_factors)
    used = {'': (config.learning_rate, epochs, factors)}
    if config.classifier_learning_rate:
        used['classifier_'] = (
            config.classifier_learning_rate,
            tuple(config.classifier_decay_epochs) or epochs,
            tuple(config.classifier_decay_factors) or factors,
        )
    return used


def _rates(config):
    """{'learning_rate': rate of steps}, and the classifier's where it has its own."""
    return {
        f'{prefix}learning_rate': learning_rate(config.schedule, *schedule)
        for prefix, schedule in schedules(config).items()
    }


def scale_by_rate(rate: Callable) -> optax.GradientTransformationExtraArgs:
    """Scales updates by -rate(step, steps_per_epoch); update() takes the latter."""

    def init(params):
        del params
        return optax.ScaleByScheduleState(count=jnp.zeros((), jnp.int32))

    def update(updates, state, params=None, *, steps_per_epoch, **others):
        del params, others
        factor = -rate(state.count, steps_per_epoch)
        scaled = jax.tree.map(lambda u: jnp.asarray(factor, u.dtype) * u, updates)
        return scaled, optax.ScaleByScheduleState(count=state.count + 1)

    return optax.GradientTransformationExtraArgs(init, update)


def adam(late_beta1: float, change_epoch: int) -> optax.GradientTransformation:
    """torch's Adam; beta1 is .9, and `late_beta1` from `change_epoch` on.

    As in torch, where Co-teaching changes it, the bias correction takes the beta1 of
    the moment.
    """
    plain = optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8)
    if late_beta1 == 0.9:
        return plain

    def update(updates, state, params=None, *, steps_per_epoch, **others):
        del others
        late = state.count >= change_epoch * steps_per_epoch
        beta1 = jnp.where(late, late_beta1, 0.9)
        now = optax.scale_by_adam(b1=beta1, b2=0.999, eps=1e-8)
        return now.update(updates, state, params)

    return optax.GradientTransformationExtraArgs(plain.init, update)


def rates(config: Any) -> optax.GradientTransformation:
    """The transformation that scales by the learning rate: one, or two by parameter."""
    rate, *own = _rates(config).values()
    if not own:
        return scale_by_rate(rate)

    def group(params):
        def name(path, _):
            return CLASSIFIER if path[0].key == CLASSIFIER else 'rest'

        return jax.tree_util.tree_map_with_path(name, params)

    return optax.partition(
        {CLASSIFIER: scale_by_rate(*own), 'rest': scale_by_rate(rate)}, group
    )


def make(config: Any) -> optax.GradientTransformation:
    """The optax transformation of config.optimizer; update() takes steps_per_epoch.

    Weight decay is on every parameter. Of adam and sgd it is L2 added to the gradient
    *before* the moments, as torch.optim.Adam(weight_decay=...) does; of adamw, torch's
    AdamW, it is added to the direction *behind* them.
    """
    if config.name == 'sgd':
        direction = optax.trace(decay=config.momentum)
    else:
        direction = adam(config.late_beta1, min(config.decay_epochs, default=0))
    moved = [direction]
    if config.weight_decay:
        decay = optax.add_decayed_weights(config.weight_decay)
        moved.insert(config.name == 'adamw', decay)
    return optax.chain(*moved, rates(config))
