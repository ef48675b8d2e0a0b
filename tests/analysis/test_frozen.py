"""The audit of a prepared set without training: its files, its words, wrong input."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import launch
from data_prep import __main__ as data_prep
from fer_jax.data import coordinates, features, pipeline, prepared
from tests import drawn


@pytest.fixture(scope='module')
def made(faces, tmp_path_factory):
    """A set, and features that tell the classes of its faces."""
    data = prepared.load(faces)
    folder = tmp_path_factory.mktemp('frozen') / 'features'
    drawn.write(folder, data, {'train': data.train.labels, 'test': data.test.labels})
    return data, folder


def audit(*words):
    return launch.main(['launch.py', 'audit', *map(str, words)])


def test_page_and_lists(made, tmp_path, capsys):
    data, folder = made
    words = f'--data={data.folder}', f'--features={folder}', f'--out={tmp_path}/out'
    assert audit(*words, '--rate=0.2') == 0
    said = capsys.readouterr().out
    assert 'The rate of 20 % was given.' in said
    assert '70 of 70 training labels are judged, none of the 30 of the test' in said
    assert '% is possible' in said
    found = json.loads((tmp_path / 'out' / 'issues.json').read_text())
    assert found['method'] == 'Frozen features'
    assert not found['in_doubt']
    assert all(one['probability_right'] < 0.5 for one in found['issues'])
    with (tmp_path / 'out' / 'labels.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['id'] for row in rows] == data.train.ids.tolist()
    right = np.array([float(row['probability_right']) for row in rows])
    rank = np.array([int(row['rank']) for row in rows])
    assert (1 - right).mean() == pytest.approx(0.2, abs=1e-3)
    assert sorted(rank) == list(range(1, 71))
    assert (np.diff(right[np.argsort(rank)]) >= 0).all()
    page = (tmp_path / 'out' / 'audit.html').read_text()
    assert 'Frozen features' in page
    assert 'No network was trained' in page
    assert audit(*words, '--rate=0.7') == 0  # in place of the last one: the same order
    with (tmp_path / 'out' / 'labels.csv').open() as file:
        assert [int(row['rank']) for row in csv.DictReader(file)] == rank.tolist()


def test_a_list_is_never_empty_without_a_reason(made, tmp_path):
    data, folder = made
    words = f'--data={data.folder}', f'--features={folder}', f'--out={tmp_path}/out'
    assert audit(*words) == 0
    found = json.loads((tmp_path / 'out' / 'issues.json').read_text())
    low, high = found['noise']['interval']
    assert low <= found['noise']['rate'] <= high
    assert found['issues']
    assert found['in_doubt'] == ('first of the order' in found['listed'])
    assert found['in_doubt'] == (found['listed'] in found['noise']['doubts'])
    if found['in_doubt']:
        assert len(found['issues']) == max(round(found['noise']['expected_wrong']), 1)
    assert [one['rank'] for one in found['issues']] == [
        *range(1, len(found['issues']) + 1)
    ]


def test_a_rate_that_leaves_no_label_says_so(made, tmp_path, capsys):
    data, folder = made
    words = f'--data={data.folder}', f'--features={folder}', f'--out={tmp_path}/out'
    assert audit(*words, '--rate=0.0001') == 0
    found = json.loads((tmp_path / 'out' / 'issues.json').read_text())
    assert found['issues'] == []
    assert found['listed'].startswith('None is listed: with the given rate no label')
    said = capsys.readouterr().out
    assert 'The rate of 0.01 % was given.' in said
    assert found['listed'] in said.splitlines()
    assert found['listed'] in (tmp_path / 'out' / 'audit.html').read_text()


def test_a_part_of_the_set(made, tmp_path):
    data, folder = made
    words = f'--data={data.folder}', f'--features={folder}', f'--out={tmp_path}/out'
    assert audit(*words, '--max-train=40', '--pictures=0') == 0
    with (tmp_path / 'out' / 'labels.csv').open() as file:
        assert len(list(csv.DictReader(file))) == 40


def test_all_labels_of_a_folder(faces, tmp_path, capsys):
    """Prepared without a test split, which training asks for and an audit does not."""
    data = prepared.load(faces)
    images = pipeline.Reader(data.train)(np.arange(70))
    for row, (image, label) in enumerate(zip(images, data.train.labels)):
        path = tmp_path / 'own' / data.class_names[label] / f'{row}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    words = f'--source={tmp_path}/own', f'--out={tmp_path}/set', '--test-fraction=0'
    assert data_prep.main(['image_folder', *words]) == 0
    assert 'no test split' in capsys.readouterr().out
    own = prepared.load(tmp_path / 'set')
    labels = {'train': own.train.labels, 'test': own.test.labels}
    drawn.write(tmp_path / 'features', own, labels)
    about = f'--data={own.folder}', f'--features={tmp_path}/features'
    assert audit(*about, f'--out={tmp_path}/out') == 0
    assert '70 of 70 training labels are judged\n' in capsys.readouterr().out
    with (tmp_path / 'out' / 'labels.csv').open() as file:
        assert len(list(csv.DictReader(file))) == 70
    words = '--config=configs/baseline.py:dataset=folder', f'--workdir={tmp_path}/run'
    assert launch.main(['launch.py', *words, f'--config.data.dir={own.folder}']) == 2
    assert 'the set has no test faces' in capsys.readouterr().err
    assert not (tmp_path / 'run').exists()


def test_parts_stand_for_their_stage(made):
    _, folder = made
    columns = features.load(folder).card['columns']
    assert coordinates.columns_of(columns, 1).ravel().tolist() == [
        *range(4),
        *range(8, 20),
    ]


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        ((), 'give --workdir=FOLDER of a finished run, or without'),
        (('--data={set}',), 'give --workdir=FOLDER'),
        (('--workdir=run', '--out=x'), 'give --workdir=FOLDER'),
        (('--workdir=run', '--max-train=0'), '--max-train is of an audit without'),
        (('--workdir=run', '--features=x'), '--features is of an audit without'),
        (('--data={set}', '--out={out}', '--kfold=5'), '--kfold is of a run'),
        (('--data={set}', '--out={out}', '--which=last'), '--which is of a run'),
        (('--data={set}', '--out={out}', '--reviewed=x'), '--reviewed is of a run'),
        (('--data={set}', '--out={out}', '--rate=30'), 'for 30 % give 0.3'),
        (('--data={set}', '--out={out}', '--max-train=0'), 'give 1 or more'),
        (('--data={out}/none', '--out={out}'), 'no such data folder'),
    ],
)
def test_what_cannot_be_used(made, tmp_path, capsys, words, said):
    places = {'set': made[0].folder, 'out': tmp_path / 'out'}
    assert audit(*(word.format(**places) for word in words)) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize('name', ['config.json', 'result.json'])
@pytest.mark.parametrize('verb', ['audit', 'review'])
def test_the_folder_of_a_run_keeps_its_lists(made, tmp_path, capsys, verb, name):
    data, folder = made
    (tmp_path / name).touch()
    words = f'--data={data.folder}', f'--features={folder}', f'--out={tmp_path}'
    assert launch.main(['launch.py', verb, *words]) == 2
    assert f'give --workdir={tmp_path} in place of --out' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_features_of_another_set(made, tmp_path, capsys):
    _, folder = made
    card = json.loads((folder / 'features.json').read_text())
    other = tmp_path / 'other'
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    changed = card | {'dataset_digest': 'c' * 64}
    (other / 'features.json').write_text(json.dumps(changed))
    words = f'--data={made[0].folder}', f'--features={other}', f'--out={tmp_path}/out'
    assert audit(*words) == 2
    assert 'features of another set' in capsys.readouterr().err
