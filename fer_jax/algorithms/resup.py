"""ReSup: two networks suppress label noise for each other (Zhang et al. 2023).

For network m in {A, B}, f = softmax(z), given label y, sample i:

    S_m,i = cos(f_m,i, onehot(y_i)) = f_y / ||f||                              (eq. 4)
    p(S)  = sum_k pi_k Beta(S; alpha_k, beta_k),  k in {noisy, clean}          (eq. 5)
            fitted by EM after each epoch to S of all N training samples
    w_m,i = p(clean | S_m,i)                                                   (eq. 7)
    L     = 1/B sum_i [ w_B,i CE_A,i + w_A,i CE_B,i + lambda d_i ]        (eqs. 8-10)
    d_i   = 1/C sum_k (f_A,ik - f_B,ik)^2

The first `warmup_epochs` train with w = 1 and lambda = 0. The weights are constants of
the loss; the consistency term teaches both networks. Inference uses network A.

The arms of the paper's Table 2 are settings: `signal='loss'` fits the mixture to the
scaled cross-entropy (Arazo et al. 2019), `peers=1` or `exchange=False` lets each
network weight itself, `consistency=0` removes the third term.

`balance` divides each weight by a per-class factor v (sec. 4.8): 'class_var' by the
variance of S within the given class over the largest such variance; 'class_prior_bug'
by q (1 - q) over its maximum, q the class's share of the labels, which is what the
indexing of the released (commented out) line amounts to.

Differs from the released code
  * `rules='safe'` replaces the table of 100 bins by the closed-form posterior, made
    monotone, and keeps every fit away from degenerate shapes (see numerics.mixtures);
    `rules='paper'` is the release.
  * A fit that fails its validity test is not used: the last valid one stays, and before
    there is any, weights are 1. The release would train on NaN.
  * The similarity behind a weight is that of the current, train-mode forward pass, as
    released; for `signal='loss'` too, where Arazo et al. run one more, eval-mode pass.
  * The mean over the batch is over whole batches: the tail of each epoch is left out
    (under 1 % of the samples, others each epoch).
  * 'class_var' keeps v in [0.1, 1], needs 20 samples of a class, and rescales a batch
    to the mean weight it had, so that the step size does not change.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Aux, Prediction
from fer_jax.nets import Classifier, networks
from fer_jax.numerics import losses, mixtures

SIGNALS = ('similarity', 'loss')
BALANCES = ('none', 'class_var', 'class_prior_bug')


class Memory(NamedTuple):
    """What ReSup knows about the training set after an epoch."""

    mixture: mixtures.Mixture  # leaves [P, 2], the last valid fit
    ready: jax.Array  # [P] bool, whether there was a valid fit
    rejected: jax.Array  # [P] int32, fits that failed the validity test
    span: jax.Array  # [P, 2], the part of the signal that is scaled to [0, 1]
    divisor: jax.Array  # [P, C], v of sec. 4.8; ones when weights are not balanced


def untrained(peers, num_classes):
    """The Memory before the first fit."""

    def tile(row):
        return jnp.tile(row, (peers, 1))

    return Memory(
        mixture=jax.tree.map(tile, mixtures.start()),
        ready=jnp.zeros(peers, bool),
        rejected=jnp.zeros(peers, jnp.int32),
        span=tile(jnp.array([0.0, 1.0])),
        divisor=jnp.ones((peers, num_classes)),
    )


def scaled(memory, values):
    """Signal values [P, N] with each network's span mapped to [0, 1]."""
    low, high = memory.span[:, :1], memory.span[:, 1:]
    return (values - low) / jnp.maximum(high - low, 1e-6)


def squared_difference(probs):
    """d [B]: mean over classes of (f_A - f_B)^2 from probs [2, B, C]; in [0, 2/C]."""
    return jnp.mean(jnp.square(probs[0] - probs[1]), axis=-1)


def loss_span(scores):
    """[2]: the 5th and 95th percentile of losses [N] (Arazo et al. 2019)."""
    return jnp.nanpercentile(scores, jnp.array([5.0, 95.0]))


def class_variance(scores, labels, num_classes):
    """v [C] in [0.1, 1]: variance of scores [N] by class over the largest one."""
    member = jax.nn.one_hot(labels, num_classes)
    count = jnp.maximum(jnp.sum(member, axis=0), 1.0)
    mean = scores @ member / count
    variance = jnp.square(scores - mean[labels]) @ member / count
    relative = variance / jnp.maximum(jnp.max(variance), 1e-12)
    enough = jnp.sum(member, axis=0) >= 20
    return jnp.where(enough, jnp.clip(relative, 0.1, 1.0), 1.0)


def class_prior(labels, num_classes):
    """v [C]: q (1 - q) over its maximum, q the share of each class in labels [N]."""
    q = jnp.mean(jax.nn.one_hot(labels, num_classes), axis=0)
    relative = q * (1 - q) / jnp.maximum(jnp.max(q * (1 - q)), 1e-12)
    return jnp.where(relative > 0, relative, 1.0)


def with_mean_of(weights, others):
    """Weights [P, B] scaled to the batch means of `others` [P, B]."""
    total = jnp.maximum(jnp.sum(weights, axis=1, keepdims=True), 1e-8)
    return weights * jnp.sum(others, axis=1, keepdims=True) / total


def divisors(balance, scores, labels, num_classes):
    """v [P, C] of sec. 4.8 from scores [P, N] and labels [N]."""
    if balance == 'class_var':
        return jax.vmap(lambda s: class_variance(s, labels, num_classes))(scores)
    if balance == 'class_prior_bug':
        return jnp.tile(class_prior(labels, num_classes), (len(scores), 1))
    return jnp.ones((len(scores), num_classes))


def check(signal, peers, exchange, consistency, rules, balance):
    """Raises ValueError when settings do not go together."""
    for value, known, name in (
        (signal, SIGNALS, 'signal'),
        (balance, BALANCES, 'balance'),
        (rules, tuple(mixtures.RULES), 'rules'),
    ):
        if value not in known:
            raise ValueError(
                f'algorithm.{name} is {value!r}; it must be one of {", ".join(known)}'
            )
    if peers not in (1, 2):
        raise ValueError(f'algorithm.peers is {peers}; ReSup has 1 or 2 networks')
    if peers == 1 and (exchange or consistency):
        raise ValueError(
            'algorithm.peers=1 has nobody to exchange weights or agree with;'
            ' set algorithm.exchange=False and algorithm.consistency=0.0'
        )


def make(
    *,
    backbone,
    num_classes,
    num_examples,
    peer_map='auto',
    peers=2,
    warmup_epochs=1,
    consistency=5.0,
    exchange=True,
    signal='similarity',
    rules='paper',
    em_iterations=10,
    balance='none',
):
    """ReSup as an Algorithm; the defaults are the release's.

    Args:
      peers: 2 networks, or 1 for the single-network arms.
      warmup_epochs: epochs of plain cross-entropy first.
      consistency: lambda, weight of the consistency term, >= 0.
      exchange: weight each network by the other's clean probability, not its own.
      signal: 'similarity' (the paper) or 'loss' (the "Loss" arms of Table 2).
      rules: 'paper' or 'safe', how a mixture is fitted and read (numerics.mixtures).
      em_iterations: EM steps of each fit; more is not better (docs/methods.md).
      balance: 'none', 'class_var' or 'class_prior_bug' (sec. 4.8).

    Raises:
      ValueError: settings that do not go together.
    """
    del num_examples  # the mixtures summarise all examples
    check(signal, peers, exchange, consistency, rules, balance)
    limits = mixtures.RULES[rules]
    nets = networks(Classifier(backbone, num_classes), peers, peer_map)
    signal_of = losses.similarity if signal == 'similarity' else losses.cross_entropy

    def init(rng, images):
        return *nets.init(rng, images), untrained(peers, num_classes)

    def clean_probability(memory, values):
        """w [P, B] of the signal [P, B]: 1 for a network without a valid fit."""
        read = jax.vmap(lambda mixture, x: mixtures.upper(mixture, x, limits))
        upper = read(memory.mixture, scaled(memory, values))
        clean = upper if signal == 'similarity' else 1 - upper
        return jnp.where(memory.ready[:, None], clean, 1.0)

    def log_odds(memory, scores, labels):
        """[P, N] evidence for each label; 0 for a network without a valid fit."""
        del labels
        read = jax.vmap(mixtures.log_odds)(memory.mixture, scaled(memory, scores))
        sign = 1.0 if signal == 'similarity' else -1.0
        return jnp.where(memory.ready[:, None], sign * read, 0.0)

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        labels = batch.labels
        clean = clean_probability(memory, signal_of(logits, labels[None]))
        weights = clean / memory.divisor[:, labels]
        if balance == 'class_var':
            weights = with_mean_of(weights, clean)
        if exchange:
            weights = weights[::-1]
        started = progress.epoch >= warmup_epochs
        weights = jax.lax.stop_gradient(jnp.where(started, weights, 1.0))

        cross_entropy = losses.cross_entropy(logits, labels[None])
        loss = jnp.sum(jnp.mean(weights * cross_entropy, axis=1))
        right = jnp.mean(jnp.argmax(logits, axis=-1) == labels[None], axis=1)
        metrics = {
            'loss_ce': loss,
            'accuracy': right[0],
            'weight': jnp.mean(weights),
        }
        if peers == 2:
            difference = jnp.mean(squared_difference(jax.nn.softmax(logits)))
            loss += jnp.where(started, consistency, 0.0) * difference
            metrics |= {'difference': difference}
        return loss, Aux(
            stats=stats,
            memory=memory,
            embeddings=embeddings,
            weights=weights,
            metrics=metrics | {'loss': loss},
            relabels=jnp.full_like(labels, -1),
        )

    def predict(params, stats, images):
        return Prediction(*nets.predict(params, stats, images))

    def score(params, stats, batch):
        logits, _ = nets.predict(params, stats, batch.images[0])
        return signal_of(logits, batch.labels[None])

    def refresh(memory, scores, labels, progress):
        del progress
        inside = jnp.isfinite(scores)
        if signal == 'loss':
            span = jax.vmap(loss_span)(scores)
            # Outliers do not shape the fit; the clip of the fit keeps them at the ends.
            inside &= (scores >= span[:, :1]) & (scores <= span[:, 1:])
            memory = memory._replace(span=span)
        fit = jax.vmap(lambda x, use: mixtures.fit_beta(x, use, limits, em_iterations))
        mixture, valid = fit(scaled(memory, scores), inside)
        kept = jax.tree.map(
            lambda new, old: jnp.where(valid[:, None], new, old),
            mixture,
            memory.mixture,
        )
        return memory._replace(
            mixture=kept,
            ready=memory.ready | valid,
            rejected=memory.rejected + ~valid,
            divisor=divisors(balance, scores, labels, num_classes),
        )

    return Algorithm(
        init=init,
        objective=objective,
        predict=predict,
        score=score,
        refresh=refresh,
        log_odds=log_odds,
    )
