"""`reproduce` as processes, on drawn faces: run, stopped, gone on with, reported."""

import signal
import subprocess

import numpy as np
import pytest

from fer_jax import cli
from fer_jax.analysis import features
from fer_jax.data import prepared, tables
from fer_jax.deploy import model
from fer_jax.reproduce import table
from fer_jax.training import files
from tests import processes

TABLE = """
from fer_jax.reproduce.table import Arm, Column, Table

TABLE = Table(
    title='a small one',
    paper='Somebody',
    place='Table 1',
    columns=[
        Column('Drawn 30%', 'synthetic', {'noise.rate': 0.3}),
        Column('RAF-DB', 'raf_db'),
        Column('Distance', 'synthetic', {'noise.rate': 0.3}, 'distance'),
    ],
    rows=[
        Arm('Plain', 'baseline', (50.0, 80.0, None), setup={'epochs': 3}),
        Arm('Co-teaching', 'coteaching', (60.0, 90.0, None)),
        Arm('Cited', None, ((71.0, 0.5), '-', '-')),
    ],
    reported='last',
    claims=[('Co-teaching', 'Plain')],
)
"""


@pytest.fixture
def words(faces, features_of_faces, tmp_path):
    """Words of a table of four runs of heads, a second each once compiled."""
    (tmp_path / 'mine.py').write_text(TABLE)
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'synthetic').symlink_to(faces)
    return (
        'reproduce',
        tmp_path / 'mine.py',
        f'--data={tmp_path / "data"}',
        f'--workdir={tmp_path / "out"}',
        '--seeds=2',
        '--on=features',
        f'--features={features_of_faces}',
        '--config.data.image_size_px=48',
        '--config.model.width=8',
        '--config.batch_size=16',
        '--config.epochs=2',
    )


def distance(run):
    """Of a run's embeddings of its test pictures, through its frozen network."""
    data = prepared.load(files.read_config(run)['data']['dir'])
    rows = np.arange(len(data.test.labels))
    seen = features.of(model.from_run(run), data.test, rows).embeddings[0]
    labels = data.test.clean_labels
    each = [
        np.linalg.norm(seen[labels == k] - seen[labels == k].mean(0), axis=1).mean()
        for k in np.unique(labels)
    ]
    return np.mean(each)


def test_stopped_gone_on_with_and_reported(words, tmp_path):
    """SIGTERM after the first run; the report says at any time what is there."""
    out = tmp_path / 'out'
    process = subprocess.Popen(
        processes.command(*words),
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    ready = out / 'runs' / 'plain,synthetic,rate=0.3,seed=0' / 'result.json'
    processes.wait_until(process, ready.exists)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert f'written: {out / "report.html"}' in said
    whole = 'the same command goes on' not in said  # it was faster than the signal
    assert ('1 of 2 runs' in (out / 'report.md').read_text()) or whole

    done = processes.launch(*words)
    assert done.returncode == 0, done.stderr
    assert '4 of 4 runs are finished' in done.stdout
    cells = {
        (row.texts()['row'], row.texts()['column']): row.texts()
        for row in tables.rows(out / 'report.csv', ('row', 'column', 'last'))
    }
    plain, other = (cells[name, 'Drawn 30%'] for name in ('Plain', 'Co-teaching'))
    assert plain['runs'] == other['runs'] == '2'
    assert plain['noise_lists'] == other['noise_lists']
    assert len(plain['noise_lists'].split()) == 2
    assert cells['Plain', 'RAF-DB']['state'] == 'not run'
    runs = [out / 'runs' / f'plain,synthetic,rate=0.3,seed={seed}' for seed in (0, 1)]
    far = sum(distance(run) for run in runs) / 2
    assert float(cells['Plain', 'Distance']['last']) == pytest.approx(far, abs=0.02)
    assert cells['Cited', 'Drawn 30%']['paper_deviation'] == '0.50'
    text = (out / 'report.md').read_text()
    assert 'raf_db is not there; prepare it' in text
    assert 'Co-teaching - Plain' in text

    assert cli.main(['launch.py', *map(str, words), '--report']) == 0
    again = (out / 'report.md').read_text()
    assert text.partition('## Command')[0] == again.partition('## Command')[0]


@pytest.mark.parametrize(
    ('more', 'said'),
    [
        ('--config.epoch=3', "no field 'epoch'. Did you mean"),
        ('--as=nowhere', "--as='nowhere':"),
        ('--config.seed=5', '--seeds=N says how many'),
        ('--config.noise.seed=5', '--seeds=N says how many'),
        ('--seeds=0', '--seeds=0: wanted 1 or more'),
        ('--start=face', 'start=face is of networks on images'),
        ('--config.epochs', "'--config.epochs': give fields of all runs as"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_line(words, tmp_path, capsys, more, said):
    kept = [
        word for word in map(str, words) if word.split('=')[0] != more.split('=')[0]
    ]
    assert cli.main(['launch.py', *kept, more]) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert said in err
    assert err.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def test_the_tables_are_listed(capsys):
    assert cli.main(['launch.py', 'reproduce', '--list']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == table.names()
    assert any(line.endswith('Table 8: CIFAR-100') for line in lines)
