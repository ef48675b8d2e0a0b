"""How a recogniser is compiled, by the number of images in a call."""

import functools
from collections.abc import Callable

import jax

# With XLA's own convolutions a ResNet-18 of one image at 112 px takes 26 ms of
# processor time (one core, jax 0.10.2), with YNNPACK's 15. They are no faster by
# themselves: what goes is 11 ms that appear when the last maps are summed up in the
# same program. From 16 images on the own ones are 4 to 15 % faster.
FEW_IMAGES = 4
FOR_FEW = {
    'xla_cpu_experimental_ynn_fusion_type': (
        'LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION'
    )
}


def for_batches(function: Callable) -> Callable:
    """`function` of images [B, ...], compiled for each B that comes."""
    many = jax.jit(function)
    few = jax.jit(function, compiler_options=FOR_FEW) if known() else many
    return lambda images: (few if len(images) <= FEW_IMAGES else many)(images)


@functools.cache
def known() -> bool:
    """Whether this JAX has the option, which is an experimental one, and needs it."""
    if jax.default_backend() != 'cpu':
        return False
    try:
        jax.jit(lambda x: x + 1, compiler_options=FOR_FEW)(1.0)
    except jax.errors.JaxRuntimeError:
        return False
    return True
