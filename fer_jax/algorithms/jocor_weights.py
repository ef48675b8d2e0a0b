"""JoCoWe: ReSup's comparison with a JoCoR-based method (its Figs. 7 and 8).

The paper weights or chooses by both networks together instead of exchanging weights,
pulls the networks together with a coefficient (best at .6 there), and defines it no
further; its code is not released. Two readings:

arm 'select': JoCoR as it is (jocor.py), agreement .6, forgetting as much as there is
    noise, in ReSup's setting.

arm 'mixture': ReSup with one weight for both networks. S = cos(f, onehot(y)) as there:

    p(s) = sum_k pi_k Beta(s; alpha_k, beta_k)   fitted after each epoch to the mean
           s_i = (S_A,i + S_B,i) / 2 of all training samples
    w_i  = p(clean | s_i)
    L    = 1/B sum_i [ w_i (CE_A,i + CE_B,i) + lambda (KL(f_A||f_B) + KL(f_B||f_A))_i ]

    The first `warmup_epochs` train with w = 1 and lambda = 0; the weight is a constant
    of the loss, of the current forward pass; a fit that is not valid is not used, and
    before there is a valid one w = 1. As in ReSup.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Aux, Prediction, jocor
from fer_jax.nets import Classifier, networks
from fer_jax.numerics import losses, mixtures, selection
from fer_jax.settings import Field, check

ARMS = ('select', 'mixture')
SETTINGS = {
    'arm': Field(
        'select',
        'select: JoCoR; mixture: one weight for both networks, from their mean'
        ' similarity',
        ARMS,
    ),
    'agreement': Field(
        0.6, 'weight of the divergence between the networks', '[0, inf)'
    ),
    **{
        name: field._replace(meaning=f'select: {field.meaning}')
        for name, field in selection.SETTINGS.items()
    },
    'warmup_epochs': Field(
        1, 'mixture: of plain cross-entropy first', '[0, inf)', 'epochs'
    ),
    'rules': Field('paper', 'mixture: safe is a guarded fit', tuple(mixtures.RULES)),
    'em_iterations': Field(10, 'mixture: of each fit', '[1, inf)'),
}


class Memory(NamedTuple):
    """What the mixture arm knows about the training set after an epoch."""

    mixture: mixtures.Mixture  # leaves [2], the last valid fit
    ready: jax.Array  # [] bool, whether there was a valid fit
    rejected: jax.Array  # [] int32, fits that failed the validity test


def make(
    *,
    backbone,
    num_classes,
    num_examples,
    peer_map='auto',
    arm='select',
    agreement=0.6,
    noise_rate=0.2,
    ramp_epochs=10,
    exponent=1.0,
    warmup_epochs=1,
    rules='paper',
    em_iterations=10,
):
    """Either arm as an Algorithm with two networks.

    Args:
      arm: 'select' or 'mixture'.
      agreement: lambda; in [0, 1] for 'select', >= 0 for 'mixture'.
      noise_rate, ramp_epochs, exponent: of 'select', see jocor.py.
      warmup_epochs: of 'mixture', epochs of plain cross-entropy first.
      rules: of 'mixture', 'paper' or 'safe' (numerics.mixtures).
      em_iterations: of 'mixture', EM steps of each fit.

    Raises:
      Unusable: an agreement above 1 for 'select'.
    """
    nets = {
        'backbone': backbone,
        'num_classes': num_classes,
        'num_examples': num_examples,
        'peer_map': peer_map,
    }
    if arm == 'select':
        check('algorithm.agreement', jocor.SETTINGS['agreement'], agreement)
        return jocor.make(
            **nets,
            noise_rate=noise_rate,
            agreement=agreement,
            ramp_epochs=ramp_epochs,
            exponent=exponent,
        )
    return weighted(
        **nets,
        agreement=agreement,
        warmup_epochs=warmup_epochs,
        rules=mixtures.RULES[rules],
        em_iterations=em_iterations,
    )


def weighted(
    *,
    backbone,
    num_classes,
    num_examples,
    peer_map,
    agreement,
    warmup_epochs,
    rules,
    em_iterations,
):
    """The mixture arm; `rules` is a mixtures.Rules, the rest as for make."""
    del num_examples  # the mixture summarises all examples
    nets = networks(Classifier(backbone, num_classes), 2, peer_map)

    def init(rng, images):
        start = Memory(mixtures.start(), jnp.bool_(False), jnp.int32(0))
        return *nets.init(rng, images), start

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        labels = batch.labels
        similarity = jnp.mean(losses.similarity(logits, labels[None]), axis=0)
        clean = mixtures.upper(memory.mixture, similarity, rules)
        started = progress.epoch >= warmup_epochs
        weights = jnp.where(started & memory.ready, clean, 1.0)
        weights = jax.lax.stop_gradient(weights)

        cross_entropy = jnp.sum(losses.cross_entropy(logits, labels[None]), axis=0)
        loss_ce = jnp.mean(weights * cross_entropy)
        divergence = jnp.mean(jocor.divergence(logits))
        loss = loss_ce + jnp.where(started, agreement, 0.0) * divergence
        return loss, Aux(
            stats=stats,
            memory=memory,
            embeddings=embeddings,
            weights=jnp.stack([weights, weights]),
            metrics={
                'loss': loss,
                'accuracy': jnp.mean(jnp.argmax(logits[0], axis=-1) == labels),
                'loss_ce': loss_ce,
                'divergence': divergence,
                'weight': jnp.mean(weights),
            },
            relabels=jnp.full_like(labels, -1),
        )

    def predict(params, stats, images):
        return Prediction(*nets.predict(params, stats, images))

    def score(params, stats, batch):
        logits, _ = nets.predict(params, stats, batch.images[0])
        return losses.similarity(logits, batch.labels[None])

    def refresh(memory, scores, labels, progress):
        del labels, progress
        mean = jnp.mean(scores, axis=0)
        fitted, valid = mixtures.fit_beta(
            mean, jnp.isfinite(mean), rules, em_iterations
        )
        return Memory(
            mixture=jax.tree.map(
                lambda new, old: jnp.where(valid, new, old), fitted, memory.mixture
            ),
            ready=memory.ready | valid,
            rejected=memory.rejected + ~valid,
        )

    def log_odds(memory, scores, labels):
        """[2, N] evidence for each label, the same of both; 0 without a valid fit."""
        del labels
        read = mixtures.log_odds(memory.mixture, jnp.mean(scores, axis=0))
        read = jnp.where(memory.ready, read, 0.0)
        return jnp.stack([read, read])

    return Algorithm(
        init=init,
        objective=objective,
        predict=predict,
        score=score,
        refresh=refresh,
        log_odds=log_odds,
    )
