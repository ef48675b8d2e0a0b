"""Small-loss selection: which examples of a batch a network learns from.

Networks fit right labels before wrong ones, so for a while examples of small loss are
mostly right (Han et al. 2018, Co-teaching). Of a batch of B examples

    n(e) = floor((1 - R(e)) B)

are kept, those of smallest loss; R grows from 0 to the noise rate while networks learn.
"""

import jax
import jax.numpy as jnp

from fer_jax.settings import Field

SETTINGS = {
    'noise_rate': Field(
        0.2, 'fraction of wrong labels as told; noise.rate unless given', '[0, 1)'
    ),
    'ramp_epochs': Field(
        10, 'until the forget rate is noise_rate', '[0, inf)', 'epochs'
    ),
    'exponent': Field(1.0, 'c of the forget rate', '(0, inf)'),
}


def forget_rate(
    epoch: int | jax.Array,
    noise_rate: float,
    ramp_epochs: int = 10,
    exponent: float = 1,
) -> jax.Array:
    """R(e), the fraction of a batch that is left out.

        R(e) = noise_rate ** exponent * e / (ramp_epochs - 1)   for e < ramp_epochs
        R(e) = noise_rate                                       from then on

    That is the schedule of the Co-teaching and JoCoR releases. They call the networks
    before training epoch 0, so that the first epoch of training is number 1 and
    leaves out some examples already.

    Args:
      epoch: [] int, 1 for the first epoch of training; may be traced.
      noise_rate: in [0, 1), what is believed to be the fraction of wrong labels.
      ramp_epochs: T_k; 0 or 1 is no ramp.
      exponent: c > 0; other than 1 it bends nothing but moves the end of the ramp.

    Returns:
      [] float32 in [0, 1).
    """
    epoch = jnp.float32(epoch)
    ramp = noise_rate**exponent * epoch / max(ramp_epochs - 1, 1)
    return jnp.where(epoch < ramp_epochs, ramp, noise_rate)


def kept_count(forget_rate: float | jax.Array, size: int) -> jax.Array:
    """n = floor((1 - R) B), at least 1: [] int32 for R [] in [0, 1] and B = size."""
    # float32 may come out a hair below a product that is a whole number
    count = jnp.floor((1.0 - forget_rate) * size + 1e-3)
    return jnp.maximum(count, 1.0).astype(jnp.int32)


def keep_smallest(losses: jax.Array, count: int | jax.Array) -> jax.Array:
    """Mask [..., B] bool of the `count` smallest losses [..., B] of each row.

    By rank, so that `count` [] int32 may be traced: exactly `count` entries are True.
    Of equal losses the earlier one is kept; nan counts as largest. No gradient passes.
    """
    order = jnp.argsort(jax.lax.stop_gradient(losses), axis=-1, stable=True)
    return jnp.argsort(order, axis=-1) < count
