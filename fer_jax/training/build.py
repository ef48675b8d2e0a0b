"""From the fields of a config to the method that they describe."""

from typing import Any

import jax
import jax.numpy as jnp

from fer_jax import algorithms, nets
from fer_jax.algorithms import Algorithm, proximity
from fer_jax.nets import peers


def algorithm(
    config: Any, *, num_classes: int, num_examples: int, platform: str
) -> Algorithm:
    """The config's algorithm, with proximity if asked.

    Args:
      platform: 'cpu', 'gpu' or 'tpu', of the devices that peer_map=auto is for.

    Raises:
      Unusable: a setting that the method does not have, or that makes no sense.
    """
    bare = method(
        config.algorithm.to_dict(),
        config.model.to_dict(),
        num_classes=num_classes,
        num_examples=num_examples,
        peer_map=peers.FASTEST[platform]
        if config.peer_map == 'auto'
        else config.peer_map,
    )
    if not config.proximity.weight:
        return bare
    return proximity.attach(bare, num_classes=num_classes, **config.proximity)


def method(
    algorithm: dict[str, Any], model: dict[str, Any], **numbers: Any
) -> Algorithm:
    """The method that the fields of config.algorithm and config.model describe.

    Args:
      algorithm: dict of the method's name and settings.
      model: dict of backbone, width and dtype.
      numbers: num_classes, num_examples and, if wanted, peer_map.

    Raises:
      Unusable: a setting that the method does not have, or that makes no sense.
    """
    settings = dict(algorithm)
    name = settings.pop('name')
    return algorithms.make(name, backbone=backbone(model), **numbers, **settings)


def backbone(model: dict[str, Any]) -> Any:
    """The backbone that the fields of config.model describe, a Flax module."""
    return nets.make(
        model['backbone'], width=model['width'], dtype=jnp.dtype(model['dtype'])
    )


def check_seen(model: dict[str, Any], seen: jax.ShapeDtypeStruct) -> None:
    """Raises Unusable when the backbone takes no such examples, as small images."""
    one = jax.ShapeDtypeStruct((1, *seen.shape), seen.dtype)
    jax.eval_shape(
        lambda images: backbone(model).init(jax.random.key(0), images, False), one
    )
