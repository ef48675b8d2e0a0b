"""Right labels told from wrong ones by a mixture over one number per example.

The number is a label's loss or similarity, brought to [0, 1] and averaged over epochs;
two components are fitted to it, Gaussian or beta, and read alike.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from fer_jax.errors import Unusable
from fer_jax.numerics import gaussians, mixtures

MIXTURES = ('gaussian', 'beta')


class Tools(NamedTuple):
    """What one does with a mixture, for one network; component 1 has the larger mean.

    The mixture is a tuple of arrays [2].
    """

    start: Callable  # () -> mixture
    fit: Callable  # (values [N], mask [N] bool) -> mixture, valid []
    upper: Callable  # (mixture, values [...]) -> posterior of component 1 [...]
    log_odds: Callable  # (mixture, values [...]) -> its log-odds [...], unclipped


def tools(mixture, rules):
    """The Tools of 'gaussian' or 'beta'; `rules` ('paper', 'safe') are for the latter.

    Raises:
      Unusable: an unknown mixture.
    """
    if mixture == 'gaussian':
        parts = gaussians.start, gaussians.fit, gaussians.upper, gaussians.log_odds
        return Tools(*parts)
    if mixture != 'beta':
        raise Unusable(f'mixture is {mixture!r}, not one of {", ".join(MIXTURES)}')
    limits = mixtures.RULES[rules]
    return Tools(
        mixtures.start,
        lambda values, mask: mixtures.fit_beta(values, mask, limits),
        lambda fitted, values: mixtures.upper(fitted, values, limits),
        mixtures.log_odds,
    )


def whole_span(values):
    """[2]: least and largest of the finite values [N]; 0 and 1 when there is none."""
    finite = jnp.isfinite(values)
    low = jnp.min(jnp.where(finite, values, jnp.inf))
    high = jnp.max(jnp.where(finite, values, -jnp.inf))
    none = jnp.array([0.0, 1.0], jnp.float32)
    return jnp.where(finite.any(), jnp.stack([low, high]), none)


def inner_span(values):
    """[2]: the 5th and 95th percentile of the finite values [N] (Arazo et al. 2019)."""
    finite = jnp.where(jnp.isfinite(values), values, jnp.nan)
    return jnp.nanpercentile(finite, jnp.array([5.0, 95.0], jnp.float32))


def scaled(span, values):
    """Values [P, N] with each network's span [P, 2] mapped to [0, 1]."""
    low, high = span[:, :1], span[:, 1:]
    return (values - low) / jnp.maximum(high - low, 1e-6)


def recent(history, count):
    """Mean of the `count` newest rows, the first ones, of history [P, A, N].

    Args:
      count: [] int, 1 to A; it may be traced.
    """
    newest = jnp.arange(history.shape[1]) < count
    kept = jnp.where(newest[None, :, None], history, 0.0)
    return jnp.sum(kept, axis=1) / count.astype(jnp.float32)
