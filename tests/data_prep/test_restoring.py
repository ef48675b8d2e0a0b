"""Labels in the form of their source again: what a door took, it takes once more."""

import codecs
import json
import os
import shlex
import shutil

import numpy as np
import pytest

from data_prep import __main__ as data_prep
from data_prep import ferplus
from fer_jax import cli
from fer_jax.data import corrections, prepared, tables
from fer_jax.data.corrections import Decision
from tests import disks

FACES = 26  # of the training split; labels rise from face to face


def raf(folder, photo):
    names = [f'train_{i:05}.jpg' for i in range(FACES + 2)]
    names += [f'test_{i:04}.jpg' for i in range(3)]
    for name in names:
        photo(folder / f'Image/aligned/{name[:-4]}_aligned.jpg', size=(20, 20))
    lines = [f'{name} {i % 7 + 1}\r\n' for i, name in enumerate(names)]
    (folder / 'EmoLabel').mkdir()
    text = codecs.BOM_UTF8 + '\r\n'.join(['', *lines]).encode()
    (folder / 'EmoLabel/list_patition_label.txt').write_bytes(text)
    return 'raf_db', folder, ['--size=20']


def expw(folder, photo):
    lines = []
    for i in range(FACES + 14):
        photo(folder / f'image/origin/a photo {i}.jpg')
        lines.append(f'a photo {i}.jpg  0 4 4 20 20 50.5 {i % 7}\n')
    (folder / 'label.lst').write_text(''.join(lines))
    return 'expw', folder, ['--size=20', '--seed=1']


def affectnet_csv(folder, photo):
    marks = ';'.join(['5'] * 136)
    images = folder / 'photographs'
    for file, count in (('training.csv', FACES + 4), ('validation.csv', 8)):
        rows = []
        for i in range(count):
            photo(images / f'1/{file}{i}.jpg')
            rows.append((f'1/{file}{i}.jpg', 2, 2, 16, 16, marks, i % 8, '.5', '-.5'))
        rows.append((f'1/{file}none.jpg', 'NULL', '', '', '', '', 9, '', ''))
        header = 'subDirectory_filePath face_x face_y face_width face_height'
        header = [
            *header.split(),
            'facial_landmarks',
            'expression',
            'valence',
            'arousal',
        ]
        text = tables.text(header, rows)
        if file == 'training.csv':  # which a release has without
            text = text.partition('\n')[2]
        (folder / file).write_text(text)
    return 'affectnet', folder, ['--size=20', '--classes=8', f'--images={images}']


def affectnet_npy(folder, photo):
    for split, count in (('train_set', FACES + 2), ('val_set', 7)):
        (folder / split / 'annotations').mkdir(parents=True)
        for i in range(count):
            photo(folder / split / 'images' / f'{i}.jpg')
            note = folder / split / 'annotations' / f'{i}_exp.npy'
            np.save(note, np.array(str(i % 7)) if i % 4 else np.array([i % 7]))
            np.save(note.with_name(f'{i}_val.npy'), np.array('.5'))
    return 'affectnet', folder, ['--size=20']


def fer2013(folder, photo=None, **_):
    rows = []
    for i in range(FACES + 2 + 7):
        usage = 'Training' if i < FACES + 2 else 'PrivateTest'
        pixels = ' '.join(map(str, (np.arange(48 * 48) * (i + 1)) % 251))
        rows.append((i % 7, pixels, usage))
    text = tables.text(['emotion', 'pixels', 'Usage'], rows)
    (folder / 'fer2013.csv').write_text(text)
    return 'fer2013', folder, []


def votes_of(i):
    votes = [0] * len(ferplus.COLUMNS)
    votes[i % 8], votes[-1] = 9, 1
    return votes


def fer2013_with_votes(folder, photo):
    fer2013(folder)
    rows = [
        (usage, f'fer{i:07}.png', *votes_of(i))
        for i, usage in enumerate(['Training'] * (FACES + 2) + ['PrivateTest'] * 7)
    ]
    header = ['Usage', 'Image name', *ferplus.COLUMNS]
    (folder / 'fer2013new.csv').write_text(tables.text(header, rows))
    return 'fer2013', folder, ['--labels=ferplus_majority8']


def ferplus_folders(folder, photo):
    for name, faces in (('FER2013Train', range(FACES)), ('FER2013Test', range(40, 48))):
        rows = []
        for i in faces:
            photo(folder / name / f'fer{i:07}.png', size=(48, 48))
            rows.append(f'fer{i:07}.png,"(0, 0, 48, 48)",' + votes_text(i))
        rows.append(rows[3])  # twice, as three of the published table are
        (folder / name / 'label.csv').write_text('\n'.join(rows))
    return 'ferplus', folder, []


def votes_text(i):
    return ','.join(map(str, votes_of(i)))


def image_folder(folder, photo):
    names = ['anger', 'fear', 'joy']
    for split, count in (('train', FACES), ('test', 6)):
        for i in range(count):
            photo(folder / split / names[i % 3] / f'deep/{i}.png')
    photo(folder / 'train/unknown/x.png')
    (folder / 'README').write_text('mine')
    return 'image_folder', folder, ['--size=20']


def csv_file(folder, photo):
    rows = []
    for i in range(FACES + 6):
        photo(folder / f'pictures/{i}, a.png')
        split = 'train' if i < FACES else 'test'
        rows.append((f'pictures/{i}, a.png', split, 'abc'[i % 3] * 2, 'note; "x"\n'))
    rows.insert(4, ('pictures/0, a.png', 'train', 'NA', ''))
    (folder / 'hidden.txt').write_text('not of it')
    text = tables.text(['file', 'part', 'class', 'note'], rows)
    (folder / 'my faces.csv').write_text(text)
    columns = ['--path=file', '--label=class', '--split=part', '--size=20']
    return 'csv', folder / 'my faces.csv', columns


SOURCES = (
    raf, expw, affectnet_csv, affectnet_npy, fer2013, fer2013_with_votes,
    ferplus_folders, image_folder, csv_file,
)  # fmt: skip


class Case:
    """A source, the set that was made of it, and what was decided."""

    def __init__(self, make, tmp_path, photo, capsys):
        source = tmp_path / 'source'
        source.mkdir()
        self.door, self.source, self.options = make(source, photo)
        self.folder, self.capsys = source, capsys
        self.data = self.imported(
            [self.door, f'--source={self.source}', *self.options], tmp_path / 'set'
        )
        self.decisions = tmp_path / 'decisions.csv'
        self.out = tmp_path / 'out'

    def imported(self, words, out):
        assert data_prep.main([*words, f'--out={out}']) == 0, self.capsys.readouterr()
        self.capsys.readouterr()
        return prepared.load(out)

    def decide(self, *decisions):
        text = corrections.text(decisions, self.data.class_names)
        self.decisions.write_text(text)

    def export(self, *options):
        words = f'export-labels --data={self.data.folder} --as=source'.split()
        words += [f'--decisions={self.decisions}', f'--out={self.out}', *options]
        self.code = cli.main(['launch.py', *words])
        self.said, self.errors = self.capsys.readouterr()
        return self.code

    def again(self, tmp_path):
        (line,) = (x for x in self.said.splitlines() if x.startswith('again: '))
        return self.imported(shlex.split(line)[4:-1], tmp_path / 'again')


@pytest.fixture(params=SOURCES, ids=lambda make: make.__name__)
def case(request, tmp_path, photo, capsys):
    return Case(request.param, tmp_path, photo, capsys)


def labels(data):
    return {
        name: data.class_names[label]
        for split in (data.train, data.test)
        for name, label in zip(split.ids.tolist(), split.labels.tolist())
    }


def stored(data):
    return {
        name: (split.records()[row])
        for split in (data.train, data.test)
        for row, name in enumerate(split.ids.tolist())
    }


def test_the_same_door_reads_it_with_the_labels_changed_where_decided(case, tmp_path):
    data = case.data
    ids, given = data.train.ids.tolist(), data.train.labels.tolist()
    classes = len(data.class_names)
    other = [(label + 1) % classes for label in given]
    third = [(label + 2) % classes for label in given]
    case.decide(
        Decision(ids[0], 'relabel', (other[0],)),
        Decision(ids[1], 'keep'),
        Decision(ids[2], 'drop'),
        Decision(ids[3], 'relabel', (third[3],)),
        Decision(ids[4], 'ambiguous', (other[4], given[4])),
        Decision(ids[5], 'ambiguous', (other[5], third[5])),
    )
    assert case.export('--ambiguous=one') == 0, case.errors
    assert '3 labels changed, 1 dropped' in case.said
    wanted = labels(data)
    for row, label in ((0, other[0]), (3, third[3]), (5, other[5])):
        wanted[ids[row]] = data.class_names[label]
    del wanted[ids[2]]
    found = labels(case.again(tmp_path))
    if case.door == 'image_folder':  # whose ids are the paths
        moved = {
            f'{split}/{wanted.pop(name)}/{rest}': name
            for name in list(wanted)
            for split, _, rest in [name.split('/', 2)]
        }
        assert set(found) == set(moved)
        assert all(name.split('/')[1] == label for name, label in found.items())
    else:
        assert found == wanted


def test_all_else_keeps_its_bytes_and_the_old_files_lie_beside(case):
    ids, given = case.data.train.ids.tolist(), case.data.train.labels.tolist()
    case.decide(
        Decision(ids[0], 'relabel', ((given[0] + 1) % 3,)), Decision(ids[2], 'drop')
    )
    assert case.export('--pictures=copy') == 0, case.errors
    changed = gone = 0
    for path in sorted(case.folder.rglob('*.*')):
        there = case.out / path.relative_to(case.folder)
        if path.is_dir() or path.name == 'hidden.txt':
            continue
        if not there.exists():
            gone += 1
            continue
        assert not there.is_symlink()
        before, after = path.read_bytes(), there.read_bytes()
        if before == after:
            continue
        assert there.with_name(f'{there.name}.old').read_bytes() == before
        if path.suffix == '.npy':
            old, new = np.load(path), np.load(there)
            assert (old.dtype, old.shape) == (new.dtype, new.shape)
            changed += 1
            continue
        lines = before.splitlines(True)
        kept = {*after.splitlines(True)}
        lost = [line for line in lines if line not in kept]
        changed += len(lost)
    pictures_go = {'image_folder': (0, 2), 'affectnet': (1, 3)}  # of the npy files
    wanted = pictures_go.get(case.door) if gone else (2, 0)
    assert (changed, gone) == wanted


def test_twice_is_as_once(case, tmp_path):
    """A written source is a source: labels that are decided again change back."""
    ids, given = case.data.train.ids.tolist(), case.data.train.labels.tolist()
    case.decide(Decision(ids[0], 'relabel', ((given[0] + 1) % 3,)))
    assert case.export() == 0, case.errors
    second = case.again(tmp_path)
    names = second.train.ids.tolist()
    name = names[0] if ids[0] not in names else ids[0]
    case.decide(Decision(name, 'keep'))
    words = f'export-labels --data={second.folder} --as=source --out={tmp_path}/twice'
    words += f' --decisions={case.decisions}'
    assert cli.main(['launch.py', *words.split()]) == 0, case.capsys.readouterr()


def test_votes_hold_two_classes_and_other_forms_say_that_they_do_not(
    tmp_path, photo, capsys
):
    case = Case(fer2013_with_votes, tmp_path, photo, capsys)
    first, second = case.data.train.ids[:2].tolist()
    case.decide(Decision(first, 'ambiguous', (2, 0)), Decision(second, 'drop'))
    assert case.export() == 0, case.errors
    assert '0 labels changed, 1 dropped (all ten votes for unknown' in case.said
    assert ', 1 between two classes' in case.said
    rows = [*ferplus.rows(case.out / 'fer2013new.csv')]
    assert rows[0].votes == [5, 0, 5, 0, 0, 0, 0, 0, 0, 0]
    assert rows[1].votes == [0, 0, 0, 0, 0, 0, 0, 0, 10, 0]
    assert rows[2].votes == votes_of(2)


def test_a_form_of_one_class_refuses_two(tmp_path, photo, capsys):
    case = Case(csv_file, tmp_path, photo, capsys)
    case.decide(Decision(case.data.train.ids[0], 'ambiguous', (1, 2)))
    assert case.export('--ambiguous=both') == 2
    assert 'holds one class for each picture; give one or drop' in case.errors
    assert case.export('--ambiguous=drop') == 0
    assert '0 labels changed, 1 dropped' in case.said


def test_fer2013_keeps_the_rows_of_dropped_faces(tmp_path, photo, capsys):
    """For ids are numbers of rows, and FERPlus' table goes row by row."""
    case = Case(fer2013, tmp_path, photo, capsys)
    case.decide(Decision('train-00002', 'drop'))
    assert case.export() == 0, case.errors
    assert '1 dropped (an empty emotion in their place)' in case.said
    rows = [*tables.rows(case.out / 'fer2013.csv', ['emotion'])]
    assert [row['emotion'] for row in rows[:4]] == ['0', '1', '', '3']
    again = case.again(tmp_path)
    assert again.train.ids.tolist()[:3] == ['train-00000', 'train-00001', 'train-00003']


def refusals(case, tmp_path):
    """(what to do first, options, what the one line says)."""
    source, out = case.folder, case.out
    yield lambda: None, ['--source=/nowhere'], 'no such file'
    yield out.mkdir, [], 'exists already; name another folder'
    yield lambda: None, [f'--out={source}/x'], 'lies in the source'

    def forgets():
        path = case.data.folder / 'manifest.json'
        known = json.loads(path.read_text())
        del known['source']
        path.write_text(json.dumps(known))

    def changes():
        path = source / 'my faces.csv'
        path.write_bytes(path.read_bytes() + b'\n')

    yield changes, [], 'my faces.csv has changed since'
    yield forgets, [], 'does not remember its source'


@pytest.mark.parametrize('number', range(5))
def test_what_cannot_be_written_is_one_line(number, tmp_path, photo, capsys):
    case = Case(csv_file, tmp_path, photo, capsys)
    case.decide(Decision(case.data.train.ids[0], 'drop'))
    first, options, said = [*refusals(case, tmp_path)][number]
    first()
    if options and options[0].startswith('--out='):
        case.out = options.pop()[6:]
    before = sorted(os.listdir(tmp_path))
    assert case.export(*options) == 2
    (line,) = case.errors.splitlines()
    assert said in line
    assert sorted(os.listdir(tmp_path)) == before
    assert not (case.folder / 'x').exists()


@pytest.mark.parametrize('make', [image_folder, affectnet_csv, csv_file])
def test_a_source_that_was_moved_is_named(make, tmp_path, photo, capsys):
    """With the photographs in it, which an option names; a file may have a new name."""
    case = Case(make, tmp_path, photo, capsys)
    elsewhere = tmp_path / 'elsewhere'
    shutil.move(case.folder, elsewhere)
    if make is csv_file:
        (elsewhere / case.source.name).rename(elsewhere / 'renamed.csv')
        elsewhere /= 'renamed.csv'
    case.decide(Decision(case.data.train.ids[0], 'drop'))
    assert case.export() == 2
    assert len(case.errors.splitlines()) == 1
    assert case.export(f'--source={elsewhere}') == 0, case.errors
    assert len(case.again(tmp_path).train.ids) == len(case.data.train.ids) - 1


def test_paths_that_lead_out_of_the_source_write_nothing_there(tmp_path, photo, capsys):
    def make(folder, photo):
        rows = []
        for i in range(12):
            split = 'train' if i < 6 else 'test'
            path = photo(tmp_path / 'beside' / f'{i}.png')
            name = path if i % 2 else f'../beside/{i}.png'
            rows.append((name, split, '=1+1' if i % 3 else 'a\u00e9', f'\n{i}'))
        text = tables.text(['path', 'split', 'label', 'id'], rows)
        (folder / 'faces.csv').write_text(text)
        return 'csv', folder / 'faces.csv', ['--split=split', '--id=id', '--size=20']

    case = Case(make, tmp_path, photo, capsys)
    before = {path: path.read_bytes() for path in (tmp_path / 'beside').iterdir()}
    names, ids = case.data.class_names, case.data.train.ids.tolist()
    given = case.data.train.labels.tolist()
    case.decide(Decision(ids[0], 'relabel', (1 - given[0],)))
    assert case.export() == 0, case.errors
    assert {path.name for path in case.out.iterdir()} == {'faces.csv', 'faces.csv.old'}
    after = {path: path.read_bytes() for path in (tmp_path / 'beside').iterdir()}
    assert after == before
    wanted = labels(case.data) | {ids[0]: names[1 - given[0]]}
    assert labels(case.again(tmp_path)) == wanted


@pytest.mark.parametrize(
    ('told', 'said'),
    [
        ({'door': 'noise', 'words': []}, 'the door noise reads no files of pictures'),
        ({'door': '../x', 'words': []}, "no door '../x'"),
        ({'door': 'csv', 'words': ['--help']}, "no option '--help'"),
        ({'door': 'csv', 'words': ['--out=/tmp']}, '--out is given twice'),
        ({'door': 'csv', 'words': [1]}, 'source.words[0] 1, wanted a text'),
        ({'door': 'synthetic', 'words': []}, 'the door synthetic reads no files'),
    ],
)
def test_a_manifest_that_somebody_wrote_is_refused_in_one_line(
    told, said, tmp_path, photo, capsys
):
    case = Case(csv_file, tmp_path, photo, capsys)
    path = case.data.folder / 'manifest.json'
    known = json.loads(path.read_text()) | {'source': told}
    path.write_text(json.dumps(known))
    case.decide(Decision(case.data.train.ids[0], 'drop'))
    assert case.export() == 2
    (line,) = case.errors.splitlines()
    assert said in line
    assert not case.out.exists()


def test_names_that_are_not_utf8_stay_where_they_are(tmp_path, photo, capsys):
    """In a source whose own path has one, too; they are no part of the set."""

    def make(folder, photo):
        folder = folder / os.fsdecode(b'\xb8 source')
        image_folder(folder, photo)
        shutil.copy(folder / 'train/fear/deep/1.png', os.fsdecode(
            os.fsencode(folder / 'train/fear') + b'/\xff.png'))  # fmt: skip
        return 'image_folder', folder, ['--size=20', '--on-corrupt=skip']

    case = Case(make, tmp_path, photo, capsys)
    name = case.data.train.ids.tolist()[0]
    assert name == 'train/anger/deep/0.png'
    case.decide(Decision(name, 'relabel', (1,)))
    assert case.export() == 0, case.errors
    assert (case.out / 'train/fear/deep/0.png').exists()
    assert os.path.lexists(os.fsencode(case.out / 'train/fear') + b'/\xff.png')


def test_a_full_disk_leaves_nothing_half_written(tmp_path, photo, capsys):
    case = Case(image_folder, tmp_path, photo, capsys)
    case.decide(Decision(case.data.train.ids.tolist()[0], 'drop'))
    (case.folder / 'large.bin').write_bytes(bytes(300_000))
    with disks.small(tmp_path, '200k') as disk:
        case.out = disk / 'out'
        assert case.export('--pictures=copy') == 4
        assert [*disk.iterdir()] == []
        disks.enlarge(disk)
        assert case.export('--pictures=copy') == 0
        assert [path.name for path in disk.iterdir()] == ['out']
