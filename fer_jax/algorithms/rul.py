"""Relative Uncertainty Learning: mixing by who is the less certain (Zhang et al. 2021).

Two branches (nets.gaussian) give each sample an embedding mu_i and an uncertainty
sigma_i, the mean of exp(log_var_i) over the dimensions. With a random permutation pi of
the batch and the linear classifier W:

    t_i = sigma_i / (sigma_i + sigma_pi(i))                     relative uncertainty
    m_i = t_i mu_i + (1 - t_i) mu_pi(i)                 the less certain weighs more
    L   = 1/B sum_i [ CE(W m_i, y_i) + CE(W m_i, y_pi(i)) ] / 2         add-up loss

Gradients flow through t; fixed points of pi are allowed, and so are pairs of one class.
Inference uses W mu, the log_var branch plays no part. W m_i is computed as the same mix
of W mu_i and W mu_pi(i), which it equals, W being linear.

`relabel=True` is the arm that its authors call vital for noisy labels and did not
release: SCN's rule on softmax(W mu_i) of the unmixed embedding, all samples.

Differs from the released code
  * The paper's add-up loss is the sum of both terms; the release, and this, halve it.
  * The accuracy of a training step is that of the unmixed embeddings; the release
    compares mixed outputs with one of their two labels.
  * t is sigmoid(log sigma_i - log sigma_j), which cannot overflow.
  * Maps are flattened height, width, channel (torch: channel first), which matters to
    nobody who starts the branches from random weights.

A mix of two classes has a loss of ln 2 at least, so L ends near ln 2 times the share
of such pairs; `loss_ce`, that of the unmixed embeddings, shows the progress.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.nets.gaussian import Gaussian
from fer_jax.numerics import losses
from fer_jax.numerics import relabel as relabelling
from fer_jax.settings import Field

SETTINGS = {
    'dropout': Field(0.4, 'rate in both branches', '[0, 1)'),
    'embedding_size': Field(64, 'of mean and log-variance', '[1, inf)', 'dimensions'),
    'relabel': Field(False, "replace labels by SCN's rule"),
    'relabel_epoch': Field(
        10, 'first epoch that relabels, counted from 1', '[1, inf)', 'epochs'
    ),
    'relabel_margin': Field(0.2, 'in probability', '[0, 1)'),
    'classifier_bias': Field(True, 'whether the classifier has one'),
}


def log_uncertainty(log_var: jax.Array) -> jax.Array:
    """log sigma [B] of log_var [B, D]: sigma is the mean of exp(log_var)."""
    return jax.nn.logsumexp(log_var, axis=-1) - jnp.log(log_var.shape[-1])


def relative(log_sigma: jax.Array, others: jax.Array) -> jax.Array:
    """t [B] = sigma / (sigma + others' sigma), in (0, 1)."""
    return jax.nn.sigmoid(log_sigma - others)


def add_up(
    logits: jax.Array, log_sigma: jax.Array, labels: jax.Array, permutation: jax.Array
) -> jax.Array:
    """The add-up loss [B] of each sample mixed with its partner.

    Args:
      logits: [B, C] of the unmixed embeddings.
      log_sigma: [B].
      labels: [B] int32.
      permutation: [B] int32, each sample's partner.
    """
    share = relative(log_sigma, log_sigma[permutation])[:, None]
    mixed = share * logits + (1 - share) * logits[permutation]
    own = losses.cross_entropy(mixed, labels)
    return (own + losses.cross_entropy(mixed, labels[permutation])) / 2


def make(
    task: Task,
    *,
    dropout: float = 0.4,
    embedding_size: int = 64,
    relabel: bool = False,
    relabel_epoch: int = 10,
    relabel_margin: float = 0.2,
    classifier_bias: bool = True,
) -> Algorithm:
    """RUL as an Algorithm with one network and no memory.

    Args:
      dropout: rate in both branches.
      embedding_size: D of mu and log_var.
      relabel: the arm for noisy labels.
      relabel_epoch: first epoch that relabels, counted from 1.
      relabel_margin: delta_2 of numerics.relabel.
      classifier_bias: whether the classifier has one.
    """
    nets = task.networks(
        model=Gaussian,
        embedding_size=embedding_size,
        dropout=dropout,
        bias=classifier_bias,
    )

    def objective(params, stats, memory, batch, progress, rng):
        net_rng, pair_rng = jax.random.split(rng)
        outputs, stats = nets.train(params, stats, net_rng, batch.images[0])
        logits, _, log_var = (leaf[0] for leaf in outputs)
        labels = batch.labels
        log_sigma = log_uncertainty(log_var)
        permutation = jax.random.permutation(pair_rng, len(labels))
        loss = jnp.mean(add_up(logits, log_sigma, labels, permutation))
        metrics = {
            'loss_ce': jnp.mean(losses.cross_entropy(logits, labels)),
            'uncertainty': jnp.mean(jnp.exp(log_sigma)),
        }
        relabels = None
        if relabel:
            better = relabelling.rule(jax.nn.softmax(logits), labels, relabel_margin)
            relabels = jnp.where(progress.epoch + 1 >= relabel_epoch, better, -1)
            metrics['relabelled'] = jnp.sum(relabels >= 0, dtype=float)
        return outcome(
            loss, batch, stats, memory, *outputs[:2], relabels=relabels, **metrics
        )

    return method(nets, objective)
