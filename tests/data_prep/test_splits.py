"""Which folders are splits and which are classes, by their names and what they hold."""

import json

import pytest

from data_prep import __main__ as door
from data_prep import splits


@pytest.fixture
def layout(tmp_path, photo):
    """layout('train/happy', ...) -> a source with a picture in each of these."""

    def make(*folders):
        for number, name in enumerate(folders):
            photo(tmp_path / 'own' / name / f'{number}.png', 7 * number)
        return tmp_path / 'own'

    return make


def both(first, second, *names):
    """Folders of two splits with the same classes."""
    return [f'{split}/{name}' for split in (first, second) for name in names]


@pytest.mark.parametrize(
    ('train', 'test'),
    [
        ('train', 'test'),
        ('Train', 'TEST'),
        ('training', 'validation'),
        ('train_set', 'val_set'),
        ('Training', 'PrivateTest'),
        ('Training', 'PublicTest'),
        ('train-data', 'valid'),
        ('trainset', 'testing'),
        ('train', 'Dev Set'),
    ],
)
def test_splits_by_their_names(layout, imports, train, test):
    data = imports('image_folder', layout(*both(train, test, 'a', 'b')), '--size=16')
    assert data.class_names == ('a', 'b')
    assert [*data.train.ids] == [f'{train}/a/0.png', f'{train}/b/1.png']
    assert [*data.test.ids] == [f'{test}/a/2.png', f'{test}/b/3.png']


def test_the_test_that_is_taken_and_what_is_left_out_is_said(layout, imports):
    """FER2013 as its csv unpacks; the rest of an archive beside it."""
    folders = both('Training', 'PublicTest', 'a', 'b')
    source = layout(*folders, *both('PrivateTest', 'old', 'a', 'b'))
    data = imports('image_folder', source, '--size=16')
    assert {id.split('/')[0] for id in data.test.ids} == {'PrivateTest'}
    assert f'test: {source}/PrivateTest' in imports.said
    assert f'left out: {source}/PublicTest' in imports.said
    assert f'left out: {source}/old' in imports.said


FER = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')


def test_fer2013_unpacked_by_usage(layout, imports):
    source = layout(
        *both('Training', 'PublicTest', *FER), *both('PrivateTest', 'x', *FER)
    )
    data = imports('fer2013', source)
    assert {id.split('/')[0] for id in data.test.ids} == {'PrivateTest'}
    assert 'test: PrivateTest; 0 images of the other one are left out' in imports.said
    public = imports('fer2013', source, '--test=public', '--force')
    assert {id.split('/')[0] for id in public.test.ids} == {'PublicTest'}


def test_two_folders_for_one_split_lose_none(layout, imports):
    source = layout(*both('train', 'test', 'a', 'b'), 'Train/a', 'Train/b')
    said = imports.refused('image_folder', source)
    assert f'{source} has Train and train, which are one split' in said
    source = layout('Test/a', 'Test/b')
    (source / 'Train').rename(source / 'spare')
    assert 'has Test and test, which are' in imports.refused('image_folder', source)


def test_classes_whose_names_are_those_of_splits(layout, imports):
    """Cars, trains and buses: what holds pictures is no split."""
    source = layout(*['train', 'car', 'test'] * 3)
    data = imports('image_folder', source, '--size=16', '--test-fraction=0.34')
    assert data.class_names == ('car', 'test', 'train')


def test_two_levels_that_might_both_be_classes_are_shown(layout, imports):
    """CK+: a folder of each subject, with its sequences; or classes, by sex."""
    source = layout(*both('S005', 'S010', '001', '002'), 'S010/003')
    said = imports.refused('image_folder', source)
    told = "'S005', 'S010' hold no picture but folders of the same names, '001', '002';"
    assert told in said
    assert '--level=1 says the former, --level=2 the latter' in said
    options = ('image_folder', source, '--size=16', '--test-fraction=0.5')
    first = imports(*options, '--level=1')
    assert first.class_names == ('S005', 'S010')
    layout('S011/003')
    second = imports(*options, '--level=2', '--force')
    assert second.class_names == ('001', '002', '003')
    out = imports.out.with_name('report')
    assert door.main(['doctor', str(source), f'--out={out}']) == 1
    assert '--level=2 the latter' in out.with_name('report.json').read_text()
    door.main(['doctor', str(source), f'--out={out}', '--level=2', '--force'])
    report = json.loads(out.with_name('report.json').read_text())
    assert report['class_names'] == ['001', '002', '003']
    recipe = json.loads((second.folder / 'manifest.json').read_text())['recipe']
    assert recipe['level'] == 2


def test_classes_of_a_known_set_need_no_level(layout, imports):
    source = layout(*(f'{name}/{sex}' for name in FER for sex in ('f', 'm')))
    options = ('--size=16', '--set=fer2013', '--test-fraction=0.5')
    data = imports('image_folder', source, *options)
    assert len(data.class_names) == 7


def test_class_folders_with_unlike_folders_inside_are_classes(layout, imports):
    source = layout('a/x', 'a/y', 'b/z', 'b')
    data = imports('image_folder', source, '--size=16', '--test-fraction=0.5')
    assert data.class_names == ('a', 'b')


@pytest.mark.parametrize(
    ('pictures', 'labels'),
    [
        ('train/images', 'train/labels'),
        ('images/train', 'labels/train'),
        ('images', 'labels'),
        ('Images', 'Labels'),
    ],
)
def test_yolo_is_called_so_and_nothing_is_to_be_removed(
    layout, imports, pictures, labels
):
    source = layout(pictures, 'valid/images')
    (source / labels).mkdir(parents=True)
    (source / labels / '0.txt').write_text('3 0.5 0.5 1 1\n')
    said = imports.refused('image_folder', source)
    assert "YOLO's layout" in said
    assert 'remove' not in said


def test_what_is_no_picture_is_counted_and_not_imported(layout, imports, tmp_path):
    """Two of .heic, one without an ending, and what systems leave."""
    source = layout(*['a', 'b'] * 3)
    for name in (
        'a/IMG_1.HEIC', 'b/IMG_2.heic', 'a/face12', 'a/._0.png', 'Thumbs.db',
        'b/.ipynb_checkpoints/1-checkpoint.png', '__MACOSX/a/._0.png', '.cache/x/1.png',
    ):  # fmt: skip
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(b'\0\5\26\7')
    data = imports('image_folder', source, '--size=16', '--test-fraction=0.34')
    assert data.class_names == ('a', 'b')
    assert len(data.train.ids) + len(data.test.ids) == 6
    told = 'left out: 5 hidden or of a system, 2 .heic, 1 without an ending'
    assert told in imports.said
    out = tmp_path / 'report'
    door.main(['doctor', str(source), f'--out={out}'])
    report = json.loads(out.with_name('report.json').read_text())
    (found,) = [f for f in report['findings'] if f['name'] == 'left out']
    assert sorted(found['texts']) == [
        '1 without an ending', '2 .heic', '5 hidden or of a system',
    ]  # fmt: skip
    assert not found['wrong']


def test_a_folder_that_says_there_is_no_label_is_counted_and_no_class(layout, imports):
    source = layout(*3 * ('a', 'b', 'unknown', 'NA'))
    data = imports('image_folder', source, '--size=16', '--test-fraction=0.34')
    assert data.class_names == ('a', 'b')
    assert not [i for i in data.train.ids if i.startswith(('unknown', 'NA'))]
    assert 'no label: 6 pictures left out (NA 3, unknown 3)' in imports.said


def test_a_class_of_other_files_alone_says_so(layout, imports):
    source = layout('a', 'b')
    (source / 'c').mkdir()
    (source / 'c/IMG_1.HEIC').write_bytes(b'')
    said = imports.refused('image_folder', source)
    assert said.endswith('c: no picture in this class; it holds 1 .heic')


@pytest.mark.parametrize(
    ('name', 'role'),
    [
        ('Train', 'train'), ('train_set', 'train'), ('trainingdata', 'training'),
        ('FER2013Train', ''), ('restrain', ''), ('set', ''), ('data', ''),
        ('Private Test', 'privatetest'), ('val', 'val'), ('valdata', 'val'),
    ],
)  # fmt: skip
def test_roles_by_hand(name, role):
    assert splits.role(name) == role
