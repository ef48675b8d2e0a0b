"""The cores of this process, also where the system does not tell them."""

import os
import pathlib
import subprocess
import sys

import pytest

from fer_jax import cores
from fer_jax.deploy import bench
from fer_jax.errors import Unusable

ROOT = pathlib.Path(__file__).parent.parent


@pytest.mark.skipif(sys.platform != 'linux', reason='of Linux')
def test_a_process_keeps_to_some():
    """One that was kept to its first core has that one alone."""
    code = (
        'from fer_jax import cores\n'
        'first = cores.usable()[0]\n'
        'assert cores.keep_to([first])\n'
        'assert cores.usable() == [first]\n'
        'assert cores.count() == 1\n'
    )
    subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True)
    assert cores.usable() == sorted(os.sched_getaffinity(0))


def test_where_the_system_does_not_tell(monkeypatch):
    """As on macOS: all that there are, and none can be chosen."""
    for name in ('sched_getaffinity', 'sched_setaffinity'):
        monkeypatch.delattr(os, name, raising=False)
    assert cores.usable() == list(range(os.cpu_count()))
    assert not cores.keep_to([0])
    assert bench.limit(None) == os.cpu_count()
    with pytest.raises(Unusable, match='this system cannot'):
        bench.limit(1)


def test_nobody_else_asks_the_system():
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ('fer_jax', 'data_prep', 'configs')
        for path in (ROOT / folder).rglob('*.py')
        if 'sched_getaffinity' in path.read_text()
    ]
    assert found == ['fer_jax/cores.py']
