"""The processor cores that this process may use.

Linux keeps a process to some of a machine's; macOS only knows how many there are.
"""

import os
from collections.abc import Iterable


def usable() -> list[int]:
    """The numbers of the cores, rising."""
    if hasattr(os, 'sched_getaffinity'):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def count() -> int:
    """How many cores there are to use."""
    return len(usable())


def keep_to(some: Iterable[int]) -> bool:
    """Keeps the process to some cores, and so the threads that it starts from now on;
    False where the system cannot."""
    if not hasattr(os, 'sched_setaffinity'):
        return False
    os.sched_setaffinity(0, some)
    return True
