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

import jax
import jax.numpy as jnp

from fer_jax.algorithms import SIMILARITY, Algorithm, Task, jocor, method, outcome
from fer_jax.numerics import division, losses, mixtures, selection
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


def make(
    task: Task,
    *,
    arm: str = 'select',
    agreement: float = 0.6,
    noise_rate: float = 0.2,
    ramp_epochs: int = 10,
    exponent: float = 1.0,
    warmup_epochs: int = 1,
    rules: str = 'paper',
    em_iterations: int = 10,
) -> Algorithm:
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
    if arm == 'select':
        check('algorithm.agreement', jocor.SETTINGS['agreement'], agreement)
        return jocor.make(
            task,
            noise_rate=noise_rate,
            agreement=agreement,
            ramp_epochs=ramp_epochs,
            exponent=exponent,
        )
    tools = division.tools('beta', rules, em_iterations)
    return weighted(task, tools, agreement, warmup_epochs)


def weighted(
    task: Task, tools: division.Tools, agreement: float, warmup_epochs: int
) -> Algorithm:
    """The mixture arm, with the division.Tools of its one mixture."""
    nets = task.networks(2)

    def both(scores):
        """[1, ...] of [2, ...]: what the one mixture is about."""
        return jnp.mean(scores, axis=0, keepdims=True)

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        similarity = losses.similarity(logits, batch.labels)
        clean = tools.upper(memory.mixture, both(similarity))
        started = progress.epoch >= warmup_epochs
        weights = jnp.where(started & memory.ready, clean, 1.0)
        weights = jax.lax.stop_gradient(weights)

        cross_entropy = losses.cross_entropy(logits, batch.labels)
        loss_ce = jnp.mean(weights * jnp.sum(cross_entropy, axis=0))
        divergence = jnp.mean(jocor.divergence(logits))
        return outcome(
            loss_ce + jnp.where(started, agreement, 0.0) * divergence,
            batch,
            stats,
            memory,
            logits,
            embeddings,
            weights=weights,
            loss_ce=loss_ce,
            divergence=divergence,
        )

    def refresh(memory, scores, labels, progress):
        del labels, progress
        mean = both(scores)
        mixture, valid = tools.fit(mean, jnp.isfinite(mean))
        return division.refitted(memory, mixture, memory.span, valid)

    def log_odds(memory, scores, labels):
        """[2, N] of each label, the same of both; 0 without a valid fit."""
        del labels
        read = tools.log_odds(memory.mixture, both(scores))
        return jnp.tile(jnp.where(memory.ready, read, 0.0), (2, 1))

    return method(
        nets,
        objective,
        memory=division.unfitted(tools, 1),
        signal=SIMILARITY,
        refresh=refresh,
        log_odds=log_odds,
        fit_of=lambda memory: jax.tree.map(
            lambda leaf: jnp.repeat(leaf, 2, axis=0), memory
        ),
    )
