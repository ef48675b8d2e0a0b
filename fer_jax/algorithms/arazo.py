"""A mixture on the loss: small losses are right labels (Arazo et al. 2019).

One network, l_i its cross-entropy on the given label. After each epoch

    u_i = (l_i - p5) / (p95 - p5), p5 and p95 percentiles of l over the training set
    p(u) = sum_k pi_k Beta(u; alpha_k, beta_k), by EM, without the u outside [0, 1]
    B_i = p(k of the larger mean | u_i), the probability that the label is wrong

and in each step, with u_i from one more pass in evaluation mode,

    bootstrap='none'      L = 1/B sum_i (1 - B_i) CE(z_i, y_i)
        the "Loss" arm of the ReSup paper's Table 2: the mixture is only a weight
    bootstrap='dynamic'   t_i = (1 - B_i) onehot(y_i) + B_i onehot(c_i)
                          x = l x_i + (1 - l) x_j,  l ~ Beta(32, 32)
                          L = 1/B sum_i CE(z(x), l t_i + (1 - l) t_j)
                              + KL(uniform, mean prediction of the batch)
        M-DYR-H; c_i is the network's own class, j another image of the batch

Before the weighting starts, and before there is a valid fit, 'none' trains with the
constant weight 1/2, and 'dynamic' with B = 0, which is plain mixup.

Differs from the released code
  * One evaluation-mode pass gives both B_i and c_i. The release takes c_i from another
    pass in training mode, which also moves the batch statistics.
  * `rules='safe'` reads the closed-form posterior and keeps fits from degenerating; an
    invalid fit is not used, the last valid one stays (see numerics.mixtures).
  * The larger part of a mixed image is the example's own: the same batches, listed in
    another order, and what embedding proximity pulls is mostly that example.
  * 'none' is ours: the release weights only within its bootstrapping.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import LOSS, Algorithm, Task, method, outcome
from fer_jax.numerics import division, losses, mixtures, mixup
from fer_jax.settings import Field

BOOTSTRAPS = ('none', 'dynamic')
EDGE = 1e-3  # scaled losses beyond the percentiles stand this far from 0 and 1
SETTINGS = {
    'warmup_epochs': Field(1, 'before the mixture is used', '[0, inf)', 'epochs'),
    'bootstrap': Field('none', 'none: weights only; dynamic: M-DYR-H', BOOTSTRAPS),
    'alpha': Field(
        32.0,
        'dynamic: of Beta(alpha, alpha) that images are mixed by; 0: no mixing',
        '[0, inf)',
    ),
    'class_balance': Field(
        1.0,
        'dynamic: weight of the term that evens out how often classes are predicted',
        '[0, inf)',
    ),
    'rules': Field(
        'paper', 'safe: a guarded fit, closed-form posterior', tuple(mixtures.RULES)
    ),
    'em_iterations': Field(10, 'of each fit of the mixture', '[1, inf)'),
}


def scaled(span: jax.Array, values: jax.Array) -> jax.Array:
    """u of losses: span [..., 2] is mapped to [0, 1], as released."""
    low = span[..., :1] + 1e-5
    return (values - low) / (span[..., 1:] - low + 1e-6)


def inside(values: jax.Array) -> jax.Array:
    """Scaled losses, those beyond the span set to EDGE and 1 - EDGE."""
    return jnp.where(values >= 1, 1 - EDGE, jnp.where(values <= 0, EDGE, values))


def wrong_probability(
    fitted: division.Fitted, values: jax.Array, tools: division.Tools
) -> jax.Array:
    """B [1, B] in [1e-4, 1 - 1e-4] of losses [1, B], from the last valid fit."""
    return tools.upper(fitted.mixture, inside(scaled(fitted.span, values)))


def bootstrapped(
    wrong: jax.Array, labels: jax.Array, own: jax.Array, num_classes: int
) -> jax.Array:
    """t [..., C] = (1 - B) onehot(y) + B onehot(c) for B [...], y [...], c [...]."""
    given, guessed = (jax.nn.one_hot(k, num_classes) for k in (labels, own))
    return (1 - wrong)[..., None] * given + wrong[..., None] * guessed


def log_odds(
    fitted: division.Fitted, scores: jax.Array, tools: division.Tools
) -> jax.Array:
    """[1, N] log-odds of each label from its loss.

    Beyond the span and before there is a fit the loss itself ranks.
    """
    values = scaled(fitted.span, scores)
    within = jnp.clip(values, 0.0, 1.0)
    wrong = tools.log_odds(fitted.mixture, within)
    wrong = jnp.where(fitted.ready[:, None], wrong, within)
    return -(wrong + (values - within))


def refit(
    fitted: division.Fitted, scores: jax.Array, tools: division.Tools
) -> division.Fitted:
    """The Fitted with a mixture of losses [1, N], if it is a valid one."""
    span = division.inner_span(scores)
    # Outliers do not shape the fit.
    used = jnp.isfinite(scores) & (scores >= span[:, :1]) & (scores <= span[:, 1:])
    mixture, valid = tools.fit(inside(scaled(span, scores)), used)
    valid &= jnp.isfinite(span).all(axis=1)
    return division.refitted(fitted, mixture, span, valid)


def make(
    task: Task,
    *,
    warmup_epochs: int = 1,
    bootstrap: str = 'none',
    alpha: float = 32.0,
    class_balance: float = 1.0,
    rules: str = 'paper',
    em_iterations: int = 10,
) -> Algorithm:
    """Arazo et al. as an Algorithm with one network.

    Args:
      warmup_epochs: epochs before the mixture is used.
      bootstrap: 'none', the mixture weights the loss; 'dynamic', M-DYR-H.
      alpha: of the Beta(alpha, alpha) that images are mixed by; 0: no mixing.
      class_balance: weight of KL(uniform, mean prediction), >= 0. Both are for
        'dynamic'.
      rules: 'paper' or 'safe', how a mixture is fitted and read (numerics.mixtures).
      em_iterations: EM steps of each fit.
    """
    nets = task.networks()
    tools = division.tools('beta', rules, em_iterations)

    def weighted(params, stats, rng, images, labels, wrong):
        """Of 'none': the loss [], its own metrics, what the network returned."""
        outputs, stats = nets.train(params, stats, rng, images)
        per_example = losses.cross_entropy(outputs[0], labels)
        return jnp.mean((1 - wrong) * per_example), {}, outputs, stats

    def mixed(params, stats, rng, images, labels, wrong, own, started):
        """The same for 'dynamic'."""
        targets = bootstrapped(wrong, labels[None], own, task.num_classes)[0]
        draw, rng = jax.random.split(rng)
        images, targets = mixup.batch(draw, images, targets, alpha)
        outputs, stats = nets.train(params, stats, rng, images)
        loss = jnp.mean(mixup.soft_cross_entropy(outputs[0], targets[None]))
        imbalance = mixup.imbalance(outputs[0][0])
        loss += jnp.where(started, class_balance, 0.0) * imbalance
        return loss, {'imbalance': imbalance}, outputs, stats

    def objective(params, stats, memory, batch, progress, rng):
        images, labels = batch.images[0], batch.labels
        logits, _ = jax.lax.stop_gradient(nets.predict(params, stats, images))
        started = (progress.epoch >= warmup_epochs) & memory.ready[:, None]
        wrong = wrong_probability(memory, losses.cross_entropy(logits, labels), tools)
        own = jnp.argmax(logits, axis=-1)
        if bootstrap == 'none':
            wrong = jnp.where(started, wrong, 0.5)
            learned = weighted(params, stats, rng, images, labels, wrong)
        else:
            wrong = jnp.where(started, wrong, 0.0)
            begun = started[0, 0]
            learned = mixed(params, stats, rng, images, labels, wrong, own, begun)
        loss, metrics, (_, embeddings), stats = learned
        return outcome(
            loss,
            batch,
            stats,
            memory,
            logits,
            embeddings,
            weights=1 - wrong,
            **metrics,
        )

    return method(
        nets,
        objective,
        memory=division.unfitted(tools, 1),
        signal=LOSS,
        refresh=lambda fitted, scores, labels, progress: refit(fitted, scores, tools),
        log_odds=lambda fitted, scores, labels: log_odds(fitted, scores, tools),
        fit_of=lambda fitted: fitted,
    )
