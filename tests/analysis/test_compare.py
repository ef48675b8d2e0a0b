"""Runs side by side: what is said when they do not compare, and no empty panel."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fer_jax.analysis import cases, compare, groups, plots, runs


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
    alone = groups.grouped([runs.told(made)])
    grid, *_ = compare.tables(alone, compare.summary(alone, {}, {}))
    headings = [column.header for column in grid.columns]
    assert 'mean of last 3' in headings  # the run has three epochs


@pytest.mark.parametrize('key', groups.DATA)
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
    found, case = groups.grouped([runs.told(made)]), cases.read(made)
    said = plots.comparison(found, tmp_path / 'whole.png', {}, case)
    assert said == []
    gone = cases.read(run(made, tmp_path, 'gone', dataset_digest='e' * 64))
    said = plots.comparison(found, tmp_path / 'faceless.png', {}, gone)
    assert 'not the set that the run learned from' in said[0]
    said = plots.comparison(found, tmp_path / 'accuracies.png', {})
    assert 'accuracies alone' in said[0]
    sizes = []
    for name in ('whole', 'faceless', 'accuracies'):
        with Image.open(tmp_path / f'{name}.png') as image:
            sizes.append(image.size)
    assert sizes == [(1210, 638), (1210, 440), (605, 440)]


def test_the_suspects_are_those_of_the_audit(made):
    """In its order, which is another than that of the last epoch's log-odds."""
    case = cases.read(made)
    last = np.argsort(case.networks.mean(axis=0), kind='stable')
    trust = -np.arange(6.0)[np.argsort(last)]
    case = dataclasses.replace(case, trust=trust)
    found = plots.suspects(case, case.faces, 10)
    for (face, title, _), row in zip(found, last[::-1], strict=True):
        np.testing.assert_array_equal(face, case.faces.pixels(case.ids[row]))
        assert title.startswith(case.class_names[case.given[row]])


@pytest.mark.parametrize('name', ['short', 'noise.rate=0.3,proximity.weight=0.003'])
def test_a_legend_leaves_room_for_the_lines(made, name):
    """Sixteen groups on two kinds of data: each panel is most of its half."""
    found = [groups.Group(f'{name}{i}', (runs.told(made),)) for i in range(16)]
    marks = {group.name: 'AB'[i % 2] for i, group in enumerate(found)}
    figure = plots.by_data(found, marks)
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_position().width > 0.35
        assert axes.get_position().height > 0.25


def test_labels_of_which_nothing_is_known_are_drawn(made):
    known = runs.read(made)
    labels = known.labels._replace(clean=known.labels.clean * 0 - 1)
    axes = Figure().subplots()
    plots.score_histogram(axes, known._replace(labels=labels), 'made')
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        'not known whether right'
    ]
    assert axes.patches


def seeded(made, folder, name, seed, rate=0.3, **changes):
    """A run of a seed in a sweep's folder; its noise list is of seed and rate."""
    result = json.loads((made / 'result.json').read_text())
    config = result['config'] | {
        'seed': seed,
        'noise': {'kind': 'symmetric', 'rate': rate, 'seed': seed},
        'algorithm': {'name': name},
    }
    drawn = f'{seed}{rate}'.ljust(64, '0')
    made_ = run(
        made, folder, f'{name},noise.rate={rate},seed={seed}',
        config=config, noise_list_sha256=drawn, **changes,
    )  # fmt: skip
    (made_ / 'config.json').write_text(json.dumps(config))
    return made_


def test_runs_that_differ_in_their_seeds_are_one_line(made, tmp_path, capsys):
    """Means of .7, .8, .9 are .8 +- .1; those of .6, .65, .85 are .7 +- .1323; the
    differences by seed are .1, .15, .05, so their mean lies between .05 and .15."""
    for seed, good, plain in ((1, 0.7, 0.6), (2, 0.8, 0.65), (10, 0.9, 0.85)):
        seeded(made, tmp_path / 'sweep', 'good', seed, last5=good)
        seeded(made, tmp_path / 'sweep', 'plain', seed, last5=plain)
    seeded(made, tmp_path / 'sweep', 'plain', 3, last5=0.1)
    (tmp_path / 'sweep' / 'plain,noise.rate=0.3,seed=3' / 'result.json').unlink()
    out = tmp_path / 'both.json'
    words = [str(tmp_path / 'sweep'), f'--out={out}', '--against=plain']
    assert compare.main(words) == 0
    told = json.loads(out.read_text())
    assert [*told] == ['good,noise.rate=0.3', 'plain,noise.rate=0.3']
    good, plain = told.values()
    assert good['seeds'] == plain['seeds'] == [1, 2, 10]
    assert good['last5'] == pytest.approx(0.8)
    assert good['deviation']['last5'] == pytest.approx(0.1)
    assert plain['deviation']['last5'] == pytest.approx(0.0175**0.5)
    assert good['difference']['mean'] == pytest.approx(0.1)
    low, high = good['difference']['interval']
    assert 0.05 <= low < 0.1 < high <= 0.15 + 1e-12
    assert 'difference' not in plain
    said = capsys.readouterr().out
    assert '1 of 7 runs are not finished, and left out' in said
    assert '80.0±10.0 %' in said
    assert '+10.00' in said
    assert '3 seeds: too few' in said
    assert compare.main([*words[:2], '--against=best']) == 2
    assert 'there are: good, plain' in capsys.readouterr().err


def test_noise_tells_data_apart_and_the_picture_has_a_panel_for_each(made, tmp_path):
    """Two rates with two seeds each: a letter a rate, for its lists are of the seeds;
    AUROC is drawn where the truth is known."""
    for seed in (0, 1):
        for rate in (0.1, 0.3):
            seeded(made, tmp_path / 'sweep', 'resup', seed, rate)
    found, said = groups.of_folders([tmp_path / 'sweep'])
    assert said == []
    assert groups.marks(found) == {
        'resup,noise.rate=0.1': 'A',
        'resup,noise.rate=0.3': 'B',
    }
    lines = [*compare.differing(found, groups.marks(found))]
    assert 'noise symmetric 0.1, noise list one for each of 2' in lines[0]
    figure = plots.by_data(found, groups.marks(found))
    assert [axes.get_title() for axes in figure.axes] == [
        'Accuracy, data A',
        'Accuracy, data B',
        'Wrong labels found, data A',
        'Wrong labels found, data B',
    ]
    assert [len(axes.lines) for axes in figure.axes] == [1, 1, 1, 1]
    line = figure.axes[0].lines[0]
    assert line.get_ydata().tolist() == pytest.approx([10, 20, 30])  # of the rows
    unknown = [
        group._replace(
            runs=tuple(
                one._replace(
                    rows=[{k: v for k, v in r.items() if k[:5] != 'noise'}
                          for r in one.rows]
                )
                for one in group.runs
            )
        )
        for group in found
    ]  # fmt: skip
    figure = plots.by_data(unknown, groups.marks(found))
    assert len(figure.axes) == 2


@pytest.mark.parametrize(
    ('names', 'name'),
    [
        (['scn_c,noise.rate=0.1,seed=10', 'scn_c,noise.rate=0.1,seed=11'],
         'scn_c,noise.rate=0.1'),
        (['resup-a-0', 'resup-a-1'], 'resup-a'),
        (['alone'], 'alone'),
        (['one', 'two'], 'one ... two'),
    ],
)  # fmt: skip
def test_a_group_is_called_what_its_folders_begin_with(names, name):
    assert groups.common(names) == name
