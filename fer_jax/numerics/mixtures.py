"""Two-component beta mixtures over label similarities (ReSup, eqs. 4 to 7).

Similarities of right labels crowd near 1, those of wrong labels lie lower. Each peer
fits

    p(x) = sum_k share_k Beta(x; a_k, b_k),   k = 0 wrong labels, k = 1 right ones,

to the similarities of the whole training set, and trusts a label of similarity x by

    w(x) = share_1 Beta(x; a_1, b_1) / p(x).

The M-step matches moments instead of maximising the likelihood, and stops after ten
iterations: both act as regularisers, and both matter (ML and convergence split the
right labels into easy and hard ones).

Two presets. 'paper' does what the released code does. 'safe' keeps its idea and closes
its traps: similarities piled up at 1, a component that blows up at the wrong end, a
posterior that is not monotone, components that change places, fits without meaning.

Differs from the released code, in both presets: float32 with moments taken about a
pivot; kappa = a + b is bounded, and constant similarities are reported as invalid,
where the release ends in nan; exact ones are clipped, not moved to .999.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import betaln

LEAST_WEIGHT = 1e-4  # weights stay in [LEAST_WEIGHT, 1 - LEAST_WEIGHT]
FINEST_CLIP = 1e-6  # float32 tells 1 - 1e-6 from 1
LEAST_VARIANCE = 1e-12  # below it, float32 similarities are all the same number
LEAST_MASS = 1e-20  # of a component, so that its moments are numbers
BINS = 100  # of the released table
TABLE_FLOOR = 1e-12  # of the release: guards 0 / 0, and how far the ends lie inside
LN_2 = math.log(2)


class Mixture(NamedTuple):
    """Two beta densities and their shares; component 1 stands for right labels."""

    a: jax.Array  # [..., 2] float32, > 0
    b: jax.Array  # [..., 2] float32, > 0
    share: jax.Array  # [..., 2] float32, sums to 1


class Rules(NamedTuple):
    """The numbers in which the presets differ; hashable, static under jit."""

    clip: float  # similarities are clipped to [clip, 1 - clip]
    log_floor: float  # least log(share * density) in the E-step
    kappa: tuple[float, float]  # bounds of a + b
    share: tuple[float, float]  # bounds of each share
    bounded: bool  # b_0 >= 1 and a_1 >= 1: no density blows up at the other's end
    ordered: bool  # component 1 is the one of larger mean, else simply the second
    gap: float  # a valid fit has means at least this far apart
    least: float  # and in each component at least this many examples
    fraction: float  # and this fraction of all
    table: bool  # weights from the 100-bin table, else from the closed form


RULES = {
    'paper': Rules(
        clip=1e-4,
        log_floor=math.log(1e-12),
        kappa=(1e-4, 1e3),  # float32: beyond it ln B loses the third decimal
        share=(0.0, 1.0),
        bounded=False,
        ordered=False,
        gap=-math.inf,
        least=0.0,
        fraction=0.0,
        table=True,
    ),
    'safe': Rules(
        clip=1e-2,
        log_floor=-math.inf,
        kappa=(1e-2, 100.0),
        share=(1e-3, 1 - 1e-3),
        bounded=True,
        ordered=True,
        gap=0.05,
        least=10.0,
        fraction=1e-3,
        table=False,
    ),
}


def start() -> Mixture:
    """The fixed first guess: Beta(1, 2) and Beta(2, 1) in equal shares."""
    return Mixture(
        a=jnp.array([1.0, 2.0], jnp.float32),
        b=jnp.array([2.0, 1.0], jnp.float32),
        share=jnp.array([0.5, 0.5], jnp.float32),
    )


def fit_beta(
    x: jax.Array, mask: jax.Array, rules: Rules, iterations: int = 10
) -> tuple[Mixture, jax.Array]:
    """Mixture of the similarities x by expectation and moment matching.

    E: r_k(x) ~ share_k Beta(x; a_k, b_k)
    M: m_k, v_k = mean and variance of x under r_k;  kappa_k = m_k (1 - m_k) / v_k - 1;
       a_k = m_k kappa_k;  b_k = (1 - m_k) kappa_k;  share_k = mean of r_k

    A pure function of fixed shapes: jit it (rules and iterations static) and vmap it
    over peers. On a sharded x only eight sums cross devices per iteration.

    Args:
      x: [N] similarities in [0, 1]; entries that are not finite are left out.
      mask: [N] bool, False for entries to leave out.
      rules: RULES['paper'] or RULES['safe'].
      iterations: how often E and M are done.

    Returns:
      The Mixture, leaves [2], always finite; and valid, [] bool. An invalid fit says
      nothing about labels (everything memorised, or nothing learnt): use the previous
      valid one, or weight 1.
    """
    x = x.astype(jnp.float32)
    used = mask & jnp.isfinite(x)
    x = jnp.where(used, jnp.clip(x, rules.clip, 1.0 - rules.clip), 0.5)
    mask = used.astype(jnp.float32)
    log_x, log_rest = jnp.log(x), jnp.log1p(-x)

    def improve(_, carry):
        mixture, _ = carry
        wrong, right = log_joint(mixture, log_x, log_rest)
        floor = rules.log_floor
        r = jax.nn.sigmoid(jnp.maximum(right, floor) - jnp.maximum(wrong, floor))
        return _match(x, (mask * (1.0 - r), mask * r), _means(mixture), rules)

    mass = jnp.zeros(2, jnp.float32)
    mixture, mass = jax.lax.fori_loop(0, iterations, improve, (start(), mass))
    valid = _is_valid(mixture, mass, _variance(x, mask), rules)
    return (_ordered(mixture) if rules.ordered else mixture), valid


def upper(mixture: Mixture, x: jax.Array, rules: Rules) -> jax.Array:
    """Posterior of component 1 at similarity x: the clean probability of a label.

    A constant to the network: no gradient passes. 'safe' evaluates the closed form and
    holds it constant beyond its stationary point, so that it never falls in x; 'paper'
    looks x up in the released 100-bin table.

    Args:
      mixture: one Mixture, leaves [2]; vmap over peers.
      x: [...] similarities. One that is not finite earns the least weight.
      rules: the rules that the mixture was fitted with.

    Returns:
      [...] float32 in [1e-4, 1 - 1e-4].
    """
    x = x.astype(jnp.float32)
    finite = jnp.isfinite(x)
    x = jnp.where(finite, x, 0.0)
    if rules.table:
        weight = _look_up(mixture, x)
    else:
        weight = jax.nn.sigmoid(log_odds(mixture, x, rules.clip))
    weight = jnp.clip(weight, LEAST_WEIGHT, 1.0 - LEAST_WEIGHT)
    return jax.lax.stop_gradient(jnp.where(finite, weight, LEAST_WEIGHT))


def log_odds(mixture: Mixture, x: jax.Array, clip: float = FINEST_CLIP) -> jax.Array:
    """g(x) = log(s_1 / s_0), s_k = share_k Beta(x; a_k, b_k), x held where g turns.

    How likely a label of similarity x is right. With the finest clip it tells
    apart examples whose weights are equal, cut off at the ends: what a ranking needs.

    g'(x) = da / x - db / (1 - x) vanishes at x* = da / (da + db), inside (0, 1) when da
    and db have one sign: a peak when positive (the surest would be judged wrong), a dip
    when negative (the least similar would be judged right). Held there, g never falls
    in x when component 1 has the larger mean.

    Args:
      mixture: one Mixture, leaves [2]; vmap over peers.
      x: [...] similarities, clipped to [clip, 1 - clip].

    Returns:
      [...] float32.
    """
    x = jnp.clip(x.astype(jnp.float32), clip, 1.0 - clip)
    da, db = (leaf[1] - leaf[0] for leaf in (mixture.a, mixture.b))
    turns = da * db > 0.0
    turn = jnp.where(turns, da, 0.5) / jnp.where(turns, da + db, 1.0)
    held = jnp.where(da > 0.0, jnp.minimum(x, turn), jnp.maximum(x, turn))
    x = jnp.where(turns, held, x)
    wrong, right = log_joint(mixture, jnp.log(x), jnp.log1p(-x))
    return right - wrong


def table(mixture: Mixture) -> jax.Array:
    """The released posterior table [100], of 100 points from 1e-12 to 1 - 1e-12.

    P_j = s_1 / (s_0 + s_1 + 1e-12) with s_k = share_k Beta(x_j; a_k, b_k), and constant
    from its largest entry on. That hides a fall towards 1, but when the largest entry
    is the first the whole table becomes that one value.
    """
    x = jnp.arange(1, BINS - 1, dtype=jnp.float32) / (BINS - 1)
    # Both ends lie inside (0, 1), where float32 knows only their logarithms.
    least = jnp.full(1, math.log(TABLE_FLOOR), jnp.float32)
    log_x = jnp.concatenate([least, jnp.log(x), -jnp.full(1, TABLE_FLOOR)])
    wrong, right = log_joint(mixture, log_x, log_x[::-1])
    odds = right - jnp.logaddexp(wrong, math.log(TABLE_FLOOR))
    # Of two entries near 1 float32 does not know the larger, but their odds do; from
    # some odds on (s_1 = m 2^k, m in [1, 2): beyond 2^53 m) float64 has exactly 1.
    saturated = odds > 53 * LN_2 + right % LN_2
    first = jnp.argmax(jnp.where(saturated, jnp.inf, odds))
    p = jax.nn.sigmoid(odds)
    return jnp.where(jnp.arange(BINS) >= first, p[first], p)


def log_joint(
    mixture: Mixture, log_x: jax.Array, log_rest: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """log(share_k Beta(x; a_k, b_k)) for k = 0 and 1, from log x and log(1 - x)."""
    a, b, share = mixture
    scale = jnp.log(share) - betaln(a, b)
    wrong, right = (
        scale[k] + (a[k] - 1.0) * log_x + (b[k] - 1.0) * log_rest for k in (0, 1)
    )
    return wrong, right


def separation(mixture: Mixture) -> jax.Array:
    """Distance of the component means, mean_1 - mean_0, [...] in (-1, 1)."""
    means = _means(mixture)
    return means[..., 1] - means[..., 0]


def _means(mixture):
    return mixture.a / (mixture.a + mixture.b)


def _match(x, responsibilities, pivots, rules):
    """The M-step: the Mixture of the weighted moments of x, and the masses [2].

    Two forms of the same numbers keep float32 from cancelling: the variance about a
    pivot, the previous mean, and kappa = E[x (1 - x)] / v.
    """

    def sums(function):
        return jnp.stack(
            [jnp.sum(r * function(k)) for k, r in enumerate(responsibilities)]
        )

    mass = jnp.maximum(sums(lambda k: 1.0), LEAST_MASS)
    shift = sums(lambda k: x - pivots[k]) / mass
    square = sums(lambda k: (x - pivots[k]) ** 2) / mass
    inner = sums(lambda k: x * (1.0 - x)) / mass
    variance = jnp.maximum(square - shift**2, LEAST_VARIANCE)
    mean = jnp.clip(pivots + shift, rules.clip, 1.0 - rules.clip)
    kappa = jnp.clip(inner / variance, *rules.kappa)
    if rules.bounded:
        # the kappa of b_0 = 1 and of a_1 = 1; the means stay
        kappa = jnp.maximum(kappa, 1.0 / jnp.stack([1.0 - mean[0], mean[1]]))
    share = jnp.clip(mass / jnp.sum(mass), *rules.share)
    fitted = Mixture(mean * kappa, (1.0 - mean) * kappa, share / jnp.sum(share))
    return fitted, mass


def _variance(x, mask):
    """Variance of x where mask is 1; 0 when nothing is left."""
    count = jnp.maximum(jnp.sum(mask), 1.0)
    centre = jnp.sum(mask * x) / count
    return jnp.sum(mask * (x - centre) ** 2) / count


def _is_valid(mixture, mass, variance, rules):
    finite = jnp.isfinite(jnp.stack(mixture)).all()
    enough = jnp.maximum(rules.least, rules.fraction * jnp.sum(mass))
    apart = jnp.abs(separation(mixture)) >= rules.gap
    return finite & (variance > LEAST_VARIANCE) & apart & (jnp.min(mass) >= enough)


def _ordered(mixture):
    """The same mixture with component 1 the one of larger mean."""
    swap = separation(mixture) < 0.0
    return Mixture(*(jnp.where(swap, leaf[::-1], leaf) for leaf in mixture))


def _look_up(mixture, x):
    bins = jnp.clip(jnp.floor(BINS * x), 0.0, BINS - 1.0).astype(jnp.int32)
    return table(mixture)[bins]
