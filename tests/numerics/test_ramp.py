"""The ramp by hand."""

import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import ramp


def test_up_by_hand():
    """exp(-5) at epoch 0 of 4, exp(-5 / 4) half way, 1 from epoch 4 on; at once where
    it takes no epoch."""
    found = ramp.up(jnp.array([0, 2, 4, 40]), 4)
    np.testing.assert_allclose(found, np.exp([-5, -1.25, 0, 0]), rtol=1e-6)
    np.testing.assert_array_equal(ramp.up(jnp.array([0, 1]), 0), 1)
