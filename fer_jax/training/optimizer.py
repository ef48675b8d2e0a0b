"""The optimisers of the papers, with torch's conventions."""

import optax

SCHEDULES = ('step', 'linear')
OPTIMIZERS = ('adam', 'sgd')


def learning_rate(name, start, decay_epochs, decay_factor, steps_per_epoch):
    """Learning rate by step; constant within an epoch for 'step'.

    step: start * decay_factor ** (number of decay_epochs reached), torch's MultiStepLR.
    linear: start up to the first of two decay_epochs, then linear to 0 at the second.
    """
    boundaries = [epoch * steps_per_epoch for epoch in decay_epochs]
    if name == 'step':
        return optax.piecewise_constant_schedule(
            start, dict.fromkeys(boundaries, decay_factor)
        )
    first, last = boundaries
    falling = optax.linear_schedule(start, 0.0, last - first)
    return optax.join_schedules([optax.constant_schedule(start), falling], [first])


def make(config, steps_per_epoch):
    """The optax transformation of config.optimizer.

    Weight decay is L2 added to the gradient *before* the moments, on every parameter,
    as torch.optim.Adam(weight_decay=...) does; that is not adamw.
    """
    rate = learning_rate(
        config.schedule,
        config.learning_rate,
        config.decay_epochs,
        config.decay_factor,
        steps_per_epoch,
    )
    if config.name == 'adam':
        direction = optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8)
    else:
        direction = optax.trace(decay=config.momentum)
    decay = (
        [optax.add_decayed_weights(config.weight_decay)] if config.weight_decay else []
    )
    return optax.chain(*decay, direction, optax.scale_by_learning_rate(rate))
