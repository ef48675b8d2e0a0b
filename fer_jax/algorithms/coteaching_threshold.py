"""One network that keeps its own small losses: an arm of ReSup's section 4.6.

    K = the n = floor((1 - R(e)) B) examples of smallest CE
    L = 1/n sum_{i in K} CE_i

with the forget rate R(e) of Co-teaching (numerics.selection). The ReSup paper compares
its mixture with "the threshold of Co-teaching", on RAF-DB with 10, 20 and 30 % noise
86.53, 83.21 and 82.37 %, and says no more about it; its code is not released. This is
our reading: the schedule in a plain network, no second one to choose. At noise rate 0
it is the baseline.
"""

import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Aux, Prediction, self_confidence
from fer_jax.nets import Classifier, networks
from fer_jax.numerics import losses, selection

SETTINGS = selection.SETTINGS


def make(
    *,
    backbone,
    num_classes,
    num_examples,
    peer_map='auto',
    noise_rate=0.2,
    ramp_epochs=10,
    exponent=1.0,
):
    """The arm as an Algorithm with one network.

    Args:
      noise_rate: tau, the fraction of wrong labels as the method is told, in [0, 1).
      ramp_epochs: T_k, epochs until the forget rate is noise_rate.
      exponent: c of the forget rate.
    """
    del num_examples  # remembers nothing about single examples
    nets = networks(Classifier(backbone, num_classes), 1, peer_map)

    def init(rng, images):
        return *nets.init(rng, images), ()

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        cross_entropy = losses.cross_entropy(logits, batch.labels[None])
        forget = selection.forget_rate(
            progress.epoch + 1, noise_rate, ramp_epochs, exponent
        )
        count = selection.kept_count(forget, len(batch.labels))
        kept = selection.keep_smallest(cross_entropy, count).astype(jnp.float32)
        loss = losses.weighted_mean(cross_entropy, kept)
        right = jnp.argmax(logits, axis=-1) == batch.labels[None]
        return loss, Aux(
            stats=stats,
            memory=memory,
            embeddings=embeddings,
            weights=kept,
            metrics={
                'loss': loss,
                'accuracy': jnp.mean(right),
                'forget_rate': forget,
            },
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
