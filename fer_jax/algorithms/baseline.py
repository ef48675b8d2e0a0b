"""Plain training: one network, cross-entropy on the given labels.

    L = 1/B sum_i CE(softmax(z_i), y_i)

The reference that every method of learning from noisy labels is compared with. It
weights nothing, but it has an opinion about each label all the same: the probability
that the network itself gives to it (its self-confidence), kept as log-odds.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from fer_jax.algorithms import Algorithm, Aux, Prediction
from fer_jax.nets import peers
from fer_jax.numerics import losses


class Classifier(nn.Module):
    """A backbone, global average pooling and one linear layer."""

    backbone: nn.Module
    num_classes: int

    @nn.compact
    def __call__(self, images, train):
        """images [B, H, W, 3] -> logits [B, C], embeddings [B, D], both float32."""
        embeddings = self.backbone(images, train).pooled.astype(jnp.float32)
        # torch's default for a linear layer: uniform(-1/sqrt(D), 1/sqrt(D)).
        kernel = nn.initializers.variance_scaling(1 / 3, 'fan_in', 'uniform')
        dense = nn.Dense(self.num_classes, kernel_init=kernel, name='classifier')
        return dense(embeddings), embeddings


class Networks(NamedTuple):
    """P copies of one model as pure functions over stacked trees."""

    init: Callable  # (rng, images) -> params, stats
    train: Callable  # (params, stats, images) -> Prediction, new stats
    predict: Callable  # (params, stats, images) -> Prediction


def networks(model, count, how):
    """`count` copies of a Flax model that maps images to (logits, embeddings)."""

    def init(rng, images):
        variables = peers.init(lambda key: model.init(key, images, False), rng, count)
        return variables['params'], variables['batch_stats']

    def train(params, stats, images):
        def one(variables, images):
            return model.apply(variables, images, True, mutable=['batch_stats'])

        variables = {'params': params, 'batch_stats': stats}
        outputs, changed = peers.apply(one, variables, images, how=how)
        return Prediction(*outputs), changed['batch_stats']

    def predict(params, stats, images):
        def one(variables, images):
            return model.apply(variables, images, False)

        variables = {'params': params, 'batch_stats': stats}
        return Prediction(*peers.apply(one, variables, images, how=how))

    return Networks(init, train, predict)


def make(*, backbone, num_classes, num_examples, peer_map='auto'):
    """Plain training as an Algorithm with one network and no memory."""
    del num_examples  # remembers nothing about single examples
    nets = networks(Classifier(backbone, num_classes), 1, peer_map)

    def init(rng, images):
        return *nets.init(rng, images), ()

    def objective(params, stats, memory, batch, progress, rng):
        del progress, rng
        (logits, embeddings), stats = nets.train(params, stats, batch.images[0])
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

    def score(params, stats, batch):
        logits = nets.predict(params, stats, batch.images[0]).logits
        return losses.log_odds(logits, batch.labels[None])

    return Algorithm(
        init=init,
        objective=objective,
        predict=nets.predict,
        score=score,
        log_odds=lambda memory, scores, labels: scores,
    )
