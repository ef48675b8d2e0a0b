"""The labels of a finished run: what it was given, and what was decided since."""

import pytest

from fer_jax import cli
from fer_jax.data import corrections, prepared, tables
from fer_jax.data.corrections import Decision
from fer_jax.training import files, loop, setup


@pytest.fixture
def reviewed_run(faces, on_features, tmp_path):
    """(a run that learned from decisions and was reviewed again, the set)."""
    data = prepared.load(faces)
    ids, given = data.train.ids.tolist(), data.train.labels.tolist()
    names = data.class_names
    config = on_features('baseline')
    config.noise.rate = 0.0
    path = tmp_path / 'first.csv'
    other = [(label + 1) % 7 for label in given]
    first = [
        Decision(ids[0], 'relabel', (other[0],)),
        Decision(ids[1], 'drop'),
        Decision(ids[2], 'relabel', (other[2],)),
    ]
    path.write_text(corrections.text(first, names))
    config.noise.corrections = str(path)
    run = tmp_path / 'run'
    loop.train(setup.prepare(config, run))
    second = [Decision(ids[2], 'keep'), Decision(ids[3], 'relabel', (other[3],))]
    (run / corrections.FILE).write_text(corrections.text(second, names))
    return run, data


def test_decisions_stand_on_the_labels_that_the_run_was_given(
    reviewed_run, tmp_path, capsys
):
    run, data = reviewed_run
    out = tmp_path / 'out'
    words = f'export-labels --workdir={run} --as=csv --out={out}'
    assert cli.main(['launch.py', *words.split()]) == 0, capsys.readouterr()
    rows = [*tables.rows(out / 'labels.csv', ['id', 'label', 'suggested_label'])]
    found = {row['id']: row['label'] for row in rows}
    names, given = data.class_names, data.train.labels.tolist()
    ids = data.train.ids.tolist()
    wanted = {name: names[label] for name, label in zip(ids, given)}
    for row in (0, 2, 3):
        wanted[ids[row]] = names[(given[row] + 1) % 7]
    del wanted[ids[1]]
    assert {name: found[name] for name in ids if name in found} == wanted
    suggested = files.read_labels(run, names)
    said = {row['id']: row['suggested_label'] for row in rows}
    for name, label in zip(suggested.ids.tolist(), suggested.suggested.tolist()):
        assert said[name] == names[label]


def test_what_the_run_learned_from_has_to_be_there(reviewed_run, tmp_path, capsys):
    run, _ = reviewed_run
    (tmp_path / 'first.csv').unlink()
    words = f'export-labels --workdir={run} --as=csv --out={tmp_path}/out'
    assert cli.main(['launch.py', *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert 'first.csv' in line
