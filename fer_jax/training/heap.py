"""The C heap, told to keep what a step gives back.

XLA's CPU backend allocates the temporary buffers of a program anew at each call (214 MB
for a step of the slim ReSup pair), and glibc returns blocks of that size to the kernel:
the next step faults in 52,000 zeroed pages, 95 ms in the kernel. Kept, it takes 520
instead of 608 ms of processor time (width 24, 48 px, batch 64, one core).

Blocks of one size, step by step, are served by it. A few large ones of many sizes leave
it in pieces that serve no other: judging 300,000 faces takes 4.3 GiB with it and 2.2
without.
"""

import ctypes

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8  # of glibc's malloc.h


def keep() -> bool:
    """Keeps freed memory in the process; True where glibc took the settings.

    For the start of a program, before JAX starts its threads: one arena, because only
    the first one holds large blocks, no separate mappings, no trimming. The peak of
    resident memory of a run stays what it was. Elsewhere than on glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, musl, Windows
        return False
    settings = ((ARENA_MAX, 1), (MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1))
    return all(mallopt(name, value) for name, value in settings)
