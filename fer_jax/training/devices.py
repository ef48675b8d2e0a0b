"""What JAX will compute on, asked without starting it.

A config is read before the hosts of a run have met, and JAX may not start until then.
"""

import importlib.metadata
import importlib.util
import os
from typing import Any

import jax

FILES = (  # of drivers: NVIDIA's, its under Windows, AMD's, two of TPUs
    '/dev/nvidiactl',
    '/dev/dxg',
    '/dev/kfd',
    '/dev/accel0',
    '/dev/vfio/0',
)


def accelerated() -> bool:
    """Whether this machine has an accelerator, and JAX a plugin for one.

    JAX_PLATFORMS decides where it is set.
    """
    config: Any = jax.config
    asked = config.jax_platforms
    if asked:
        return asked.split(',')[0] != 'cpu'
    plugin = importlib.metadata.entry_points(group='jax_plugins')
    return bool(plugin or importlib.util.find_spec('libtpu')) and any(
        map(os.path.exists, FILES)
    )
