"""Each door on a dozen images in its official layout, and on layouts that are not."""

import json

import numpy as np
import pytest

from data_prep import __main__ as door
from data_prep import ferplus, ferplus_folders, splits
from fer_jax.data import sets

RAF = sets.SETS['raf_db'].class_names
AFFECTNET = sets.SETS['affectnet'].class_names
BOX = (10, 4, 26, 20)  # in photographs of 40 x 30 px
RED = (200, 0, 0)


def mostly_red(pixels):
    return np.abs(pixels.astype(int) - RED).mean() < 12


# RAF-DB


@pytest.fixture
def raf(tmp_path, photo):
    """Training labels 1 to 7 twice, five test faces; originals with Annotation."""
    source = tmp_path / 'basic'
    names = [f'train_{i:05}.jpg' for i in range(1, 15)]
    names += [f'test_{i:04}.jpg' for i in range(1, 6)]
    text = ''
    for i, name in enumerate(names):
        stem = name[:-4]
        text += f'{name} {i % 7 + 1}\n'
        photo(source / f'Image/aligned/{stem}_aligned.jpg', 10 * i, (100, 100))
        photo(source / f'Image/original/{name}', 10 * i, (40, 30), BOX)
        notes = {
            'boundingbox': (f'{stem}_boundingbox.txt', ' '.join(map(str, BOX))),
            'manual': (
                f'{stem}_manu_attri.txt',
                '14.5\t9\n21\t9.25\n18\t12\n15\t16\n21\t16\n1\n0\n2\n',
            ),
        }
        for folder, (file, content) in notes.items():
            (source / 'Annotation' / folder).mkdir(parents=True, exist_ok=True)
            (source / 'Annotation' / folder / file).write_text(content)
    (source / 'EmoLabel').mkdir()
    (source / 'EmoLabel/list_patition_label.txt').write_text(text)
    return source


def test_raf_db_aligned_images_keep_their_bytes(raf, imports, named, stored):
    data = imports('raf_db', raf)
    assert (data.set_name, data.class_names, data.image_size_px) == ('raf_db', RAF, 100)
    train = named(data, 'train')
    assert [*train.values()] == [*RAF, *RAF]
    assert train['train_00004.jpg'] == 'happiness'
    assert named(data, 'test')['test_0001.jpg'] == RAF[0]
    image = raf / 'Image/aligned/train_00004_aligned.jpg'
    assert stored(data.train)['train_00004.jpg'] == image.read_bytes()
    assert '12,271' in imports.said
    assert '4,772' in imports.said


def test_raf_db_originals_are_cut_out_by_their_box(raf, imports, stored):
    data = imports('raf_db', raf.parent, '--images=original', '--size=32')
    for pixels in stored(data.train, pixels=True).values():
        assert mostly_red(pixels)


def test_raf_db_originals_bring_their_landmarks(raf, imports):
    imports('raf_db', raf, '--images=original', '--size=32', '--align=landmarks',
            '--smallest-face=4')  # fmt: skip
    assert 'train: 14 kept: one face' in imports.said


@pytest.mark.parametrize(
    ('change', 'wanted'),
    [
        (('train_00003.jpg 3', 'train_00003.jpg 8'), 'line 3: 8 is no label of raf_db'),
        (('train_00003.jpg 3', 'train_00003.jpg'), 'has 1 fields; wanted 2: NAME'),
        (('train_00003.jpg 3', 'val_00003.jpg 3'), "line 3: 'val_00003.jpg'; wanted"),
        (('train_00003.jpg', 'train_00002.jpg'), "'train_00002.jpg' is used twice"),
        (('train_00003.jpg', 'train_99.jpg'), '1 pictures are missing'),
        (('train_00003.jpg 3', 'train_00003.jpg x'), "line 3: 'x'; wanted a whole"),
    ],
)
def test_raf_db_lists_that_are_wrong(raf, imports, change, wanted):
    path = raf / 'EmoLabel/list_patition_label.txt'
    path.write_text(path.read_text().replace(*change))
    said = imports.refused('raf_db', raf)
    assert wanted in said
    assert 'list_patition_label.txt' in said


def test_raf_db_without_a_list_or_with_an_empty_class(raf, imports):
    path = raf / 'EmoLabel/list_patition_label.txt'
    text = path.read_text()
    kept = [line for line in text.splitlines() if not line.endswith('3')]
    path.write_text('\n'.join(kept))
    assert 'no training picture of disgust' in imports.refused('raf_db', raf)
    (raf / 'Annotation/boundingbox/train_00001_boundingbox.txt').write_text('1 2')
    path.write_text(text)
    said = imports.refused('raf_db', raf, '--images=original')
    assert 'train_00001_boundingbox.txt has 2 words; wanted 4' in said
    path.unlink()
    assert 'no EmoLabel/list_patition' in imports.refused('raf_db', raf)


# AffectNet

HEADER = (
    'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,'
    'expression,valence,arousal'
)
MARKS = ';'.join(f'{x:.2f}' for x in np.linspace(5, 20, 136))


@pytest.fixture
def affectnet(tmp_path, photo):
    """Codes 0 to 10 in training, one absolute path; 0 to 7 in validation."""
    source = tmp_path / 'AffectNet'
    left, top, right, bottom = BOX
    box = f'{left},{top},{right - left},{bottom - top}'
    for name, codes in (('training', range(11)), ('validation', range(8))):
        text = HEADER + '\n'
        for code in codes:
            file = f'{code % 3}/{name}{code}.JPG'
            photo(source / 'Manually_Annotated_Images' / file, 90, (40, 30), BOX)
            place = file if code else f'/data/AffectNet/images/{file}'
            here = 'NULL,NULL,NULL,NULL,NULL' if code == 10 else f'{box},{MARKS}'
            text += f'{place},{here},{code},-2,-2\n'
        (source / f'{name}.csv').write_text(text)
    return source


def test_affectnet_of_2017(affectnet, imports, named, stored):
    data = imports('affectnet', affectnet, '--size=32')
    assert data.class_names == AFFECTNET[:7]
    train = named(data, 'train')
    assert [*train.values()] == [*AFFECTNET[:7]]
    assert train['0/training0.JPG'] == 'neutral'
    assert 'contempt 1, none 1, uncertain 1, no face 1' in imports.said
    assert '134,415' in imports.said
    for pixels in stored(data.test, pixels=True).values():
        assert mostly_red(pixels)
    eight = imports('affectnet', affectnet, '--size=32', '--classes=8', '--force')
    assert eight.class_names == AFFECTNET
    assert named(eight, 'test')['1/validation7.JPG'] == 'contempt'


def test_tables_that_name_hidden_files(affectnet, expw, imports):
    for path, old, new in (
        (affectnet / 'training.csv', '1/training4.JPG', '1/._training4.JPG'),
        (expw / 'label/label.lst', 'a_3.jpg 0', '._a_3.jpg 0'),
    ):
        text = path.read_text()
        row = next(line for line in text.splitlines() if line.startswith(old))
        path.write_text(f'{text}{row.replace(old, new)}\n')
    imports('affectnet', affectnet, '--size=32')
    assert 'no face 1, hidden or of a system 1)' in imports.said
    imports('expw', expw, '--size=32', '--force')
    assert 'left out: 1 hidden or of a system' in imports.said


def test_affectnet_aligned_by_its_68_landmarks(affectnet, imports):
    options = ('--size=32', '--align=landmarks', '--smallest-face=1')
    imports('affectnet', affectnet, *options)
    assert 'train: 7 kept: one face' in imports.said


def test_affectnet_without_a_header(affectnet, imports):
    """As copies of validation.csv are."""
    wanted = imports('affectnet', affectnet, '--size=24').digest
    path = affectnet / 'validation.csv'
    path.write_text(path.read_text().removeprefix(HEADER + '\n'))
    assert imports('affectnet', affectnet, '--size=24', '--force').digest == wanted


@pytest.mark.parametrize(
    ('change', 'wanted'),
    [
        (('expression', 'label'), 'it lacks expression'),
        ((f'{MARKS},3', f'{MARKS},11'), 'line 5: 11 is no label of affectnet'),
        ((f'{MARKS},3', f'{MARKS}'), 'line 5 has 8 fields; wanted 9'),
        ((f'{MARKS},3', '1;2,3'), 'line 5: 2 landmark numbers; wanted 136'),
        (('0/training3.JPG,10', '0/training3.JPG,ten'), "line 5: 'ten, 4, 16, 16'"),
        (('0/training3', '0/training6'), "the id '0/training6.JPG' is used twice"),
    ],
)
def test_affectnet_tables_that_are_wrong(affectnet, imports, change, wanted):
    path = affectnet / 'training.csv'
    path.write_text(path.read_text().replace(*change))
    assert wanted in imports.refused('affectnet', affectnet)


@pytest.fixture
def affectnet_npy(tmp_path, photo):
    """As later released: expressions as text in npy files, gaps in the numbers."""
    source = tmp_path / 'AffectNet8'
    for folder, first in (('train_set', 0), ('val_set', 3)):
        notes = source / folder / 'annotations'
        notes.mkdir(parents=True)
        for code in range(8):
            number = first + 5 * code
            photo(source / folder / f'images/{number}.jpg', 20 * code, (24, 24))
            np.save(notes / f'{number}_exp.npy', np.array(str(code)))
            np.save(notes / f'{number}_lnd.npy', np.linspace(1, 20, 136))
            np.save(notes / f'{number}_val.npy', np.array('-0.5'))
            np.save(notes / f'{number}_aro.npy', np.array('0.25'))
    return source


def test_affectnet_as_npy_files(affectnet_npy, imports, named):
    data = imports('affectnet', affectnet_npy, '--size=24', '--classes=8')
    train = named(data, 'train')
    assert [*train.values()] == [*AFFECTNET]
    assert train['train_set/5.jpg'] == 'happiness'
    assert named(data, 'test')['val_set/38.jpg'] == 'contempt'
    imports('affectnet', affectnet_npy, '--size=24', '--align=landmarks',
            '--smallest-face=1', '--force')  # fmt: skip
    assert 'train: 7 kept: one face' in imports.said


def test_affectnet_npy_files_that_are_wrong(affectnet_npy, imports):
    notes = affectnet_npy / 'train_set/annotations'
    np.save(notes / '5_exp.npy', np.array({'a': 1}))  # would be unpickled
    said = imports.refused('affectnet', affectnet_npy)
    assert '5_exp.npy: no npy file of numbers' in said
    np.save(notes / '5_exp.npy', np.arange(3))
    assert '5_exp.npy has 3 numbers' in imports.refused('affectnet', affectnet_npy)
    np.save(notes / '5_exp.npy', np.array(12))
    assert '12 is no label of' in imports.refused('affectnet', affectnet_npy)
    (notes / '5_exp.npy').unlink()
    assert '5_exp.npy: no such file' in imports.refused('affectnet', affectnet_npy)


# ExpW


@pytest.fixture
def expw(tmp_path, photo):
    """14 photographs of two faces: one red at BOX, one grey beside it."""
    source = tmp_path / 'ExpW'
    left, top, right, bottom = BOX
    text = ''
    for i in range(14):
        photo(source / f'image/origin/a_{i}.jpg', 90, (40, 30), BOX)
        text += f'a_{i}.jpg 0 {top} {left} {right} {bottom} 60.2 {i % 7}\n'
        text += f'a_{i}.jpg 1 20 2 9 27 21.9 6\n'
    (source / 'label').mkdir()
    (source / 'label/label.lst').write_text(text)
    return source


def test_expw_faces_are_cut_out_and_photographs_stay_whole(
    expw, imports, named, stored
):
    data = imports('expw', expw, '--size=32', '--test-fraction=0.15')
    found = named(data, 'train') | named(data, 'test')
    assert found['a_3.jpg#0'] == 'happiness'
    assert found['a_3.jpg#1'] == 'neutral'
    photographs = [
        {name.split('#')[0] for name in named(data, split)}
        for split in ('train', 'test')
    ]
    assert not photographs[0] & photographs[1]
    assert [len(one) for one in photographs] == [12, 2]
    assert '91,793' in imports.said
    for name, pixels in stored(data.train, pixels=True).items():
        assert mostly_red(pixels) == name.endswith('#0')


@pytest.mark.parametrize(
    ('change', 'wanted'),
    [
        (('60.2 3', '60.2'), 'has 7 fields; wanted 8: IMAGE FACE TOP'),
        (('60.2 3', '60.2 7'), 'line 7: 7 is no label of expw'),
        (('a_3.jpg 0 4', 'a_3.jpg 0 x'), "line 7: '10, x, 26, 20'; wanted numbers"),
        (('a_3.jpg 1', 'a_3.jpg 0'), "the id 'a_3.jpg#0' is used twice"),
        (('a_3.jpg 0 4 10', 'a_3.jpg 0 400 10'), 'a_3.jpg (label.lst line 7)'),
    ],
)
def test_expw_lists_that_are_wrong(expw, imports, change, wanted):
    path = expw / 'label/label.lst'
    path.write_text(path.read_text().replace(*change))
    assert wanted in imports.refused('expw', expw, '--test-fraction=0.15')


# FER2013 and FERPlus in folders


@pytest.fixture
def kaggle(tmp_path, photo):
    """Class folders by Kaggle's names; test holds both tests."""
    names = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')
    for i in range(14):
        folder = tmp_path / 'archive' / 'train' / names[i % 7]
        photo(folder / f'Training_{7 * i + 3}.jpg', 10 * i, (48, 48))
    for i, name in enumerate(names):
        test = tmp_path / 'archive' / 'test' / name
        photo(test / f'PublicTest_{i}.jpg', 10 * i, (48, 48))
        photo(test / f'PrivateTest_{i}.jpg', 10 * i, (48, 48))
    return tmp_path / 'archive'


def test_fer2013_in_folders(kaggle, imports, named):
    data = imports('fer2013', kaggle)
    assert data.set_name == 'fer2013'
    assert data.class_names == sets.SETS['fer2013'].class_names
    assert named(data, 'train')['train/sad/Training_31.jpg'] == 'sadness'
    assert len(data.test.ids) == 7
    assert 'PrivateTest; 7 images of the other one are left out' in imports.said
    assert '7,215' in imports.said
    public = imports('fer2013', kaggle, '--test=public', '--force')
    assert named(public, 'test')['test/happy/PublicTest_3.jpg'] == 'happiness'


def test_fer2013_folders_whose_test_does_not_tell_which(kaggle, imports):
    for path in [*(kaggle / 'test').glob('*/*.jpg')]:
        path.rename(path.with_name(path.name.replace('Test', '')))
    assert len(imports('fer2013', kaggle).test.ids) == 14
    assert 'no file in test has' in imports.refused('fer2013', kaggle, '--test=public')
    wrong = imports.refused('fer2013', kaggle, '--labels=ferplus_majority7')
    assert 'need fer2013.csv' in wrong
    (kaggle / 'train/angry').rename(kaggle / 'train/asleep')
    said = imports.refused('fer2013', kaggle)
    assert f'{kaggle}/train/asleep: the classes asleep are not among' in said


VOTES = {
    'Training': [
        ('fer0000000.png', dict(neutral=8, anger=2)),
        ('', dict(NF=10)),  # no face, so no image: names fall behind the rows
        ('fer0000001.png', dict(happiness=9)),
        ('fer0000002.png', dict(surprise=4, fear=4)),
        ('fer0000003.png', dict(sadness=7)),
        ('fer0000004.png', dict(surprise=7)),
        ('fer0000005.png', dict(anger=7)),
        ('fer0000006.png', dict(disgust=7)),
        ('fer0000007.png', dict(fear=7)),
        ('fer0000008.png', dict(contempt=7)),
    ],
    'PublicTest': [('fer0028638.png', dict(happiness=10))],
    'PrivateTest': [('fer0032220.png', dict(neutral=10)), ('', dict(NF=9))],
}


@pytest.fixture
def ferplus_png(tmp_path, photo):
    """What FERPlus's generate_training_data.py makes, label.csv with boxes."""
    source = tmp_path / 'ferplus'
    for usage, rows in VOTES.items():
        folder = source / ferplus_folders.FOLDERS[usage]
        folder.mkdir(parents=True)
        text = ''
        for i, (name, counts) in enumerate(rows):
            if name:
                votes = ','.join(str(counts.get(c, 0)) for c in ferplus.COLUMNS)
                text += f'{name},"(0, 0, 48, 48)",{votes}\n'
                photo(folder / name, 20 * i, (48, 48))
        (folder / 'label.csv').write_text(text)
    return source


def vote_table(source):
    text = ','.join(ferplus.HEADER) + '\n'
    for usage, rows in VOTES.items():
        for name, counts in rows:
            votes = ','.join(str(counts.get(c, 0)) for c in ferplus.COLUMNS)
            text += f'{usage},{name},{votes}\n'
    (source / 'fer2013new.csv').write_text(text)


def test_ferplus_folders_with_their_label_files(ferplus_png, imports, named, stored):
    data = imports('ferplus', ferplus_png)
    assert (data.set_name, data.class_names) == ('ferplus', ferplus.EMOTIONS)
    assert named(data, 'train') == {
        'fer0000000.png': 'neutral',
        'fer0000001.png': 'happiness',
        'fer0000003.png': 'sadness',
        'fer0000004.png': 'surprise',
        'fer0000005.png': 'anger',
        'fer0000006.png': 'disgust',
        'fer0000007.png': 'fear',
        'fer0000008.png': 'contempt',
    }
    assert named(data, 'test') == {'fer0032220.png': 'neutral'}
    assert 'train: Training, 9 rows, 8 kept; dropped 1 (no majority 1)' in imports.said
    assert 'test: PrivateTest, 1 rows, 1 kept; dropped 0\n' in imports.said
    assert (stored(data.train, pixels=True)['fer0000001.png'] == 40).all()
    sources = json.loads((data.folder / 'manifest.json').read_text())['recipe']
    assert 'FER2013Train/label.csv' in sources['sources']
    seven = imports('ferplus', ferplus_png, '--labels=majority7', '--force')
    assert seven.class_names == ferplus.EMOTIONS[:7]
    public = imports('ferplus', ferplus_png, '--test=public', '--force')
    assert list(public.test.ids) == ['fer0028638.png']


def test_ferplus_table_is_joined_by_name_not_by_row(ferplus_png, imports, named):
    """Row 2 of the table is fer0000001.png: the images have gaps of no faces."""
    by_folder = imports('ferplus', ferplus_png)
    vote_table(ferplus_png)
    for path in ferplus_png.glob('*/label.csv'):
        path.unlink()
    by_table = imports('ferplus', ferplus_png, '--force')
    assert by_table.digest == by_folder.digest
    assert 'dropped 2 (NF 1, no majority 1)' in imports.said


def test_ferplus_names_an_image_twice(ferplus_png, imports):
    """As the published table does, with equal votes; other votes contradict."""
    path = ferplus_png / 'FER2013Train/label.csv'
    again = path.read_text().splitlines()[0]
    path.write_text(f'{path.read_text()}{again}\n')
    assert len(imports('ferplus', ferplus_png).train.ids) == 8
    assert 'dropped 2 (no majority 1, again 1)' in imports.said
    path.write_text(f'{path.read_text()}{again.replace("2,0,0", "0,0,0")}\n')
    assert "'fer0000000.png' is used twice" in imports.refused('ferplus', ferplus_png)


def test_ferplus_folders_that_are_wrong(ferplus_png, imports):
    path = ferplus_png / 'FER2013Train/label.csv'
    text = path.read_text()
    for old, new, wanted in (
        ('fer0000003.png', 'fer0000009.png', '1 pictures are missing'),
        ('fer0000003.png', 'fer0000001.png', 'is used twice'),
        ('0,0,0,7', '0,0,0,7,1', 'label.csv line 4 has 13 fields; wanted 11 or 12'),
        ('0,0,0,7', '0,0,0,x', "line 4, votes: 'x'; wanted a whole number"),
    ):
        path.write_text(text.replace(old, new, 1))
        assert wanted in imports.refused('ferplus', ferplus_png)
    vote_table(ferplus_png)
    table = ferplus_png / 'fer2013new.csv'
    text = table.read_text()
    for old, new, wanted in (
        ('neutral', 'calm', 'the header is'),
        ('PrivateTest', 'Test', "line 13: Usage 'Test'; wanted one of"),
    ):
        table.write_text(text.replace(old, new, 1))
        assert wanted in imports.refused('ferplus', ferplus_png)
    table.unlink()
    path.unlink()
    said = imports.refused('ferplus', ferplus_png)
    assert 'neither fer2013new.csv nor FER2013Train/label.csv' in said


# Folders of images


@pytest.fixture
def numbered(tmp_path, photo):
    """Classes 1 to 10, four pictures each, one of them in a folder further down."""
    for number in range(40):
        name = f'{number % 10 + 1}/{"deep/" * (number < 10)}{number}.JPG'
        photo(tmp_path / 'own' / name, 5 * number)
    return tmp_path / 'own'


def test_class_names_in_natural_order_and_a_seeded_split(numbered, imports, named):
    options = ('image_folder', numbered, '--size=16', '--test-fraction=0.25')
    data = imports(*options)
    assert data.class_names == tuple(map(str, range(1, 11)))
    test = named(data, 'test')
    assert sorted(test.values(), key=int) == [*data.class_names]  # a quarter of each
    assert not test.keys() & named(data, 'train').keys()
    assert (named(data, 'train') | test)['10/deep/9.JPG'] == '10'
    assert 'drawn, 0.25 of each class for the test, seed 0' in imports.said
    assert imports(*options, '--force').digest == data.digest
    other = imports(*options, '--seed=1', '--force')
    assert named(other, 'test').keys() != test.keys()


def test_folders_that_bear_the_codes_of_a_set(tmp_path, photo, imports, named):
    """RAF-DB as many repositories have it: train/1 ... train/7."""
    for number in range(14):
        split = 'train' if number < 7 else 'valid'
        photo(tmp_path / f'raf/{split}/{number % 7 + 1}/{number}.png', 9 * number)
    data = imports('image_folder', tmp_path / 'raf', '--size=16', '--set=raf_db')
    assert (data.set_name, data.class_names) == ('raf_db', RAF)
    assert named(data, 'train')['train/4/3.png'] == 'happiness'
    assert f'test: {tmp_path}/raf/valid' in imports.said
    (tmp_path / 'raf/train/7').rename(tmp_path / 'raf/train/8')
    said = imports.refused('image_folder', tmp_path / 'raf', '--set=raf_db')
    assert 'raf/train/8: 8 is no label of raf_db' in said


def test_folders_that_are_wrong(numbered, imports, photo, tmp_path):
    door = 'image_folder'
    assert 'no such folder' in imports.refused(door, tmp_path / 'none')
    said = imports.refused(door, numbered, '--test-fraction=1.5')
    assert '--test-fraction=1.5; wanted a share below 1, or 0 for no test' in said
    said = imports.refused(door, numbered, '--test-fraction=0.01')
    assert 'pictures for the test; give a larger share, or 0' in said
    (numbered / '11').mkdir()
    assert f'{numbered}/11: no picture in this class' in imports.refused(door, numbered)
    (numbered / '11').rmdir()
    photo(numbered / 'beside.png')
    assert 'own holds 1 pictures; wanted a folder for' in imports.refused(
        door, numbered
    )
    assert '1 holds 3 pictures' in imports.refused(door, numbered / '1')
    assert 'one class only (1)' in imports.refused(door, alone(numbered, tmp_path))
    (tmp_path / 'half/train/a').mkdir(parents=True)
    said = imports.refused(door, tmp_path / 'half')
    assert f'none of {", ".join(splits.TESTS)}' in said
    (tmp_path / 'empty').mkdir()
    assert 'empty holds no folder' in imports.refused(door, tmp_path / 'empty')


def alone(numbered, tmp_path):
    """A folder with one class."""
    folder = tmp_path / 'single'
    folder.mkdir()
    (numbered / '1').rename(folder / '1')
    return folder


# csv files


@pytest.fixture
def table(tmp_path, photo):
    """Twelve faces of three classes in a csv with columns of its own."""
    text = 'no,file,l,t,r,b,emotion,truth,part\n'
    names = ('sad', 'happy', 'angry')
    for i in range(12):
        photo(tmp_path / f'csv/faces/{i}.png', 90, (40, 30), BOX)
        truth = names[(i + (i == 4)) % 3] if i % 2 == 0 else ''
        part = 'Train' if i < 9 else 'val'
        box = ','.join(map(str, BOX))
        text += f'{i:03},faces/{i}.png,{box},{names[i % 3]},{truth},{part}\n'
    (tmp_path / 'csv/faces.csv').write_text(text)
    return tmp_path / 'csv/faces.csv'


COLUMNS = ('--path=file', '--label=emotion')


def test_csv_with_all_columns(table, imports, named, stored):
    data = imports(
        'csv', table, *COLUMNS, '--clean=truth', '--split=part', '--id=no',
        '--box=l,t,r,b', '--set=folder', '--size=24',
    )  # fmt: skip
    assert data.class_names == ('angry', 'happy', 'sad')
    assert named(data, 'train')['004'] == 'happy'
    assert named(data, 'train', 'clean_labels')['004'] == 'angry'
    assert named(data, 'train', 'clean_labels')['005'] is None
    assert [*data.test.ids] == ['009', '010', '011']
    for pixels in stored(data.train, pixels=True).values():
        assert mostly_red(pixels)


def test_csv_without_a_split_and_with_the_classes_of_a_set(table, imports):
    data = imports('csv', table, *COLUMNS, '--size=24')
    assert len(data.test.ids) == 3  # 0.2 of four a class is one
    assert 'faces/0.png' in [*data.train.ids, *data.test.ids]
    said = imports.refused('csv', table, *COLUMNS, '--set=fer2013')
    assert 'lacks disgust, fear, neutral, surprise' in said


@pytest.mark.parametrize(
    ('change', 'options', 'wanted'),
    [
        (('emotion', 'label'), (), 'it lacks emotion'),
        (('faces/3.png', 'faces/4.png'), (), "'faces/4.png' is used twice"),
        (('faces/3.png', 'faces/33.png'), (), '33.png (faces.csv line 5); is --source'),
        (('003,faces/3.png', 'faces/3.png'), (), 'line 5 has 8 fields; wanted 9'),
        (('10,4,26,20,happy', '10,4,x,20,happy'), ('--box=l,t,r,b',), 'line 3: '),
        ((), ('--box=l,t,r',), '--box=l,t,r; wanted four columns'),
        ((), ('--split=emotion',), "emotion is 'angry', 'happy', 'sad'; wanted"),
        (('20,happy', '20,8'), ('--set=raf_db',), 'faces.csv line 3: 8 is no label'),
    ],
)
def test_csv_files_that_are_wrong(table, imports, change, options, wanted):
    if change:
        table.write_text(table.read_text().replace(*change))
    assert wanted in imports.refused('csv', table, *COLUMNS, *options)


def test_csv_files_that_are_none(tmp_path, imports):
    (tmp_path / 'a.csv').write_text('')
    assert "the header is ''" in imports.refused('csv', tmp_path / 'a.csv')
    assert 'no such file' in imports.refused('csv', tmp_path / 'b.csv')
    (tmp_path / 'c.csv').write_bytes(b'path,label\n\xff\xfe,1\n')
    assert 'c.csv: no text in UTF-8' in imports.refused('csv', tmp_path / 'c.csv')


@pytest.mark.parametrize(
    ('layout', 'title', 'splits'),
    [
        ('raf', 'RAF-DB, aligned', {'train': (14, 12271), 'test': (5, 3068)}),
        ('affectnet', 'AffectNet, csv of 2017', {'train': (8, 287651)}),
        ('affectnet_npy', 'AffectNet, npy files', {'train': (8, 287651)}),
        ('expw', 'ExpW', {'all': (28, 91793)}),
        ('kaggle', 'FER2013, folders (by their names)', {'train': (14, 28709)}),
        ('ferplus_png', 'FERPlus, png files', {'train': (8, 28709)}),
        ('numbered', 'folder of images', {'all': (40, None)}),
    ],
)
def test_the_doctor_recognises_it(request, tmp_path, layout, title, splits):
    folder = request.getfixturevalue(layout)
    out = tmp_path / 'report'
    assert door.main(['doctor', str(folder), f'--out={out}']) == 1  # grey squares
    report = json.loads(out.with_name('report.json').read_text())
    assert report['recognised'] == title
    for split, wanted in splits.items():
        found = report['splits'][split]
        assert (found['all'], found['published']) == wanted
    names = {finding['name'] for finding in report['findings']}
    assert not names & {'damaged', 'missing', 'classes', 'double ids'}
