"""The beta mixture of fer_jax.numerics.mixtures once more, in float64 NumPy.

Written from METHODS 3.1 (released) and 3.4 (safe) with plain loops over the two
components and SciPy's densities; shares nothing with the product code.
"""

import numpy as np
from scipy import special, stats


def released(similarities, iterations=10):
    """(a, b, share) of the released moment EM."""
    x = np.clip(np.asarray(similarities, np.float64), 1e-4, 1 - 1e-4)
    a, b, share = np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.array([0.5, 0.5])
    for _ in range(iterations):
        joint = [share[k] * stats.beta.pdf(x, a[k], b[k]) for k in (0, 1)]
        r = np.maximum(joint, 1e-12)
        r /= r.sum(0)
        a, b, share = zip(*[moments(x, r[k]) for k in (0, 1)])
    return np.array(a), np.array(b), np.array(share)


def moments(x, r):
    mean = (r * x).sum() / r.sum()
    variance = (r * (x - mean) ** 2).sum() / r.sum()
    kappa = mean * (1 - mean) / variance - 1
    return mean * kappa, (1 - mean) * kappa, r.mean()


def released_table(a, b, share):
    x = np.linspace(1e-12, 1 - 1e-12, 100)
    wrong, right = (share[k] * stats.beta.pdf(x, a[k], b[k]) for k in (0, 1))
    p = right / (wrong + right + 1e-12)
    p[p.argmax() :] = p.max()
    return p


def released_weights(similarities, a, b, share):
    """The lookup; the product 100 S is rounded to float32, as in the release."""
    index = np.minimum((np.float32(100) * similarities).astype(int), 99)
    return np.clip(released_table(a, b, share)[index], 1e-4, 1 - 1e-4)


def safe(similarities, iterations=10):
    """(a, b, share) of the safe preset, component 1 the one of larger mean."""
    x = np.clip(np.asarray(similarities, np.float64), 1e-2, 1 - 1e-2)
    a, b, share = np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.array([0.5, 0.5])
    for _ in range(iterations):
        logs = np.stack([log_joint(x, a[k], b[k], share[k]) for k in (0, 1)])
        r = special.softmax(logs, axis=0)
        for k in (0, 1):
            mean = np.average(x, weights=r[k])
            variance = max(np.average((x - mean) ** 2, weights=r[k]), 1e-6)
            kappa = np.clip(mean * (1 - mean) / variance - 1, 1e-2, 100)
            kappa = max(kappa, 1 / (1 - mean) if k == 0 else 1 / mean)
            a[k], b[k] = mean * kappa, (1 - mean) * kappa
            share[k] = np.clip(r[k].mean(), 1e-3, 1 - 1e-3)
    order = np.argsort(a / (a + b), kind='stable')
    return a[order], b[order], share[order] / share.sum()


def safe_weights(similarities, a, b, share):
    x = np.clip(np.asarray(similarities, np.float64), 1e-2, 1 - 1e-2)
    da, db = a[1] - a[0], b[1] - b[0]
    if da * db > 0:
        turn = da / (da + db)
        x = np.minimum(x, turn) if da > 0 else np.maximum(x, turn)
    wrong, right = (log_joint(x, a[k], b[k], share[k]) for k in (0, 1))
    return np.clip(special.expit(right - wrong), 1e-4, 1 - 1e-4)


def log_joint(x, a, b, share):
    return np.log(share) + stats.beta.logpdf(x, a, b)
