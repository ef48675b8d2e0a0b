"""The kept heap: a block that is freed and asked for again costs no page faults."""

import platform
import subprocess
import sys

import pytest

CODE = """
import ctypes, resource, sys
from fer_jax.training import heap

kept = heap.keep() if sys.argv[1] == 'kept' else True
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size = 100 * 2**20

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    libc.memset(block, 1, ctypes.c_size_t(size))
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(kept, faults(), faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc only')
def test_memory_is_kept():
    """100 MB are 25,600 pages: faulted in twice by default, once when kept."""

    def run(how):
        command = [sys.executable, '-c', CODE, how]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        accepted, first, second = output.stdout.split()
        assert accepted == 'True'
        return int(first), int(second)

    first, second = run('kept')
    assert second < 100 < first
    assert min(run('default')) > 100
