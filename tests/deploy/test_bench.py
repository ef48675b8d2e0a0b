"""Measuring: three programs of one run in turns, and how they are compiled."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import launch
from fer_jax.deploy import bench, compiling


def test_all_programs_are_measured_in_one_run(finished, tmp_path, capsys):
    out = tmp_path / 'bench.json'
    options = f'--workdir={finished} --batches=1,3 --seconds=0.05 --out={out}'
    assert launch.main(['launch.py', 'bench', *options.split()]) == 0
    shown = capsys.readouterr().out
    assert 'baseline with 7 classes' in shown
    found = json.loads(out.read_text())
    assert found['threads'] >= 1
    assert [row['batch'] for row in found['batches']] == [1, 3]
    for row in found['batches']:
        assert list(row['programs']) == ['jax', 'stablehlo', 'onnx']
        calls = {one['calls'] for one in row['programs'].values()}
        assert len(calls) == 1, 'a turn each'
        for one in row['programs'].values():
            assert 0 < one['median_ms'] <= one['p95_ms']
            rate = one['images_per_second'] * one['median_ms'] / 1e3
            assert rate == pytest.approx(row['batch'])


def test_numbers_by_hand():
    """Ten calls of 1 to 10 ms, 4 images: median 5.5, p95 9.55, 4 / .0055 s = 727.3."""
    times = np.arange(1, 11)[:, None] * np.array([[1e-3, 2e-3]])
    found = bench.numbers(times, 4)
    assert found['median_ms'] == pytest.approx(5.5)
    assert found['p95_ms'] == pytest.approx(9.55)
    assert found['processor_ms'] == pytest.approx(11)
    assert found['images_per_second'] == pytest.approx(727.27, abs=0.01)


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('--batches=1,x', 'wanted numbers, as 1,32,256'),
        ('--batches=0', 'wanted numbers'),
        ('--threads=999', 'wanted 1 to'),
    ],
)
def test_unusable_options_are_one_line(finished, capsys, option, message):
    arguments = [f'--workdir={finished}', option]
    assert launch.main(['launch.py', 'bench', *arguments]) == 2
    assert message in capsys.readouterr().err


def test_few_images_and_many_are_computed_alike():
    kernel = np.random.default_rng(0).standard_normal((3, 3, 3, 5)).astype(np.float32)

    def function(images):
        maps = jax.lax.conv_general_dilated(
            images, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
        )
        return jnp.sum(maps, axis=(1, 2))

    compiled = compiling.for_batches(function)
    images = np.random.default_rng(1).standard_normal((8, 6, 6, 3)).astype(np.float32)
    many = np.asarray(compiled(images))
    np.testing.assert_allclose(compiled(images[:2]), many[:2], rtol=1e-5, atol=1e-4)


def test_an_option_that_jax_does_not_know_is_left_out(monkeypatch):
    monkeypatch.setattr(compiling, 'FOR_FEW', {'xla_cpu_of_another_version': True})
    compiling.known.cache_clear()
    try:
        assert not compiling.known()
        np.testing.assert_array_equal(
            compiling.for_batches(lambda x: x + 1)(np.zeros(2)), 1
        )
    finally:
        compiling.known.cache_clear()
