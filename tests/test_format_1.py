"""A folder of format 1 is still of use: tests/format_1/README.md says what it is."""

import csv
import json
import pathlib
import shutil

import numpy as np
import pytest

import launch
from fer_jax.analysis import cases
from fer_jax.deploy import card
from fer_jax.errors import Unusable
from fer_jax.training import fields, files, history, loop, setup

HERE = pathlib.Path(__file__).parent / 'format_1'


@pytest.fixture
def old(tmp_path):
    """A copy of what lies in format_1."""
    return shutil.copytree(HERE, tmp_path / 'old')


def test_evaluate(old):
    wanted = json.loads((old / 'run' / 'evaluation.json').read_text())
    options = [f'--workdir={old}/run', f'--data={old}/drawn']
    assert launch.main(['launch.py', 'evaluate', *options]) == 0
    found = json.loads((old / 'run' / 'evaluation.json').read_text())
    del wanted['data']['folder'], found['data']['folder']
    for name, numbers in wanted['networks'].items():
        error = found['networks'][name].pop('calibration_error')
        assert error == pytest.approx(numbers.pop('calibration_error'), abs=1e-5)
    assert found == wanted | {'adjust': 0.0}


def test_predict(old):
    out = old / 'again.csv'
    pictures = [str(old / '0.png'), str(old / '1.png')]
    options = [f'--workdir={old}/run', f'--csv={out}', *pictures]
    assert launch.main(['launch.py', 'predict', *options]) == 0
    for path in (out, old / 'predicted.csv'):
        assert path.is_file()
    found, wanted = (
        [[*map(float, row[2:])] for row in [*csv.reader(path.open())][1:]]
        for path in (out, old / 'predicted.csv')
    )
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_export(old):
    options = [f'--workdir={old}/run', f'--out={old}/exported', '--which=best']
    assert launch.main(['launch.py', 'export', '--formats=safetensors', *options]) == 0
    about = card.read(old / 'exported')
    assert about['algorithm']['name'] == 'resup'
    assert about['networks'] == (1,)
    assert about['checkpoint'] == {'which': 'best', 'step': 5}


def test_audit(old):
    options = [f'--workdir={old}/run', f'--data={old}/drawn']
    assert launch.main(['launch.py', 'audit', *options]) == 0
    assert files.audited(old / 'run')
    case = cases.read(old / 'run')
    assert case.run.scores.shape == (3, 2, 40)
    with np.load(old / 'run' / 'history.npz') as stored:
        np.testing.assert_array_equal(case.run.scores, stored['scores'])
        np.testing.assert_array_equal(case.tables, stored['labels'])


def test_it_has_no_evidence_and_says_no_format(old):
    assert history.read_evidence(old / 'run') is None
    assert 'format' not in json.loads((old / 'run' / 'data.json').read_text())
    assert files.read_data(old / 'run')['set'] == 'synthetic'


@pytest.mark.parametrize('name', ['data.json', 'result.json'])
def test_a_newer_format_is_refused(old, name):
    path = old / 'run' / name
    path.write_text(json.dumps(json.loads(path.read_text()) | {'format': 3}))
    read = {'data.json': files.read_data, 'result.json': files.read_result}[name]
    said = 'format 3, wanted one that this version of fer_jax reads, 1 to 2; put'
    with pytest.raises(ValueError, match=said):
        read(old / 'run')


def more(old, epochs):
    """The config of the run, to `epochs`."""
    config = fields.stored(old / 'run')
    config.data.dir, config.epochs = str(old / 'drawn'), epochs
    return config


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_it_is_not_trained_on_and_loses_nothing(old):
    """Its checkpoints have no evidence."""
    before = content(old)
    with pytest.raises(Unusable, match=r'older version \(format 1, now 2\), which can'):
        setup.prepare(more(old, 4), old / 'run', accept_changes=True)
    assert content(old) == before


def test_its_own_command_finds_it_finished(old):
    """And the same version as before: what a run of it was not told has its default."""
    config = more(old, 3)
    assert config.data.resident == 'auto'
    run = setup.prepare(config, old / 'run')
    assert loop.finished(run)
    assert files.read_format(old / 'run') == 1
