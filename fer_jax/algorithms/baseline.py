"""Plain training: one network, cross-entropy on the given labels.

    L = 1/B sum_i CE(softmax(z_i), y_i)

The reference that every method of learning from noisy labels is compared with. It
weights nothing, but it has an opinion about each label all the same: the probability
that the network itself gives to it (its self-confidence), kept as log-odds.
"""

import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Aux, Prediction, self_confidence
from fer_jax.nets import Classifier, networks
from fer_jax.numerics import losses

SETTINGS = {}


def make(*, backbone, num_classes, num_examples, peer_map='auto'):
    """Plain training as an Algorithm with one network and no memory."""
    del num_examples  # remembers nothing about single examples
    nets = networks(Classifier(backbone, num_classes), 1, peer_map)

    def init(rng, images):
        return *nets.init(rng, images), ()

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        cross_entropy = losses.cross_entropy(logits, batch.labels[None])
        loss = jnp.mean(cross_entropy)
        right = jnp.argmax(logits, axis=-1) == batch.labels[None]
        return loss, Aux(
            stats=stats,
            memory=memory,
            embeddings=embeddings,
            weights=jnp.ones_like(cross_entropy),
            metrics={'loss': loss, 'accuracy': jnp.mean(right)},
            relabels=jnp.full_like(batch.labels, -1),
        )

    def predict(params, stats, images):
        return Prediction(*nets.predict(params, stats, images))

    return Algorithm(
        init=init,
        objective=objective,
        predict=predict,
        **self_confidence(predict),
    )
