"""P copies of one Flax model as pure functions over stacked parameters."""

from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax

from . import peers


class Networks(NamedTuple):
    """What an algorithm does with its networks; every leaf has a leading axis P.

    Outputs are what the model returns, stacked. `inputs` are the same for every
    network; the trees of `own` have the axis P, and each network gets its part, before
    the inputs. `method` names a method of the model other than __call__.
    """

    init: Callable  # (rng, *inputs) -> params, stats
    train: Callable
    # (params, stats, rng, *inputs, own=(), method=None) -> outputs, new stats
    predict: Callable  # (params, stats, *inputs, own=(), method=None) -> outputs
    peers: int  # P


def networks(model: nn.Module, count: int, how: str) -> Networks:
    """`count` copies of a Flax model called as model(*own, *inputs, train).

    In training each copy draws its dropout masks from a key of its own.

    Args:
      how: of peers.apply.
    """

    def init(rng, *inputs):
        variables = peers.init(lambda key: model.init(key, *inputs, False), rng, count)
        return variables['params'], variables.get('batch_stats', {})

    def train(params, stats, rng, *inputs, own=(), method=None):
        def network(tree, *inputs):
            variables, key, own = tree
            return model.apply(
                variables,
                *own,
                *inputs,
                True,
                mutable=['batch_stats'],
                rngs={'dropout': key},
                method=method,
            )

        variables = {'params': params, 'batch_stats': stats}
        tree = variables, jax.random.split(rng, count), own
        outputs, changed = peers.apply(network, tree, *inputs, how=how)
        return outputs, changed.get('batch_stats', {})

    def predict(params, stats, *inputs, own=(), method=None):
        def network(tree, *inputs):
            variables, own = tree
            return model.apply(variables, *own, *inputs, False, method=method)

        variables = {'params': params, 'batch_stats': stats}
        return peers.apply(network, (variables, own), *inputs, how=how)

    return Networks(init, train, predict, count)
