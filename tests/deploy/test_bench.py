"""Measuring: three programs of one run in turns."""

import json

import numpy as np
import pytest

import launch
from fer_jax.deploy import bench


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
