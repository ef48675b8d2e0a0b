"""Right labels told from wrong ones by a mixture over one number per example.

The number is a label's loss or similarity, brought to [0, 1] and averaged over epochs;
two components are fitted to it, Gaussian or beta, and read alike. One mixture is about
all labels, or there is one for each class, about the examples with that given label
(IntraClass-divide, IDO). Arrays of the latter have an axis C more, [P, C, ...].
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.errors import Unusable
from fer_jax.numerics import gaussians, mixtures

MIXTURES = ('gaussian', 'beta')
RARE = 50  # a class of fewer examples has the fit of all: two betas are five numbers


class Tools(NamedTuple):
    """What one does with the mixtures of P networks; component 1 has the larger mean.

    A mixture is a tuple of arrays [P, 2].
    """

    start: Callable  # (P) -> mixture
    fit: Callable  # (values [P, N], mask [P, N] bool) -> mixture, valid [P]
    upper: Callable  # (mixture, values [P, ...]) -> posterior of component 1 [P, ...]
    log_odds: Callable  # (mixture, values [P, ...]) -> its log-odds, unclipped


class Fitted(NamedTuple):
    """The newest valid fit of each network's mixture, and how many were not valid.

    An invalid fit (everything memorised, or nothing learned) says nothing about labels,
    so the one before stays; until there is any, `ready` is False and the mixture means
    nothing.
    """

    mixture: Any  # of arrays [P, 2]: its parameters
    span: jax.Array  # [P, 2] float32, the part of the signal that is scaled to [0, 1]
    ready: jax.Array  # [P] bool, whether there was a valid fit
    rejected: jax.Array  # [P] int32, fits that were not valid
    # or [P, C, 2] and [P, C], one mixture a class


def tools(mixture: str, rules: str, iterations: int = 10) -> Tools:
    """The Tools of 'gaussian' or 'beta'.

    Args:
      mixture: one of MIXTURES.
      rules: of 'beta': 'paper' or 'safe' (numerics.mixtures).
      iterations: of EM; those of 'gaussian' may stop before.

    Raises:
      Unusable: an unknown mixture.
    """
    if mixture not in MIXTURES:
        raise Unusable(f'mixture is {mixture!r}, not one of {", ".join(MIXTURES)}')
    if mixture == 'gaussian':
        fit = functools.partial(gaussians.fit, iterations=iterations)
        single = Tools(gaussians.start, fit, gaussians.upper, gaussians.log_odds)
    else:
        limits = mixtures.RULES[rules]
        single = Tools(
            start=mixtures.start,
            fit=functools.partial(
                mixtures.fit_beta, rules=limits, iterations=iterations
            ),
            upper=functools.partial(mixtures.upper, rules=limits),
            log_odds=mixtures.log_odds,
        )

    def start(peers):
        return jax.tree.map(lambda leaf: jnp.tile(leaf, (peers, 1)), single.start())

    return Tools(start, *(jax.vmap(function) for function in single[1:]))


def unfitted(tools: Tools, peers: int, classes: int | None = None) -> Fitted:
    """The Fitted before the first fit, of one mixture, or of one for each class."""
    none = Fitted(
        mixture=tools.start(peers),
        span=unit_span(peers),
        ready=jnp.zeros(peers, bool),
        rejected=jnp.zeros(peers, jnp.int32),
    )
    if classes is None:
        return none
    return jax.tree.map(lambda leaf: jnp.stack([leaf] * classes, axis=1), none)


def fit(
    tools: Tools,
    values: jax.Array,
    mask: jax.Array,
    labels: jax.Array,
    classes: int | None = None,
) -> tuple[Any, jax.Array]:
    """Mixtures of scaled values [P, N] where mask [P, N] is True, and which are valid.

    A class of fewer than RARE examples, or without a valid fit of its own, has that of
    all.

    Args:
      labels: [N] int, the classes.
      classes: C for one mixture a class; None: one about all.

    Returns:
      mixture of arrays [P, 2] and valid [P], or [P, C, 2] and [P, C].
    """
    whole, sound = tools.fit(values, mask)
    if classes is None:
        return whole, sound
    member = mask[:, None] & jax.nn.one_hot(labels, classes, dtype=bool).T[None]
    own, valid = jax.vmap(tools.fit, in_axes=(None, 1), out_axes=1)(values, member)
    valid &= jnp.sum(member, axis=-1) >= RARE

    def chosen(own, whole):
        return jnp.where(valid[..., None], own, whole[:, None])

    return jax.tree.map(chosen, own, whole), valid | sound[:, None]


def read(
    function: Callable, mixture: Any, values: jax.Array, labels: jax.Array
) -> jax.Array:
    """function(mixture, values) [P, N], `upper` or `log_odds`, of scaled values [P, N].

    Args:
      mixture: of arrays [P, 2], or [P, C, 2]: each value is read by that of its class.
      labels: [N] int, the classes.
    """
    if jax.tree.leaves(mixture)[0].ndim == 2:
        return function(mixture, values)
    each = jax.vmap(function, in_axes=(1, None), out_axes=1)(mixture, values)
    return jnp.take_along_axis(each, labels[None, None], axis=1)[:, 0]


def ready(fitted: Fitted, labels: jax.Array) -> jax.Array:
    """[P, N] or [P, 1] bool: whether the mixture of each label [N] has been fitted."""
    by_class = fitted.ready.ndim == 2
    return fitted.ready[:, labels] if by_class else fitted.ready[:, None]


def refitted(fitted: Fitted, mixture: Any, span: jax.Array, valid: jax.Array) -> Fitted:
    """The Fitted after one more fit, which counts where it is valid [P] or [P, C].

    Args:
      span: [P, 2], of the newest fit.
    """
    if valid.ndim == 2:
        span = span[:, None]

    def kept(new, old):
        return jnp.where(valid[..., None], new, old)

    return Fitted(
        mixture=jax.tree.map(kept, mixture, fitted.mixture),
        span=kept(span, fitted.span),
        ready=fitted.ready | valid,
        rejected=fitted.rejected + (~valid).astype(jnp.int32),
    )


def from_arrays(arrays: Mapping[str, Any]) -> Fitted:
    """The Fitted of its arrays by path: {'mixture/a': ..., 'span': ..., ...}.

    Whose mixture it is, the names of its parameters say.

    Raises:
      KeyError: an array is missing.
    """
    family: Any = mixtures if 'mixture/a' in arrays else gaussians
    parameters = (arrays[f'mixture/{name}'] for name in family.Mixture._fields)
    others = {name: arrays[name] for name in Fitted._fields if name != 'mixture'}
    return Fitted(family.Mixture(*parameters), **others)


def log_odds(fitted: Fitted, scores: jax.Array, labels: jax.Array) -> jax.Array:
    """Log-odds [P, N] of component 1 at scores [P, N], unclipped, in closed form.

    Args:
      labels: [N] int, the classes.
    """
    family: Any = (
        mixtures if isinstance(fitted.mixture, mixtures.Mixture) else gaussians
    )
    values = scaled(fitted.span, scores, labels)
    return read(jax.vmap(family.log_odds), fitted.mixture, values, labels)


def unit_span(peers: int) -> jax.Array:
    """[P, 2]: 0 and 1 for each network."""
    return jnp.tile(jnp.array([0.0, 1.0]), (peers, 1))


def whole_span(values: jax.Array) -> jax.Array:
    """[P, 2]: least and largest finite value of each row [P, N]; 0 and 1 of none."""
    finite = jnp.isfinite(values)
    low = jnp.min(jnp.where(finite, values, jnp.inf), axis=-1)
    high = jnp.max(jnp.where(finite, values, -jnp.inf), axis=-1)
    none = jnp.array([0.0, 1.0], jnp.float32)
    span = jnp.stack([low, high], axis=-1)
    return jnp.where(finite.any(axis=-1, keepdims=True), span, none)


def inner_span(values: jax.Array) -> jax.Array:
    """[..., 2]: 5th and 95th percentile of the finite values [..., N], as Arazo's."""
    finite = jnp.where(jnp.isfinite(values), values, jnp.nan)
    ends = jnp.array([5.0, 95.0], jnp.float32)
    return jnp.moveaxis(jnp.nanpercentile(finite, ends, axis=-1), 0, -1)


def scaled(
    span: jax.Array, values: jax.Array, labels: jax.Array | None = None
) -> jax.Array:
    """Values [P, N] with each network's span [P, 2] mapped to [0, 1].

    Args:
      labels: [N] int, for spans by class, [P, C, 2].
    """
    if span.ndim == 3:
        low, high = jnp.moveaxis(span[:, labels], -1, 0)
    else:
        low, high = span[:, :1], span[:, 1:]
    return (values - low) / jnp.maximum(high - low, 1e-6)


def recent(history: jax.Array, count: jax.Array) -> jax.Array:
    """Mean of the `count` newest rows, the first ones, of history [P, A, N].

    Args:
      count: [] int, 1 to A; it may be traced.
    """
    newest = jnp.arange(history.shape[1]) < count
    kept = jnp.where(newest[None, :, None], history, 0.0)
    return jnp.sum(kept, axis=1) / count.astype(jnp.float32)
