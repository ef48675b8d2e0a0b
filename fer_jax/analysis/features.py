"""What the networks of a checkpoint make of a list of examples."""

from typing import NamedTuple

import jax
import numpy as np

from fer_jax import compiling
from fer_jax.data import pipeline, prepared
from fer_jax.deploy import model
from fer_jax.training import scoring

BATCH = 256


class Outputs(NamedTuple):
    """In evaluation mode, of plain images."""

    probs: np.ndarray  # [P, N, C] float32
    embeddings: np.ndarray  # [P, N, D] float32


def of(loaded: model.Model, split: prepared.Split, positions: np.ndarray) -> Outputs:
    """The Outputs of the examples at `positions` [N] of a prepared.Split.

    Args:
      loaded: deploy.model.Model, for example model.from_run(workdir, network='mean').
    """
    predict = compiling.jit(model.make_predict(loaded.card), 'look')
    weights = jax.device_put(loaded.weights)
    count = len(positions)
    reader = pipeline.Reader(split, positions)
    once = pipeline.once(reader, batch_size=min(BATCH, count))

    def look(images, index):
        del index
        found = predict(*weights, images)
        return jax.nn.softmax(found.logits), found.embeddings

    batches = (
        (batch['images'], batch['index'], batch['mask'])
        for batch in pipeline.batches(once)
    )
    return Outputs(*scoring.gather(look, batches, count, axes=(1, 1)))
