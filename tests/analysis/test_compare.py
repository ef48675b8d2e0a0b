"""Runs side by side: what is said when they do not compare, and no empty panel."""

import json
import shutil

import pytest
from matplotlib.figure import Figure
from PIL import Image

from fer_jax.analysis import compare, plots, runs


def run(made, tmp_path, name, **changes):
    """The folder of the finished run, copied, with another result.json."""
    folder = tmp_path / name
    shutil.copytree(made, folder)
    result = json.loads((folder / 'result.json').read_text()) | changes
    (folder / 'result.json').write_text(json.dumps(result))
    return folder


def test_runs_of_one_data_are_not_marked(made, tmp_path, capsys):
    """Two folders of one name are told apart by their paths."""
    other = run(made, tmp_path / 'b', made.name)
    out = tmp_path / 'both.json'
    assert compare.main([str(made), str(other), f'--out={out}']) == 0
    assert set(json.loads(out.read_text())) == {str(made), str(other)}
    assert 'data' not in json.loads(out.read_text())[str(made)]
    assert 'do not compare' not in capsys.readouterr().out
    headings = [
        column.header for column in compare.table({'': runs.read(made)}).columns
    ]
    assert 'mean of last 3' in headings  # the run has three epochs


@pytest.mark.parametrize('key', compare.DATA)
def test_runs_of_other_data_are_marked(made, tmp_path, capsys, key):
    value = 5 if key == 'train_examples' else 'e' * 64
    other = run(made, tmp_path, 'other', **{key: value})
    out = tmp_path / 'both.json'
    assert compare.main([str(made), str(other), f'--out={out}']) == 0
    summary = json.loads(out.read_text())
    assert [summary[name]['data'] for name in (made.name, 'other')] == ['A', 'B']
    said = capsys.readouterr().out
    assert 'data A: ' in said
    assert 'data B: ' in said
    assert 'runs of different data do not compare' in said


def test_a_panel_is_drawn_only_where_there_is_something(made, tmp_path):
    """Six faces are six panels; without their set there is none, and it says so."""
    found = {'made': runs.read(made)}
    said = plots.comparison(found, tmp_path / 'whole.png', {})
    assert said == []
    assert len(plots.suspects(found['made'], 10)) == 6
    run_ = found['made']._replace(result=found['made'].result | {'dataset_digest': ''})
    said = plots.comparison({'made': run_}, tmp_path / 'faceless.png', {})
    assert 'not the set that the run learned from' in said[0]
    said = plots.comparison(
        {'made': run_._replace(scores=None)}, tmp_path / 'accuracies.png', {}
    )
    assert 'accuracies alone' in said[0]
    sizes = []
    for name in ('whole', 'faceless', 'accuracies'):
        with Image.open(tmp_path / f'{name}.png') as image:
            sizes.append(image.size)
    assert sizes == [(1210, 638), (1210, 440), (605, 440)]


def test_labels_of_which_nothing_is_known_are_drawn(made):
    known = runs.read(made)
    labels = known.labels._replace(clean=known.labels.clean * 0 - 1)
    axes = Figure().subplots()
    plots.score_histogram(axes, known._replace(labels=labels), 'made')
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        'not known whether right'
    ]
    assert axes.patches
