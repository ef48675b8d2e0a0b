"""What is measured of a run, and the trace of its steps."""

import gzip
import json

import jax
import jax.numpy as jnp
import pytest

from fer_jax.errors import Unusable
from fer_jax.training import measures


def test_speed_and_memory_of_an_epoch():
    taken = measures.of_training(300, 8.0)
    assert taken.keys() < {*measures.NAMES}
    assert taken['images_per_second'] == 37.5
    # an interpreter with JAX takes some 100 MB, and no test 100 GB
    assert 50 < taken['peak_memory_mb'] < 100_000


@pytest.mark.parametrize(
    ('wanted', 'calls', 'said'),
    [
        (range(3, 5), [False, True, True, False], 'steps 2 to 5'),
        (range(1), [True, False, False, False], 'steps 0 to 1'),
        (range(7, 90), [False, False, False, True], 'steps 6 to 7;'),
        (range(8, 9), [False, False, False, False], None),
        (range(0), [False, False, False, False], None),
    ],
)
def test_whole_calls_are_traced_that_hold_a_step(tmp_path, wanted, calls, said):
    """Four calls of two steps; one that is traced says so."""
    folder, lines, traced = tmp_path / 'profile', [], []
    with measures.Trace(wanted, folder, lines.append) as trace:
        for number in range(4):

            def call(number=number):
                traced.append(trace.under_way)
                return jnp.float32(number) + 1

            assert trace.of(2 * number, 2, call) == number + 1
    assert traced == calls
    assert [said in line for line in lines] == [True] * any(calls)
    assert not trace.under_way
    assert folder.exists() == any(calls)


def test_what_a_trace_holds(tmp_path):
    """XLA's events for TensorBoard, and the same for Perfetto."""
    product = jax.jit(lambda x: x @ x)
    with measures.Trace(range(1), tmp_path, lambda line: None) as trace:
        trace.of(0, 1, lambda: product(jnp.ones((64, 64))))
    assert [*tmp_path.rglob('*.xplane.pb')]
    (file,) = tmp_path.rglob('perfetto_trace.json.gz')
    with gzip.open(file) as content:
        assert json.load(content)['traceEvents']


def test_steps_that_a_run_does_not_have():
    """It has 10, and those below the first are done."""
    measures.check(range(9, 20), 0, 10)
    measures.check(range(9, 20), 9, 10)
    measures.check(range(3, 5), 4, 10)
    measures.check(range(0), 10, 10)
    for steps, first, said in (
        (range(10, 20), 0, '10:20: of the steps 0 to 9 the run has 10 to go; give'),
        (range(3, 5), 5, '3:5: of the steps 0 to 9 the run has 5 to go; give some'),
        (range(3, 50), 10, 'the run has 0 to go; leave it out'),
    ):
        with pytest.raises(Unusable, match=said):
            measures.check(steps, first, 10)
