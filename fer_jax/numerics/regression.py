"""Multinomial logistic regression out of fold, all folds at once, through noisy labels.

    loss = mean_i -log (softmax(z_i) T)_y_i  +  l2 |W|^2 / 2,     z_i = x_i W + b

over the faces of a problem; T [true, given] is the transition matrix that labels are
seen through (forward correction, Patrini et al. 2017), None for plain regression. A
problem for each fold leaves that fold out, a last one leaves out nothing: one product
with the features serves them all. Where features stand on their principal axes the
Hessian is nearly diagonal, and Nesterov's method in that metric needs some 20 products.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

BLOCK = 4096  # rows of a product: what is in memory beside the features does not grow


class Fit(NamedTuple):
    """Coefficients of the F problems: one a fold, and the last one of all rows."""

    weights: jax.Array  # [D, F, C] float32
    bias: jax.Array  # [F, C] float32


@partial(jax.jit, static_argnames=('folds', 'iterations'))
def fit(
    x: jax.Array,
    targets: jax.Array,
    place: jax.Array,
    transition: jax.Array | None = None,
    *,
    folds: int,
    l2: float,
    iterations: int,
) -> Fit:
    """The Fit of labels to features.

    Args:
      x: [N, D] float32, columns of mean 0, uncorrelated or nearly.
      targets: [N, C] float32, rows that sum to 1: of labels one-hot, or less sure.
      place: [N] int32, the fold that each row is left out of, 0 to folds - 1; -1 for a
        row that nothing is learned from.
      transition: [C, C] float32, rows sum to 1; None: labels are taken as they are.
      folds: K.
      l2: weight of |W|^2 / 2 beside the mean loss.
      iterations: of Nesterov's method; 20 for a ranking, some 300 for the optimum.
    """
    (n, d), c, f = x.shape, targets.shape[1], folds + 1
    inside = (place[:, None] != jnp.arange(f)[None]) & (place[:, None] >= 0)
    inside = inside.astype(jnp.float32)
    share = (
        inside / jnp.maximum(inside.sum(axis=0), 1)[None]
    )  # [N, F], sums to 1 by problem
    # of the Hessian: softmax has at most 1/2, a fold at most n max(share) of the spread
    most = n * share.max(axis=0)
    spread = jnp.square(x).mean(axis=0)
    step = 1 / (0.5 * spread[:, None] * most[None] + l2)
    blocks = [in_blocks(each) for each in (x, targets, share)]

    def gradient(weights, bias):
        flat = weights.reshape(d, f * c)

        def add(total, block):
            x, targets, share = block
            logits = (x @ flat).reshape(-1, f, c) + bias[None]
            probs = jax.nn.softmax(logits)
            wanted = targets[:, None]
            if transition is not None:
                wanted = seen_through(probs, wanted, transition)
            slope = (probs - wanted) * share[..., None]
            slope = slope.reshape(-1, f * c)
            return (total[0] + x.T @ slope, total[1] + slope.sum(axis=0)), None

        zeros = jnp.zeros_like(flat), jnp.zeros(f * c)
        (down, shift), _ = jax.lax.scan(add, zeros, blocks)
        return down.reshape(weights.shape) + l2 * weights, shift.reshape(f, c)

    def advance(carry, _):
        now, before, age = carry
        momentum = age / (age + 3)
        ahead = Fit(
            now.weights + momentum[None, :, None] * (now.weights - before.weights),
            now.bias + momentum[:, None] * (now.bias - before.bias),
        )
        down, shift = gradient(*ahead)
        new = Fit(
            ahead.weights - step[:, :, None] * down,
            ahead.bias - 2 * shift / most[:, None],
        )
        # momentum that leads uphill is dropped (O'Donoghue and Candes 2015)
        uphill = jnp.sum(down * (new.weights - now.weights), axis=(0, 2))
        uphill += jnp.sum(shift * (new.bias - now.bias), axis=1)
        return (new, now, jnp.where(uphill > 0, 0.0, age + 1)), None

    first = Fit(jnp.zeros((d, f, c)), jnp.zeros((f, c)))
    carry = first, first, jnp.zeros(f)
    (found, _, _), _ = jax.lax.scan(advance, carry, length=iterations)
    return found


def seen_through(
    probs: jax.Array, targets: jax.Array, transition: jax.Array
) -> jax.Array:
    """P(true = k | x, given), [..., C], mean over given labels of shares `targets`."""
    given = jnp.maximum(probs @ transition, 1e-12)
    return probs * ((targets / given) @ transition.T)


@jax.jit
def left_out(fit: Fit, x: jax.Array, place: jax.Array) -> jax.Array:
    """Logits [N, C] of each row by the problem that left it out."""
    f, c = fit.bias.shape

    def own(block):
        x, place = block
        logits = (x @ fit.weights.reshape(-1, f * c)).reshape(-1, f, c) + fit.bias[None]
        return jnp.take_along_axis(logits, place[:, None, None], 1)[:, 0]

    # rows with place -1 are in no problem, so any may judge them: the last
    found = jax.lax.map(own, (in_blocks(x), in_blocks(place % f)))
    return found.reshape(-1, c)[: len(x)]


@jax.jit
def by_all(fit: Fit, x: jax.Array) -> jax.Array:
    """Logits [M, C] of other rows by the problem of all rows."""
    return x @ fit.weights[:, -1] + fit.bias[-1][None]


def in_blocks(rows: jax.Array) -> jax.Array:
    """[N, ...] -> [blocks, rows, ...], blocks of equal size, zeros behind."""
    count = max(-(-len(rows) // BLOCK), 1)
    size = -(-len(rows) // count)
    behind = count * size - len(rows)
    padded = jnp.pad(rows, [(0, behind)] + [(0, 0)] * (rows.ndim - 1))
    return padded.reshape(count, size, *rows.shape[1:])
