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

`threshold` > 0 is the arm of sec. 4.6: w = 1 where p(clean | S) is at least that, else
0. The paper tunes it by hand and says neither its value nor what it is compared with.

`balance` divides each weight by a per-class factor v (sec. 4.8): 'class_var' by the
variance of S within the given class over the largest such variance; 'class_prior_bug'
by q (1 - q) over its maximum, q the class's share of the labels, which is what the
indexing of the released (commented out) line amounts to.

`readiness` starts the weighting when it is needed instead of after a fixed number of
epochs. Each network keeps a part of the training set of its own, `held_out`, from which
it does not learn at first. Memorising shows as a gap

    g = mean over the networks of  mean S (learned) - mean S (held out)

after an epoch, with the same images, augmentation and batch statistics for both. Once
g > readiness, both networks learn from all examples, by the equations above, for good.
Where a network cannot memorise, weights have nothing to suppress and starve hard
examples; there the networks stay plain ones.

`mixture='class'` fits one p(S) for each class, to the examples with that given label,
and reads w off that of the label; a class of few examples has the fit of all
(numerics.division). Not the paper's: classes that are hard to tell have low
similarities, right labels too, and one mixture distrusts them. As in IntraClass-divide
and IDO (Zhang et al. 2025), of losses and of counts there. It wants `rules='safe'`:
where hardly a label of a class is wrong, the paper's rules fit a spike at 1.

`average` judges the labels by the mean of each one's signal over all epochs, with a
mixture of its own: a sign that a network has not always believed what it learned by
heart later. The weights of the loss are read from the current signal all the same.

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

from fer_jax.algorithms import (
    LOSS,
    SIMILARITY,
    Algorithm,
    Signal,
    Task,
    method,
    outcome,
)
from fer_jax.errors import Unusable
from fer_jax.numerics import balance as balancing
from fer_jax.numerics import division, losses, mixtures
from fer_jax.settings import Field

MIXTURES = ('global', 'class')
SIGNALS = {'similarity': SIMILARITY, 'loss': LOSS}
SETTINGS = {
    'peers': Field(2, 'networks; 1: the single-network arms of Table 2', (1, 2)),
    'warmup_epochs': Field(1, 'of plain cross-entropy first', '[0, inf)', 'epochs'),
    'consistency': Field(5.0, 'lambda, weight of the consistency term', '[0, inf)'),
    'exchange': Field(True, "weight each network by the other's clean probabilities"),
    'signal': Field('similarity', 'loss: the "Loss" arms of Table 2', tuple(SIGNALS)),
    'rules': Field(
        'paper', 'safe: a guarded fit, closed-form posterior', tuple(mixtures.RULES)
    ),
    'em_iterations': Field(10, 'of each fit of the mixture', '[1, inf)'),
    'mixture': Field('global', 'class: one for the labels of each class', MIXTURES),
    'threshold': Field(
        0.0,
        'labels at least so probably right weigh 1, others 0 (sec. 4.6); 0: weights'
        ' are probabilities',
        '[0, 1)',
    ),
    'balance': Field('none', 'of the weights by class (sec. 4.8)', balancing.BALANCES),
    'readiness': Field(
        0.0,
        'gap in mean similarity between learned and held-out labels that starts the'
        ' weights; 0: they start after the warm-up',
        '[0, inf)',
    ),
    'held_out': Field(0.0, 'share that each network keeps to measure it', '[0, 0.5)'),
    'average': Field(False, 'judge labels by their mean over the epochs'),
}


class Memory(NamedTuple):
    """What ReSup knows about the training set after an epoch."""

    fitted: division.Fitted  # with an axis C of mixture='class'
    divisor: jax.Array  # [P, C], v of sec. 4.8; ones when weights are not balanced
    average: jax.Array  # [P, N], mean of the signal over the epochs; NaN: of none yet
    held_out: jax.Array  # [P, N] bool, not learned from until `started`
    gap: jax.Array  # [], g of the last epoch
    started: jax.Array  # [] bool, whether g has been large enough


def untrained(
    rng: jax.Array, fitted: division.Fitted, task: Task, held_out: float
) -> Memory:
    """The Memory before the first fit; `held_out` is the share of each network's part.

    The parts are disjoint as long as there are enough examples.
    """
    peers, count = len(fitted.ready), task.num_examples
    size = round(held_out * count)
    rank = jax.random.permutation(rng, count)
    own = jnp.arange(peers)[:, None]
    return Memory(
        fitted=fitted,
        divisor=jnp.ones((peers, task.num_classes)),
        average=jnp.full((peers, count), jnp.nan, jnp.float32),
        held_out=(own * size <= rank) & (rank < (own + 1) * size),
        gap=jnp.float32(0.0),
        started=jnp.array(size == 0),
    )


def memorised(scores: jax.Array, held_out: jax.Array) -> jax.Array:
    """g []: how much better labels are fitted that were learned from.

    The mean over networks of the difference of mean scores [P, N] outside and inside
    the mask `held_out` [P, N]; a score that is not finite does not count.
    """
    finite = jnp.isfinite(scores)
    mean = jax.vmap(losses.weighted_mean)
    learned = mean(scores, finite & ~held_out)
    return jnp.mean(learned - mean(scores, finite & held_out))


def clean_probability(
    fitted: division.Fitted,
    scores: jax.Array,
    labels: jax.Array,
    tools: division.Tools,
    judged: Signal,
    threshold: float = 0.0,
) -> jax.Array:
    """w [P, B] of the signal `judged`, scores [P, B], of labels [B] (eq. 7).

    1 for a network without a valid fit; with a threshold, 1 or 0 (sec. 4.6).
    """
    values = division.scaled(fitted.span, scores, labels)
    upper = division.read(tools.upper, fitted.mixture, values, labels)
    clean = judged.clean(upper)
    if threshold:
        clean = (clean >= threshold).astype(jnp.float32)
    return jnp.where(division.ready(fitted, labels), clean, 1.0)


def range_of(scores: jax.Array, judged: Signal) -> tuple[jax.Array, jax.Array]:
    """(span [P, 2], mask [P, N]) of the scores [P, N] that a mixture is fitted to.

    Losses are scaled to [0, 1] without their outliers, which do not shape the fit; its
    clip keeps them at the ends.
    """
    inside = jnp.isfinite(scores)
    if judged is not LOSS:
        return division.unit_span(len(scores)), inside
    span = division.inner_span(scores)
    return span, inside & (scores >= span[:, :1]) & (scores <= span[:, 1:])


def averaged(average: jax.Array, scores: jax.Array, epoch: jax.Array) -> jax.Array:
    """The mean [P, N] of the scores of epochs 1 to `epoch`, from that of those before.

    Both are NaN where there is none; a score that is not finite leaves the mean as is.
    """
    before = jnp.where(jnp.isfinite(average), average, 0.0)
    new = before + (scores - before) / epoch
    return jnp.where(jnp.isfinite(scores), new, average)


def squared_difference(probs: jax.Array) -> jax.Array:
    """d [B]: mean over classes of (f_A - f_B)^2 from probs [2, B, C]; in [0, 2/C]."""
    return jnp.mean(jnp.square(probs[0] - probs[1]), axis=-1)


def check(
    signal: str,
    peers: int,
    exchange: bool,
    consistency: float,
    readiness: float,
    held_out: float,
) -> None:
    """Raises Unusable when settings do not go together."""
    if bool(readiness) != bool(held_out):
        raise Unusable(
            'algorithm.readiness is judged on the held-out part: set both it and'
            f' algorithm.held_out above 0, or both to 0; got {readiness} and {held_out}'
        )
    if readiness and signal != 'similarity':
        raise Unusable(
            'algorithm.readiness compares similarities; it does not go with'
            f' algorithm.signal={signal}'
        )
    if peers == 1 and (exchange or consistency):
        raise Unusable(
            'algorithm.peers=1 has nobody to exchange weights or agree with;'
            ' set algorithm.exchange=False and algorithm.consistency=0.0'
        )


def make(
    task: Task,
    *,
    peers: int = 2,
    warmup_epochs: int = 1,
    consistency: float = 5.0,
    exchange: bool = True,
    signal: str = 'similarity',
    rules: str = 'paper',
    em_iterations: int = 10,
    mixture: str = 'global',
    threshold: float = 0.0,
    balance: str = 'none',
    readiness: float = 0.0,
    held_out: float = 0.0,
    average: bool = False,
) -> Algorithm:
    """ReSup as an Algorithm; the defaults are the release's.

    Args:
      peers: 2 networks, or 1 for the single-network arms.
      warmup_epochs: epochs of plain cross-entropy first.
      consistency: lambda, weight of the consistency term, >= 0.
      exchange: weight each network by the other's clean probability, not its own.
      signal: 'similarity' (the paper) or 'loss' (the "Loss" arms of Table 2).
      rules: 'paper' or 'safe', how a mixture is fitted and read (numerics.mixtures).
      em_iterations: EM steps of each fit; more is not better (docs/methods.md).
      mixture: 'global', one for all labels, or 'class', one for those of each class.
      threshold: clean probability from which on a label weighs 1, others 0; 0: none.
      balance: 'none', 'class_var' or 'class_prior_bug' (sec. 4.8).
      readiness: gap in mean similarity from which on losses are weighted, after the
        warm-up; 0: right after the warm-up, as released.
      held_out: share of the examples that each network keeps to measure that gap.
      average: judge labels by the mean of the signal over the epochs.

    Raises:
      Unusable: settings that do not go together.
    """
    check(signal, peers, exchange, consistency, readiness, held_out)
    nets = task.networks(peers)
    judged = SIGNALS[signal]
    tools = division.tools('beta', rules, em_iterations)
    classes = task.num_classes if mixture == 'class' else None

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        scores = judged.of(logits, batch.labels)
        clean = clean_probability(
            memory.fitted, scores, batch.labels, tools, judged, threshold
        )
        weights = clean / memory.divisor[:, batch.labels]
        if balance == 'class_var':
            weights = balancing.with_mean_of(weights, clean)
        if exchange:
            weights = weights[::-1]
        started = memory.started & (progress.epoch >= warmup_epochs)
        learned = memory.started | ~memory.held_out[:, batch.index]
        weights = jnp.where(started, weights, learned.astype(jnp.float32))
        weights = jax.lax.stop_gradient(weights)

        cross_entropy = losses.cross_entropy(logits, batch.labels)
        loss = jnp.sum(jnp.mean(weights * cross_entropy, axis=1))
        metrics = {'loss_ce': loss}
        if peers == 2:
            difference = jnp.mean(squared_difference(jax.nn.softmax(logits)))
            loss += jnp.where(started, consistency, 0.0) * difference
            metrics['difference'] = difference
        return outcome(
            loss, batch, stats, memory, logits, embeddings, weights, **metrics
        )

    def refresh(memory, scores, labels, progress):
        span, inside = range_of(scores, judged)
        values = division.scaled(span, scores)
        newest, valid = division.fit(tools, values, inside, labels, classes)
        gap = memorised(scores, memory.held_out)
        return memory._replace(
            fitted=division.refitted(memory.fitted, newest, span, valid),
            divisor=balancing.divisors(balance, scores, labels, task.num_classes),
            average=averaged(memory.average, scores, progress.epoch),
            gap=gap,
            started=memory.started | (gap > readiness),
        )

    def log_odds(memory, scores, labels):
        """[P, N] of each label; 0 where nothing is known, as without a fit."""
        fitted = memory.fitted
        judging = fitted.mixture
        values = division.scaled(
            fitted.span, memory.average if average else scores, labels
        )
        if average:
            known = jnp.isfinite(values)
            judging, _ = division.fit(tools, values, known, labels, classes)
        read = division.read(tools.log_odds, judging, values, labels)
        read = read if judged.rising else -read
        known = division.ready(fitted, labels) & jnp.isfinite(values)
        return jnp.where(known, read, 0.0)

    return method(
        nets,
        objective,
        memory=lambda rng: untrained(
            rng, division.unfitted(tools, peers, classes), task, held_out
        ),
        signal=judged,
        refresh=refresh,
        log_odds=log_odds,
        fit_of=lambda memory: memory.fitted,
    )
