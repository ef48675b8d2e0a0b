"""DivideMix: two networks divide the training set for each other (Li et al. 2020).

    w_m,i  p(component of the smaller mean | l_m,i), a mixture of two Gaussians fitted
           after each epoch to the cross-entropies l_m of all samples, scaled to [0, 1]
    X_m    samples with w_m',i > threshold, m' the other network: their labels count;
    U_m    the rest: unlabelled images                                    (co-divide)

Each network m learns from two views of each image, p_m its mean prediction for both:

    t_i  = sharpen(w_m',i onehot(y_i) + (1 - w_m',i) p_m,i)  in X_m      (co-refine)
    t_i  = sharpen((p_A,i + p_B,i) / 2)                      in U_m      (co-guess)
    x, t = l (x_i, t_i) + (1 - l) (x_j, t_j),  l ~ Beta(4, 4), l >= 1/2  (mixup, over
           both sets and views); z = z_m(x)
    L_m  = mean_X CE(z, t) + lambda(e) mean_U |softmax(z) - t|^2 / C
           + KL(uniform, mean prediction)
    lambda(e) rises linearly from 0 to lambda_u over 16 epochs after the warm-up

The loss is L_A + L_B. The first epochs are plain cross-entropy on all labels, with
`penalty` (asymmetric noise) minus the entropy of the predictions. The method answers by
the sum of both networks' logits.

DivideMix-Si (Zhang et al. 2023, sec. 4.11) is signal='similarity': the mixture is
fitted to S, unscaled, and right labels have the larger mean; which mixture is not said.
semi=False is their Fig. 10: cross-entropy on the given labels of X_m, mixed within X_m.

Differs from the released code
  * A and B learn in the same step, from the same batch. The release trains A for an
    epoch with B frozen, then B. Their losses share no gradient, so one optimiser over
    both is two optimisers; but the other network's guesses are those of this moment,
    not of the end of its last epoch.
  * X_m and U_m are masks over a batch of B from all samples, which has as much of each
    as the training set, on average; an epoch is a pass over all. The release takes B
    of each, 4B rows to our 2B, and an epoch is a pass over X_m. So U_m counts in the
    mixing and the mean prediction by its true share. Each term is a mean over its own
    rows all the same, 0 where a batch has none.
  * Guesses are made in evaluation mode. The release runs the network being trained in
    training mode, which also moves its batch statistics.
  * lambda(e) rises once an epoch, not with every step. The warm-up learns from both
    views, 2B rows; the release's from one view of 2B images.
  * The entropy of t, which no gradient sees, is taken off the reported CE.
  * After an invalid fit a table stays, at first all clean. Posteriors are monotone.
  * After the warm-up Aux.embeddings are of mixed images, each at least half its own.
"""

from typing import Any, NamedTuple

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
from fer_jax.nets import Networks
from fer_jax.numerics import division, losses, mixtures, mixup
from fer_jax.settings import Field

SIGNALS = {'loss': LOSS, 'similarity': SIMILARITY}
SETTINGS = {
    'warmup_epochs': Field(10, 'of plain cross-entropy first', '[0, inf)', 'epochs'),
    'mixture': Field('gaussian', 'fitted to the signal', division.MIXTURES),
    'signal': Field('loss', 'similarity: DivideMix-Si', tuple(SIGNALS)),
    'threshold': Field(0.5, 'clean probability above which a label counts', '[0, 1]'),
    'temperature': Field(0.5, 'of the sharpened targets; 1: not sharpened', '(0, 1]'),
    'alpha': Field(4.0, 'of Beta(alpha, alpha) that images are mixed by', '[0, inf)'),
    'unlabelled_weight': Field(
        25.0, 'lambda_u, of the images without a label', '[0, inf)'
    ),
    'ramp_epochs': Field(
        16, 'after the warm-up, until lambda_u is reached', '[1, inf)', 'epochs'
    ),
    'class_balance': Field(
        1.0,
        'weight of the term that evens out how often classes are predicted',
        '[0, inf)',
    ),
    'penalty': Field(False, 'asymmetric noise: keep the warm-up unsure'),
    'average_epochs': Field(
        1,
        'over which the scaled signal is averaged before the fit',
        '[1, inf)',
        'epochs',
    ),
    'semi': Field(True, 'False: samples that are not selected are left out'),
    'rules': Field('paper', 'of the beta mixture', tuple(mixtures.RULES)),
}


class Memory(NamedTuple):
    """What the two networks know about the training set after an epoch."""

    fitted: division.Fitted
    history: jax.Array  # [2, average_epochs, N], scaled signals, the newest first
    clean_probability: jax.Array  # [2, N], w of each network


def untrained(tools: division.Tools, average_epochs: int, num_examples: int) -> Memory:
    """The Memory before the first fit: every label counts."""
    return Memory(
        fitted=division.unfitted(tools, 2),
        history=jnp.zeros((2, average_epochs, num_examples)),
        clean_probability=jnp.ones((2, num_examples)),
    )


def divide(
    memory: Memory, index: jax.Array, threshold: float
) -> tuple[jax.Array, jax.Array]:
    """The other network's w [2, B] of the examples `index` [B], and the mask of X_m."""
    clean = memory.clean_probability[::-1, index]
    return clean, clean > threshold


def refined(clean: jax.Array, labels: jax.Array, own: jax.Array) -> jax.Array:
    """w onehot(y) + (1 - w) p: [..., C] of w [...], y [...] and p [..., C]."""
    given = jax.nn.one_hot(labels, own.shape[-1])
    return clean[..., None] * given + (1 - clean[..., None]) * own


def guess(
    clean: jax.Array,
    labelled: jax.Array,
    labels: jax.Array,
    probs: jax.Array,
    temperature: float,
) -> jax.Array:
    """t [2, B, C] from the mean predictions over both views, probs [2, B, C]."""
    own = refined(clean, labels[None], probs)
    both = jnp.mean(probs, axis=0, keepdims=True)
    return mixup.sharpen(jnp.where(labelled[..., None], own, both), temperature)


def ramp(epoch: jax.Array, warmup_epochs: int, ramp_epochs: int) -> jax.Array:
    """lambda(e) / lambda_u of the 0-based epoch: 0 in the first after the warm-up."""
    return jnp.clip((epoch - warmup_epochs) / ramp_epochs, 0.0, 1.0)


def terms_of(logits: jax.Array, targets: jax.Array, labelled: jax.Array) -> jax.Array:
    """[3] of one network's rows: both losses and KL(uniform, mean prediction)."""
    supervised = losses.weighted_mean(mixup.divergence(logits, targets), labelled)
    square = mixup.squared_error(logits, targets)
    guessed = losses.weighted_mean(square, ~labelled)
    return jnp.stack([supervised, guessed, mixup.imbalance(logits)])


def look(nets: Networks, params: Any, stats: Any, images: jax.Array) -> jax.Array:
    """Mean predictions [P, B, C] over the views [V, B, ...], as constants."""
    logits, _ = nets.predict(params, stats, jnp.concatenate(images))
    probs = jnp.split(jax.nn.softmax(logits), len(images), axis=1)
    return jax.lax.stop_gradient(sum(probs[1:], probs[0]) / len(images))


def mixed(
    images: jax.Array,
    targets: jax.Array,
    chosen: jax.Array,
    alpha: float,
    keys: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """x [2, V B, H, W, 3] and t [2, V B, C] of each network.

    Args:
      images: [V B, H, W, 3], one view after the other.
      targets: [2, V B, C].
      chosen: [2, V B] bool, the rows to mix with each other; others stay as they are.
      alpha: of Beta(alpha, alpha).
      keys: [2].
    """
    mix = jax.vmap(lambda *row: mixup.batch(row[0], images, row[1], alpha, row[2]))
    return mix(keys, targets, chosen)


def divided(
    memory: Memory,
    scores: jax.Array,
    span: jax.Array,
    count: jax.Array,
    tools: division.Tools,
    judged: Signal,
) -> Memory:
    """The Memory after a fit to the mean of the newest `count` epochs' scores.

    Args:
      scores: [2, N], of this epoch.
      span: [2, 2], the part of them that is scaled to [0, 1].
      count: [] int32, 1 to average_epochs.
    """
    newest = division.scaled(span, scores)[:, None]
    history = jnp.concatenate([newest, memory.history[:, :-1]], axis=1)
    values = division.recent(history, count)
    used = jnp.isfinite(values)
    mixture, valid = tools.fit(values, used)
    clean = jnp.where(used, judged.clean(tools.upper(mixture, values)), 0.0)
    return Memory(
        fitted=division.refitted(memory.fitted, mixture, span, valid),
        history=history,
        clean_probability=jnp.where(valid[:, None], clean, memory.clean_probability),
    )


def make(
    task: Task,
    *,
    warmup_epochs: int = 10,
    mixture: str = 'gaussian',
    signal: str = 'loss',
    threshold: float = 0.5,
    temperature: float = 0.5,
    alpha: float = 4.0,
    unlabelled_weight: float = 25.0,
    ramp_epochs: int = 16,
    class_balance: float = 1.0,
    penalty: bool = False,
    average_epochs: int = 1,
    semi: bool = True,
    rules: str = 'paper',
) -> Algorithm:
    """DivideMix as an Algorithm with two networks; the defaults are the release's.

    Args:
      warmup_epochs: epochs of plain cross-entropy first.
      mixture: 'gaussian' or 'beta'.
      signal: 'loss', or 'similarity' for DivideMix-Si.
      threshold: clean probability above which a label counts.
      temperature: T of the sharpening, in (0, 1]; 1 sharpens nothing.
      alpha: of Beta(alpha, alpha); 0 mixes nothing.
      unlabelled_weight: lambda_u.
      ramp_epochs: epochs after the warm-up in which lambda reaches lambda_u.
      class_balance: weight of KL(uniform, mean prediction).
      penalty: subtract the entropy of the predictions in the warm-up.
      average_epochs: epochs over which the scaled signal is averaged before the fit.
      semi: False leaves samples out that are not selected (Fig. 10 of ReSup).
      rules: 'paper' or 'safe', of the beta mixture (numerics.mixtures).
    """
    nets = task.networks(2)
    tools = division.tools(mixture, rules)
    judged = SIGNALS[signal]._replace(augmented=False)

    def objective(params, stats, memory, batch, progress, rng):
        started, views = progress.epoch >= warmup_epochs, len(batch.images)
        clean, selected = divide(memory, batch.index, threshold)
        given = jax.nn.one_hot(batch.labels, task.num_classes)
        targets = jnp.stack([given] * 2)
        if semi:
            probs = look(nets, params, stats, batch.images)
            targets = guess(clean, selected, batch.labels, probs, temperature)
        rows, given = jnp.concatenate(batch.images), jnp.concatenate([given] * views)
        targets, labelled = (
            jnp.concatenate([each] * views, axis=1) for each in (targets, selected)
        )
        keys = jax.random.split(rng, 3)
        # Without semi-supervision, labelled rows are mixed with each other only.
        images, targets = mixed(rows, targets, labelled | semi, alpha, keys[:2])
        # One pass for both phases: behind lax.cond the convolutions of XLA's CPU
        # backend are ten times as slow, and compile for minutes.
        images = jnp.where(started, images, rows)
        targets = jnp.where(started, targets, given)
        outputs, stats = nets.train(params, stats, keys[2], own=(images,))
        terms = jax.vmap(terms_of)(outputs[0], targets, labelled | ~started)
        terms = jnp.sum(terms, axis=0)
        weight = unlabelled_weight * ramp(progress.epoch, warmup_epochs, ramp_epochs)
        loss = terms[0]
        if semi:
            loss += weight * terms[1] + class_balance * started * terms[2]
        if penalty:
            unsure = jnp.sum(jnp.mean(mixup.entropy(outputs[0]), axis=1))
            loss -= jnp.where(started, 0.0, unsure)
        logits, embeddings = (each[:, : len(batch.labels)] for each in outputs)
        weights = jnp.where(selected, clean if semi else 1.0, 0.0)
        return outcome(
            loss,
            batch,
            stats,
            memory,
            logits,
            embeddings,
            weights=jnp.where(started, weights, 1.0),
            accuracy=jnp.mean(jnp.argmax(logits, axis=-1) == batch.labels),
            loss_labelled=terms[0],
            loss_unlabelled=terms[1],
            imbalance=terms[2],
            labelled=jnp.mean(selected),
        )

    def refresh(memory, scores, labels, progress):
        del labels
        span = jnp.array([[0.0, 1.0]] * 2)
        if signal == 'loss':
            span = division.whole_span(scores)
        # As released, epochs before the end of the warm-up do not count.
        count = jnp.clip(progress.epoch - warmup_epochs + 1, 1, average_epochs)
        return divided(memory, scores, span, count, tools, judged)

    def log_odds(memory, scores, labels):
        """Of the newest scores; for a network without a valid fit they rank."""
        del labels
        fitted = memory.fitted
        values = division.scaled(fitted.span, scores)
        read = tools.log_odds(fitted.mixture, values)
        read = jnp.where(fitted.ready[:, None], read, values)
        return read if judged.rising else -read

    return method(
        nets,
        objective,
        memory=untrained(tools, average_epochs, task.num_examples),
        views=2 if semi else 1,
        answer='sum',
        signal=judged,
        refresh=refresh,
        log_odds=log_odds,
        fit_of=lambda memory: memory.fitted,
    )
