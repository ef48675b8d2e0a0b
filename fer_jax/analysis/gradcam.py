"""Where a network looks: Grad-CAM (Selvaraju et al. 2017; proximity paper, Fig. 6).

    a_k = mean over places of  d z_c / d A_k,     heat = relu(sum_k a_k A_k)

z_c is the logit of class c as the method predicts it, whatever lies between it and the
last feature maps A of the backbone.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import compiling, nets
from fer_jax.deploy import model

BATCH = 32


def heat(loaded: model.Model, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Grad-CAM of each image for the class asked for, by the model's first network.

    Args:
      loaded: deploy.model.Model.
      images: [N, H, W, 3] uint8, as stored.
      classes: [N] int, c: the given label, say, or the suggested one.

    Returns:
      [N, h, w] float32 in [0, 1], h x w the size of the last feature maps; each
      divided by its largest value, zeros where nothing speaks for the class.
    """
    look = compiling.jit(make_importance(loaded), 'look')
    size, found = min(BATCH, len(images)), []
    for first in range(0, len(images), size):
        # the last batch is filled up with its last image
        rows = np.minimum(np.arange(first, first + size), len(images) - 1)
        importance, maps = look(images[rows], np.asarray(classes)[rows])
        found.append(jnp.einsum('bk,bhwk->bhw', importance, maps))
    heats = np.maximum(np.concatenate(found)[: len(images)], 0)
    largest = heats.max(axis=(1, 2), keepdims=True)
    return (heats / np.where(largest > 0, largest, 1)).astype(np.float32)


def make_importance(
    loaded: model.Model,
) -> Callable[[Any, Any], tuple[jax.Array, jax.Array]]:
    """importance(images [B, H, W, 3] uint8, classes [B]) -> a [B, D], A [B, h, w, D].

    Of the first network of a deploy.model.Model, in evaluation mode.
    """
    predict = model.make_predict(loaded.card)
    own = jax.tree.map(lambda leaf: leaf[:1], (loaded.params, loaded.stats))

    def logit(by, images, classes):
        with nets.moved(by) as maps:
            logits = predict(*own, loaded.front, images).logits[0]
        asked = jnp.take_along_axis(logits, classes[:, None], axis=1)
        # in evaluation mode an image has no part in the logits of another
        return jnp.sum(asked), maps[0].astype(jnp.float32)

    def importance(images, classes):
        _, maps = jax.eval_shape(logit, 0.0, images, classes)
        by = jnp.zeros(maps.shape)
        gradient, maps = jax.grad(logit, has_aux=True)(by, images, classes)
        return jnp.mean(gradient, axis=(1, 2)), maps

    return importance
