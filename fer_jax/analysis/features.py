"""What the networks of a checkpoint make of a list of examples."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.data import augment, pipeline
from fer_jax.deploy import model
from fer_jax.training import scoring

BATCH = 256


class Outputs(NamedTuple):
    """In evaluation mode, of plain images."""

    probs: np.ndarray  # [P, N, C] float32
    embeddings: np.ndarray  # [P, N, D] float32


def of(loaded, split, positions):
    """The Outputs of the examples at `positions` [N] of a prepared.Split.

    Args:
      loaded: deploy.model.Model, for example model.from_run(workdir, network='mean').
    """
    algorithm, settings = model.method(loaded.card), loaded.card['preprocessing']

    @jax.jit
    def look(weights, images):
        images = augment.prepare(
            settings['recipe'], settings['network_size_px'], images
        )
        found = algorithm.predict(*weights, images)
        return jnp.concatenate(
            [jax.nn.softmax(found.logits), found.embeddings], axis=-1
        )

    count = len(positions)
    both = scoring.gather(
        lambda weights, images, index: look(weights, images),
        jax.device_put((loaded.params, loaded.stats)),
        pipeline.batches(pipeline.once(split, positions, batch_size=min(BATCH, count))),
        count,
    )
    classes = len(loaded.card['class_names'])
    return Outputs(both[..., :classes], both[..., classes:])
