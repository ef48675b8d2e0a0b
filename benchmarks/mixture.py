"""How long a beta mixture of a whole training set takes, after compilation.

    python -m benchmarks.mixture

Times the fit of one network and of two at once, and the weights of all examples, for
both presets; 280,000 is AffectNet. Wanted on 2 cores: a fit under 0.5 s. That weights
equal a float64 restatement to 1e-3 is held by tests/numerics/test_mixtures.py.
"""

import argparse
import functools
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import mixtures

REPEATS = 9


def similarities(examples, seed=0):
    """30 % wrong labels of low similarity, the right ones piled up at 1."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(examples) < 0.3
    x = np.where(wrong, rng.beta(2, 3, examples), rng.beta(2, 0.3, examples))
    return jnp.asarray(x, jnp.float32)


def seconds(function, *arguments):
    """Median wall time of a call, compilation and first call left out."""
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main(examples):
    x, mask = similarities(examples), jnp.ones(examples, bool)
    print(f'{examples:,} similarities on {jax.devices()[0]}, median of {REPEATS}')
    for preset, rules in mixtures.RULES.items():
        fit = functools.partial(mixtures.fit_beta, rules=rules)
        upper = jax.jit(functools.partial(mixtures.upper, rules=rules))
        mixture, valid = jax.jit(fit)(x, mask)
        one = seconds(jax.jit(fit), x, mask)
        two = seconds(jax.jit(jax.vmap(fit)), jnp.stack([x, x]), jnp.stack([mask] * 2))
        weights = seconds(upper, mixture, x)
        print(
            f'{preset:6} fit {1e3 * one:6.1f} ms   two peers {1e3 * two:6.1f} ms   '
            f'weights {1e3 * weights:5.1f} ms   valid {bool(valid)}'
        )


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--examples', type=int, default=280_000)
    main(parser.parse_args().examples)
