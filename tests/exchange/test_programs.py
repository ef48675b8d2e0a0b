"""Forms for other programs, read by these where they are installed."""

import copy
import io
import json
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

from fer_jax import cli
from fer_jax.data import corrections, croissant, records
from fer_jax.exchange import as_label_studio

LEFT = 15  # of 16 labels, for one is dropped
FIRST = 'relabel', 'fear', '=1+1', '../..', 0.1  # of the first face, as it is below


@pytest.fixture(scope='session')
def images(ugly):
    """{id: its encoded picture}."""
    found = {}
    for split in (ugly.train, ugly.test):
        source = split.records()
        found |= dict(records.decode_example(source[i]) for i in range(len(source)))
    return found


def first(row):
    names = ('decision', 'label', 'given_label', 'suggested_label')
    return (*(row[name] for name in names), row['probability_right'])


def test_lines_of_an_image_folder(exported, ugly, images):
    folder = exported('hugging_face')
    rows = []
    for split in ('train', 'test'):
        for line in (folder / split / 'metadata.jsonl').read_text().splitlines():
            rows.append(json.loads(line))
            image = (folder / split / rows[-1]['file_name']).read_bytes()
            assert image == images[rows[-1]['id']]
            assert rows[-1]['split'] == split
    assert len(rows) == LEFT
    assert first(rows[0]) == FIRST
    assert (rows[1]['second'], rows[0]['second']) == ('a,b "c"', '')
    assert rows[-1]['probability_right'] == -1


def test_datasets_reads_the_image_folder(exported, ugly, tmp_path):
    datasets = pytest.importorskip('datasets')
    found = datasets.load_dataset(
        'imagefolder', data_dir=str(exported('hugging_face')), cache_dir=tmp_path / 'c'
    )
    assert {name: len(part) for name, part in found.items()} == {'train': 11, 'test': 4}
    row = found['train'][0]
    assert first(row) == FIRST
    assert (row['id'], row['image'].size) == ('../../x', (24, 24))


def test_parquet_has_the_pictures_in_it(exported, ugly, images):
    parquet = pytest.importorskip('pyarrow.parquet')
    table = parquet.read_table(exported('parquet') / 'train.parquet')
    rows = table.to_pylist()
    assert [row['id'] for row in rows] == [
        name for name in ugly.train.ids.tolist() if name != '/etc/passwd'
    ]
    assert all(row['image']['bytes'] == images[row['id']] for row in rows)
    names = ugly.class_names
    assert [names[row['label']] for row in rows[:3]] == ['fear', 'a,b "c"', 'fear']
    assert [row['suggested_label'] for row in rows[:2]] == [1, 3]
    assert rows[0]['probability_right'] == pytest.approx(0.1)


def test_datasets_reads_the_parquet(exported, ugly, tmp_path):
    datasets = pytest.importorskip('datasets')
    found = datasets.load_dataset(str(exported('parquet')), cache_dir=tmp_path / 'c')
    assert {name: len(part) for name, part in found.items()} == {'train': 11, 'test': 4}
    label = found['train'].features['label']
    assert label.names == [*ugly.class_names]
    row = found['train'][0]
    assert label.int2str(row['label']) == 'fear'
    assert row['image'].size == (24, 24)
    assert found['test'][0]['suggested_label'] is None


def test_mlcroissant_reads_the_parquet(exported, images):
    mlcroissant = pytest.importorskip('mlcroissant')
    found = mlcroissant.Dataset(exported('parquet') / croissant.FILE)
    assert not found.metadata.ctx.issues.errors
    rows = [*found.records('train')]
    assert len(rows) == 11
    name = rows[0]['train/id']
    name = name.decode() if isinstance(name, bytes) else name
    assert (name, rows[0]['train/label']) == ('../../x', 3)
    pixels = rows[0]['train/image']
    assert pixels.tobytes() == Image.open(io.BytesIO(images[name])).tobytes()
    assert len([*found.records('test')]) == 4


def test_what_fiftyone_is_given(exported, images):
    folder = exported('fiftyone')
    said = json.loads((folder / 'labels.json').read_text())
    assert said['classes'] == ['=1+1', '../..', 'a,b "c"', 'fear']
    assert len(said['labels']) == 16
    one, dropped = said['labels']['0000000'], said['labels']['0000001']
    attributes = one['attributes']
    assert one['label'] == 'fear'
    assert attributes['mistakenness'] == pytest.approx(0.9)
    assert (dropped['label'], dropped['attributes']['decision']) == ('../..', 'drop')
    (path,) = (folder / 'data').glob('0000000.*')
    assert path.read_bytes() == images[attributes['picture']]


def test_fiftyone_reads_it(exported):
    fiftyone = pytest.importorskip('fiftyone')
    importer = fiftyone.utils.data.FiftyOneImageClassificationDatasetImporter(
        dataset_dir=str(exported('fiftyone'))
    )
    importer.setup()
    rows = [*iter(importer)]
    assert len(rows) == 16
    assert importer.get_dataset_info()['classes'][3] == 'fear'
    path, _, label = rows[0]
    assert path.endswith('data/0000000.png')
    assert (label.label, label['given_label']) == ('fear', '=1+1')
    assert label['mistakenness'] == pytest.approx(0.9)


# Label Studio


def imported(source, data, out, capsys, code=0):
    words = f'import-labels --data={data} --as=label_studio --source={source}'
    assert cli.main(['launch.py', *words.split(), f'--out={out}']) == code
    return capsys.readouterr()


def test_decisions_go_to_label_studio_and_come_back(
    exported, ugly, decided, tmp_path, capsys
):
    source, out = exported('label_studio') / 'tasks.json', tmp_path / 'decisions.csv'
    said = imported(source, ugly.folder, out, capsys).out
    assert '4 decisions (relabel 1, drop 1, ambiguous 1, keep 1)' in said
    found = corrections.read(out, ugly.train.ids, ugly.class_names)
    assert [one[:3] for one in found] == [one[:3] for one in decided]


def test_the_interface_has_the_classes_as_they_are(exported, ugly):
    root = ElementTree.parse(exported('label_studio') / 'config.xml').getroot()
    values = [choice.get('value') for choice in root.find('Choices')]
    assert values == [*ugly.class_names]


def test_the_sdk_of_label_studio_finds_the_tasks_valid(exported):
    sdk = pytest.importorskip('label_studio_sdk.label_interface')
    folder = exported('label_studio')
    interface = sdk.LabelInterface((folder / 'config.xml').read_text())
    tasks = json.loads((folder / 'tasks.json').read_text())
    assert len(tasks) == 16
    for task in tasks:
        assert all(map(interface.validate_prediction, task['predictions']))
        assert all(map(interface.validate_annotation, task['annotations']))
    assert [len(task['predictions']) for task in tasks] == [1] * 12 + [0] * 4
    assert tasks[0]['predictions'][0]['score'] == pytest.approx(0.9)


def result(name, *choices):
    return {
        'from_name': name, 'to_name': 'image', 'type': 'choices',
        'value': {'choices': [*choices]},
    }  # fmt: skip


@pytest.fixture
def tasks(ugly, tmp_path):
    """(tasks as Label Studio exports them, function that writes them to a file)."""
    ids = ugly.train.ids.tolist()
    made = [
        {'id': 7 + row, 'data': {'id': name, 'image': 'x'}, 'annotations': []}
        for row, name in enumerate(ids)
    ]
    made[0]['annotations'] = [
        {
            'result': [result('label', '=1+1')], 'was_cancelled': False,
            'completed_by': {'id': 1, 'email': 'bo@x.org'},
            'updated_at': '2026-11-28T20:00:00.123456Z',
        },
        {
            'result': [result('label', 'fear')], 'was_cancelled': True,
            'completed_by': 2, 'updated_at': '2026-11-28T21:00:00.123456Z',
        },
    ]  # fmt: skip
    made[1]['annotations'] = [{'result': [result('label', 'fear'), result('drop')]}]
    made[2]['annotations'] = [
        {'result': [result('drop', as_label_studio.NONE), result('label', 'fear')]}
    ]

    def write(content):
        path = tmp_path / 'export.json'
        path.write_text(json.dumps(content))
        return path

    return made, write


def test_the_newest_annotation_that_was_not_cancelled_counts(
    tasks, ugly, tmp_path, capsys
):
    made, write = tasks
    out = tmp_path / 'decisions.csv'
    imported(write(made), ugly.folder, out, capsys)
    found = corrections.read(out, ugly.train.ids, ugly.class_names)
    ids = ugly.train.ids.tolist()
    assert found == [
        corrections.Decision(ids[0], 'keep', (), 'bo@x.org', '2026-11-28T20:00:00Z'),
        corrections.Decision(ids[1], 'relabel', (3,)),
        corrections.Decision(ids[2], 'drop'),
    ]
    said = imported(write(made), ugly.folder, out, capsys, code=2).err
    assert 'exists already' in said


def change(made, how):
    made = copy.deepcopy(made)
    annotation = made[1]['annotations'][0]
    if how == 'class':
        annotation['result'] = [result('label', '=cmd|x')]
    elif how == 'three':
        annotation['result'] = [result('label', 'fear', '=1+1', '../..')]
    elif how == 'none':
        annotation['result'] = []
    elif how == 'id':
        made[1]['data']['id'] = 'other'
    elif how == 'twice':
        made[1]['data']['id'] = made[0]['data']['id']
    elif how == 'min':
        made = [{'id': 1, 'image': 'x', 'label': 'fear'}]
    elif how == 'value':
        annotation['result'][0]['value'] = {'rectanglelabels': ['fear']}
    elif how == 'object':
        made = {'tasks': made}
    return made


@pytest.mark.parametrize(
    ('how', 'said'),
    [
        ('class', "'=cmd|x' is no class of"),
        ('three', "'/etc/passwd' is annotated with 3 classes; wanted one"),
        ('none', 'is annotated with 0 classes'),
        ('id', "the id 'other' is not of"),
        ('twice', "the id '../../x' is there twice"),
        ('min', 'export as JSON, not JSON-MIN'),
        ('value', 'choices is missing'),
        ('object', 'the content an object of 1, wanted a list'),
    ],
)
def test_what_is_no_export_is_refused_in_one_line(
    how, said, tasks, ugly, tmp_path, capsys
):
    made, write = tasks
    out = tmp_path / 'decisions.csv'
    errors = imported(write(change(made, how)), ugly.folder, out, capsys, code=2).err
    (line,) = errors.splitlines()
    assert said in line
    assert not out.exists()
