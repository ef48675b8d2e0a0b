"""The optimisers of the papers, with torch's conventions."""

import jax
import optax

SCHEDULES = ('step', 'linear', 'exponential')
OPTIMIZERS = ('adam', 'sgd')
CLASSIFIER = 'classifier'  # top-level name of the parameters with a rate of their own


def learning_rate(name, start, decay_epochs, decay_factors, steps_per_epoch):
    """Learning rate by step; constant within an epoch, as the releases have it.

    step: torch's MultiStepLR; at each of decay_epochs times its factor, or times the
      only factor.
    exponential: torch's ExponentialLR, start * factor ** epoch.
    linear: start up to the first of two decay_epochs, that one too, then linear by
      epoch to 0 at the second.
    """
    boundaries = [epoch * steps_per_epoch for epoch in decay_epochs]
    if name == 'exponential':
        (factor,) = decay_factors
        return optax.exponential_decay(start, steps_per_epoch, factor, staircase=True)
    if name == 'linear':
        first, last = decay_epochs
        falling = optax.linear_schedule(start, 0.0, last - first, first)
        return lambda step: falling(step // steps_per_epoch)
    if len(decay_factors) == 1:
        decay_factors = decay_factors * len(boundaries)
    scales = dict(zip(boundaries, decay_factors, strict=True))
    return optax.piecewise_constant_schedule(start, scales)


def adam(late_beta1, change):
    """torch's Adam; beta1 is .9, and `late_beta1` from step `change` on.

    As in torch, where Co-teaching changes it, the bias correction takes the beta1 of
    the moment.
    """
    if late_beta1 == 0.9:
        return optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8)
    beta1 = optax.piecewise_constant_schedule(0.9, {change: late_beta1 / 0.9})
    scheduled = optax.inject_hyperparams(
        optax.scale_by_adam, static_args=('b2', 'eps', 'eps_root')
    )
    return scheduled(b1=beta1, b2=0.999, eps=1e-8)


def rates(config, steps_per_epoch):
    """The transformation that scales by the learning rate: one, or two by parameter."""
    rate = learning_rate(
        config.schedule,
        config.learning_rate,
        tuple(config.decay_epochs),
        tuple(config.decay_factors),
        steps_per_epoch,
    )
    if not config.classifier_learning_rate:
        return optax.scale_by_learning_rate(rate)
    own = learning_rate(
        config.schedule,
        config.classifier_learning_rate,
        tuple(config.classifier_decay_epochs or config.decay_epochs),
        tuple(config.classifier_decay_factors or config.decay_factors),
        steps_per_epoch,
    )

    def group(params):
        def name(path, _):
            return CLASSIFIER if path[0].key == CLASSIFIER else 'rest'

        return jax.tree_util.tree_map_with_path(name, params)

    return optax.partition(
        {
            CLASSIFIER: optax.scale_by_learning_rate(own),
            'rest': optax.scale_by_learning_rate(rate),
        },
        group,
    )


def make(config, steps_per_epoch):
    """The optax transformation of config.optimizer.

    Weight decay is L2 added to the gradient *before* the moments, on every parameter,
    as torch.optim.Adam(weight_decay=...) does; that is not adamw.
    """
    if config.name == 'adam':
        first_decay = min(config.decay_epochs, default=0) * steps_per_epoch
        direction = adam(config.late_beta1, first_decay)
    else:
        direction = optax.trace(decay=config.momentum)
    decay = (
        [optax.add_decayed_weights(config.weight_decay)] if config.weight_decay else []
    )
    return optax.chain(*decay, direction, rates(config, steps_per_epoch))
