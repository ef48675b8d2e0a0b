"""Co-teaching: two networks choose each other's examples (Han et al. 2018).

For network m in {A, B}, its cross-entropies CE_m of a batch of B examples, and the
forget rate R(e) of epoch e, which rises to the noise rate (numerics.selection):

    K_m = the n = floor((1 - R(e)) B) examples of smallest CE_m
    L   = 1/n sum_{i in K_B} CE_A,i + 1/n sum_{i in K_A} CE_B,i

What one network takes for right by mistake, the other has not memorised the same way.
The choice is no function of the weights: no gradient passes through it. The method has
to be told the noise rate; at 0 it is two plain networks.

Differs from the released code
  * The release divides the mean over the kept examples by n once more. Adam does not
    notice; SGD would. Here it is the mean.
  * The release counts int((1 - R) B) in float64, where .9 of 10 is 0.9999999999999998
    and nothing is kept; here the number is 1, and never less.
  * One optimiser for both networks: Adam treats every parameter by itself.
  * The release stops an epoch after 401 batches.
  * The 9-layer network of the paper is not here; the ReSup paper's table has the
    7-layer one (backbone cnn7).
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.numerics import losses, selection

SETTINGS = selection.SETTINGS


def exchanged(
    cross_entropy: jax.Array, count: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Each network's mean loss over the examples that the other one keeps.

    Args:
      cross_entropy: [P, B], of two networks or one.
      count: n, [] int32.

    Returns:
      [P] float32, and the masks [P, B] float32 that each network was taught with.
    """
    kept = selection.keep_smallest(cross_entropy, count)[::-1].astype(jnp.float32)
    return jax.vmap(losses.weighted_mean)(cross_entropy, kept), kept


def make(
    task: Task,
    *,
    noise_rate: float = 0.2,
    ramp_epochs: int = 10,
    exponent: float = 1.0,
) -> Algorithm:
    """Co-teaching as an Algorithm with two networks; the defaults are the release's.

    Args:
      noise_rate: tau, the fraction of wrong labels as the method is told, in [0, 1).
      ramp_epochs: T_k, epochs until the forget rate is noise_rate.
      exponent: c of the forget rate.
    """
    return exchanging(task, 2, noise_rate, ramp_epochs, exponent)


def exchanging(
    task: Task, peers: int, noise_rate: float, ramp_epochs: int, exponent: float
) -> Algorithm:
    """The Algorithm of `peers` networks; one has nobody to exchange with."""
    nets = task.networks(peers)

    def objective(params, stats, memory, batch, progress, rng):
        (logits, embeddings), stats = nets.train(params, stats, rng, batch.images[0])
        forget = selection.forget_rate(
            progress.epoch + 1, noise_rate, ramp_epochs, exponent
        )
        each, kept = exchanged(
            losses.cross_entropy(logits, batch.labels),
            selection.kept_count(forget, len(batch.labels)),
        )
        metrics = {'forget_rate': forget}
        if peers == 2:
            metrics['same'] = jnp.mean(kept[0] == kept[1])
        return outcome(
            jnp.sum(each), batch, stats, memory, logits, embeddings, kept, **metrics
        )

    return method(nets, objective)
