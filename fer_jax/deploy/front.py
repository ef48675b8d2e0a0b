"""The way of a picture to heads: a frozen network, and the axes of what it says.

What stands in front of heads is a tree of arrays, beside the weights of the heads
themselves: {'network': variables, 'axes': {'mean', 'scale', 'turn'}}. A model of images
has nothing there.
"""

import pathlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import trees
from fer_jax.data import coordinates, whole
from fer_jax.training import contents, files, front, frozen

AXES = ('mean', 'scale', 'turn')
GREY = 'grey, thrice'  # the channels of heads that have learned from grey faces alone
LUMA = (0.299, 0.587, 0.114)  # of ITU-R 601, as Pillow has it


def read(
    workdir: pathlib.Path, card: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the arrays of a run's front, and mean and deviation of its network's pixels).

    Args:
      card: of a run on features.

    Raises:
      Missing: axes or network are gone.
      Damaged, Unusable: there are others in their place.
    """
    axes = files.read_axes(workdir)
    if front.digest(axes).hex() != card['features']['axes_sha256']:
        raise whole.Damaged(
            f'{workdir / files.AXES} has other axes than data.json knows;'
            f' {contents.BACK}'
        )
    network = frozen.of_card(card['features'])
    arrays = {
        'network': jax.device_get(network.variables),
        'axes': {name: getattr(axes, name) for name in AXES},
    }
    return arrays, {'mean': network.mean, 'std': network.std}


def network(card: dict[str, Any]) -> dict[str, np.ndarray]:
    """{name: array} of the frozen network of a card, as `model.weights` names them.

    Raises:
      Missing: it is gone.
      Unusable: there is another one in its place.
    """
    found = jax.device_get(frozen.of_card(card['features']).variables)
    return trees.named({'front': {'network': found}})


def of_network(name: str) -> bool:
    """Whether weights of this name are a frozen network's."""
    return name.startswith('front/network/')


def shapes(card: dict[str, Any]) -> Any:
    """What `read` gives as ShapeDtypeStructs; nothing for a model of images."""
    if 'features' not in card:
        return ()
    about = card['features']
    h, w, count = about['shape']
    width = coordinates.columns_of(about['columns'], h).shape[-1]
    each = jax.ShapeDtypeStruct((h, w, width), jnp.float32)
    turn = jax.ShapeDtypeStruct((width, count), jnp.float32)
    return {
        'network': _network(card).variables,
        'axes': dict(zip(AXES, (each, each, turn))),
    }


def make(card: dict[str, Any]) -> Callable:
    """see(arrays, images [B, s, s, 3] uint8) -> coordinates [B, h, w, k] float32.

    As data.source.Activations has them plain: the mean of a face and its mirror image.
    """
    about, network = card['features'], _network(card)
    grey = card['preprocessing'].get('channels') == GREY

    def see(arrays, images):
        images = in_grey(images) if grey else images
        told = network._replace(variables=arrays['network'])
        views = (images, jnp.flip(images, axis=2))[: about['views']]
        seen = [
            coordinates.chosen(
                frozen.said(told, view), about['shape'][0], jnp.concatenate
            )
            for view in views
        ]
        mean = sum(seen) / len(seen)
        return coordinates.turned(mean, *(arrays['axes'][name] for name in AXES))

    return see


def in_grey(images: jax.Array) -> jax.Array:
    """Images [B, s, s, 3] uint8 with three equal channels."""
    grey = jnp.round(images.astype(jnp.float32) @ jnp.array(LUMA)).astype(jnp.uint8)
    return jnp.broadcast_to(grey[..., None], images.shape)


def _network(card):
    settings = card['preprocessing']
    return frozen.untold(card['features'], settings['mean'], settings['std'])
