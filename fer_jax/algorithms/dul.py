"""Data Uncertainty Learning, its classification form (Chang et al. 2020, sec. 3.3).

Two branches (nets.gaussian) describe each sample by N(mu_i, diag exp(log_var_i)). In
training the classifier W sees a draw from it, at test time the mean:

    e_i = mu_i + eps_i exp(log_var_i / 2),   eps_i ~ N(0, I)
    L   = 1/B sum_i [ CE(W e_i, y_i) + kl_weight KL_i ]
    KL_i = KL(N(mu_i, sigma_i^2) || N(0, I))
         = -1/2 sum_d (1 + log_var_id - mu_id^2 - exp(log_var_id))

The gradient reaches both branches through e (reparameterisation). Dimensions, dropout
and optimiser are RUL's, whose authors took the branches from here. W e_i is computed as
W mu_i plus W times the noise, which it equals, W being linear.

Differs from the released code
  * The re-implementation that RUL builds on has kl_weight 0 by default; 0.01 is the
    paper's.
  * Maps are flattened height, width, channel (torch: channel first), which matters to
    nobody who starts the branches from random weights.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.nets.gaussian import Gaussian
from fer_jax.numerics import losses
from fer_jax.settings import Field

SETTINGS = {
    'kl_weight': Field(0.01, 'lambda, of the divergence from N(0, I)', '[0, inf)'),
    'dropout': Field(0.4, 'rate in both branches', '[0, 1)'),
    'embedding_size': Field(64, 'of mean and log-variance', '[1, inf)', 'dimensions'),
    'classifier_bias': Field(True, 'whether the classifier has one'),
}


def divergence(mean: jax.Array, log_var: jax.Array) -> jax.Array:
    """KL [...] of N(mean, exp(log_var)) from N(0, I), both [..., D], in nats; >= 0."""
    terms = 1 + log_var - jnp.square(mean) - jnp.exp(log_var)
    return -0.5 * jnp.sum(terms, axis=-1)


def drawn(
    logits: jax.Array, log_var: jax.Array, noise: jax.Array, kernel: jax.Array
) -> jax.Array:
    """Logits W e + b [..., B, C] of the draw e = mu + noise sigma, from W mu + b.

    Args:
      logits: W mu + b.
      log_var, noise: [..., B, D].
      kernel: W [..., D, C].
    """
    return logits + (noise * jnp.exp(log_var / 2)) @ kernel


def make(
    task: Task,
    *,
    kl_weight: float = 0.01,
    dropout: float = 0.4,
    embedding_size: int = 64,
    classifier_bias: bool = True,
) -> Algorithm:
    """DUL as an Algorithm with one network and no memory.

    Args:
      kl_weight: lambda, weight of the divergence from N(0, I), >= 0.
      dropout: rate in both branches.
      embedding_size: D of mu and log_var.
      classifier_bias: whether the classifier has one.
    """
    nets = task.networks(
        model=Gaussian,
        embedding_size=embedding_size,
        dropout=dropout,
        bias=classifier_bias,
    )

    def objective(params, stats, memory, batch, progress, rng):
        del progress
        net_rng, noise_rng = jax.random.split(rng)
        outputs, stats = nets.train(params, stats, net_rng, batch.images[0])
        logits, mean, log_var = outputs
        noise = jax.random.normal(noise_rng, mean.shape)
        logits = drawn(logits, log_var, noise, params['classifier']['kernel'])
        loss_ce = jnp.mean(losses.cross_entropy(logits, batch.labels))
        from_unit = jnp.mean(divergence(mean, log_var))
        loss = loss_ce + kl_weight * from_unit
        return outcome(
            loss, batch, stats, memory, logits, mean,
            loss_ce=loss_ce, divergence=from_unit,
        )  # fmt: skip

    return method(nets, objective)
