"""How a program with networks in it is compiled: XLA's options, by what it does.

On a CPU, jax 0.10 to 0.12 share the work between YNNPACK and XLA's own kernels as one
option says, and its default is the best for neither kind of program
(benchmarks/kernels.py; docs/results.md, "Speed"):

learn  with gradients. For the kernel gradients of narrow layers YNNPACK takes three
       times as long; the sums of batch norms it does better, and these it keeps.
look   without. Few sums are left, and where the last one, over the maps, is YNNPACK's,
       the program takes longer as a whole: it gets nothing.

The options round sums otherwise, and do nothing else. They belong to the program, not
to the run: whoever compiles it for a CPU, now or when a run goes on, compiles it so.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax

YNNPACK = 'xla_cpu_experimental_ynn_fusion_type'  # what it is given
OPTIONS = {
    'learn': {YNNPACK: 'LIBRARY_FUSION_TYPE_REDUCE'},
    'look': {YNNPACK: ''},
}


def jit(
    function: Callable, work: str, platform: str | None = None, **how: Any
) -> Callable:
    """jax.jit(function, **how) with the OPTIONS of its work.

    Args:
      work: 'learn' or 'look'.
      platform: of the devices that it is for, 'cpu', 'gpu', 'tpu'; None: those here.
    """
    here = platform or jax.default_backend()
    options = OPTIONS[work] if here == 'cpu' and known() else None
    return jax.jit(function, compiler_options=options, **how)


@functools.cache
def known() -> bool:
    """Whether this JAX has the OPTIONS: experimental ones may go as they came."""
    number = jax.ShapeDtypeStruct((), 'float32')
    try:
        for options in OPTIONS.values():
            jax.jit(lambda x: x + 1).lower(number).compile(compiler_options=options)
    except jax.errors.JaxRuntimeError:
        return False
    return True
