"""Published lists, as their authors wrote them, meet a prepared set by id."""

import json
import unicodedata

import numpy as np
import pytest

from fer_jax.data import noise_exchange, noise_list

# RAF-DB's own order; the folder below has another one
OWN = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
FOLDER = ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral')
# what RAF-DB calls the classes of train_00001 ...: 1 surprise, ... 7 neutral
TRUE = [5, 5, 4, 4, 5, 1, 7, 4]
TEST = [7, 7]
NOISY = [5, 5, 4, 1, 5, 1, 7, 2]  # 4 and 8 are wrong: happiness as surprise, as fear
SCN = '/home/victor_kai/AAAI_2020/tests/RAFDB_DATA/aligned/'


def places(numbers):
    """RAF-DB's numbers as places in FOLDER."""
    return [FOLDER.index(OWN[number - 1]) for number in numbers]


@pytest.fixture
def faces(write_set, examples):
    """Eight training and two test faces of RAF-DB, with ids as in its list."""

    def write(train=tuple(f'train_{n:05}.jpg' for n in range(1, 9))):
        tests = [f'test_{n:04}.jpg' for n in range(1, 3)]
        splits = {
            split: [
                example._replace(id=name, label=label, clean_label=-1)
                for example, name, label in zip(examples(9, split), ids, labels)
            ]
            for split, ids, labels in (
                ('train', train, places(TRUE)),
                ('test', tests, places(TEST)),
            )
        }
        return write_set('faces', set_name='raf_db', class_names=FOLDER, splits=splits)

    return write


@pytest.fixture
def cifar(write_set, examples):
    """Forty images of three classes, written in an order that is not the source's."""

    def write():
        train = [
            example._replace(id=f'train-{39 - row:05}', label=k, clean_label=k)
            for row, example in enumerate(examples(40, 'train'))
            for k in [(39 - row) % 3]
        ]
        return write_set(splits={'train': train, 'test': examples(2, 'test')})

    return write


def lines(numbers, names='train_{:05}.jpg'):
    return ''.join(f'{names.format(n)} {k}\n' for n, k in enumerate(numbers, start=1))


PUBLISHED = {
    'resup': lines(NOISY),
    'eac': lines(NOISY),
    'scn': lines([k - 1 for k in NOISY], SCN + 'train_{:05}_aligned.jpg'),
    'csv': 'id,label\n'
    + ''.join(f'train_{n:05},{OWN[k - 1]}\n' for n, k in enumerate(NOISY, start=1)),
}


@pytest.mark.parametrize('name', PUBLISHED)
@pytest.mark.parametrize('turned', [False, True])
def test_rows_meet_examples_by_id(tmp_path, faces, name, turned):
    """2 of 8 wrong. Of three happy faces one is a surprise and one fear: 1/3 each.

    The order of the rows tells nothing: the same list from its end.
    """
    head, rest = ('id,label\n', 1) if name == 'csv' else ('', 0)
    rows = PUBLISHED[name].splitlines(keepends=True)[rest:]
    (tmp_path / 'list').write_text(head + ''.join(rows[::-1] if turned else rows))
    data = faces()
    found = noise_exchange.read(name, tmp_path / 'list', data)
    assert found.labels.tolist() == places(NOISY)
    assert found.labels.dtype == np.int32
    assert found.wrong == 2
    happy = found.transition[FOLDER.index('happiness')]
    wanted = {'happiness': 1 / 3, 'surprise': 1 / 3, 'fear': 1 / 3}
    np.testing.assert_allclose(happy, [wanted.get(name, 0) for name in FOLDER])
    assert found.protocol['kind'] == 'imported'
    assert (found.protocol['format'], found.protocol['file']) == (name, 'list')


def test_ids_may_be_file_names(tmp_path, faces):
    names = [f'Image/aligned/train_{n:05}_aligned.jpg' for n in range(1, 9)]
    (tmp_path / 'list').write_text(PUBLISHED['resup'])
    found = noise_exchange.read('resup', tmp_path / 'list', faces(names))
    assert found.labels.tolist() == places(NOISY)


def test_test_rows_are_refused_or_dropped(tmp_path, faces):
    """ReSup's symmetric files corrupt test rows: one of the two here, 7 to 3."""
    text = PUBLISHED['resup'] + lines([7, 3], 'test_{:04}.jpg')
    (tmp_path / 'list').write_text(text)
    data = faces()
    with pytest.raises(ValueError, match="2 rows about test examples, 'test_0001"):
        noise_exchange.read('resup', tmp_path / 'list', data)
    found = noise_exchange.read('resup', tmp_path / 'list', data, drop_test_rows=True)
    assert found.labels.tolist() == places(NOISY)
    assert found.protocol['test_rows_dropped'] == 2
    assert found.protocol['test_rows_wrong'] == 1


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('resup', lines([*NOISY, 1, 1]), "2 ids that the set does .*00009.jpg', 'tr"),
        ('resup', lines(NOISY[:3]), "lacks 5 .*_00004.jpg', .*_00006.jpg' and 2 more"),
        ('resup', lines(NOISY) + 'train_00002.jpg 1\n', "1 ids more .*00002.jpg';"),
        ('resup', lines([8, *NOISY[1:]]), "row 1 has the label '8', wanted 1 to 7"),
        ('resup', lines([0, *NOISY[1:]]), "row 1 has the label '0', wanted 1 to 7"),
        ('scn', lines(NOISY), "row 7 has the label '7', wanted 0 to 6"),
        (
            'resup',
            'train_00001.jpg\n',
            "line 1: 'train_00001.jpg' has 1 fields; wanted 2: NAME",
        ),
        ('resup', lines(NOISY) + '\nx 1\n', "1 ids that the set does not have: 'x'"),
        ('resup', lines(NOISY) + '\nx 9\n', "row 10 has the label '9'"),
        ('resup', '', 'lacks 8 training examples'),
        ('csv', '', "the header is ''; it lacks id, label"),
        ('csv', 'name,label\n', "the header is 'name,label'; it lacks id"),
        ('csv', 'id,label\ntrain_00001,happy,1\n', 'line 2 has 3 fields; wanted 2'),
        ('csv', 'id,label\ntrain_00001,joyless\n', "row 2 has the label 'joyless'"),
        ('dividemix', '[1, 2', 'is no whole JSON'),
        ('dividemix', '{"a": 1}', 'an object of 1, wanted a list'),
        ('dividemix', '[1, 2]', 'has 2 labels and the training split 8'),
        ('dividemix', '[1, 2, 3, 4, 5, 6, 0, 1.5]', "row 7 has the label '1.5'"),
        ('paper', '', "unknown format 'paper'; there are: resup, eac, scn"),
    ],
)
def test_what_is_refused(tmp_path, faces, name, text, message):
    (tmp_path / 'list').write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        noise_exchange.read(name, tmp_path / 'list', faces())
    assert '\n' not in str(error.value)


def test_a_name_of_two_examples_names_none(tmp_path, faces):
    names = [f'{folder}/{n}.png' for folder in ('happy', 'sad') for n in range(4)]
    (tmp_path / 'list').write_text('0.png 1\n')
    with pytest.raises(ValueError, match=r"ids that the set does not have: '0\.png'"):
        noise_exchange.read('resup', tmp_path / 'list', faces(names))


def test_names_in_another_unicode_form_are_the_same(tmp_path, faces):
    """é as one character in the list, as e and an accent in the set; in two folders."""
    ids = [f'{"ab"[n % 2]}/cafe\u0301_{n // 2}.png' for n in range(8)]
    path = tmp_path / 'list.csv'
    lines = [f'{unicodedata.normalize("NFC", name)},fear' for name in ids]
    path.write_text('\n'.join(['id,label', *lines]), 'utf-8')
    found = noise_exchange.read('csv', path, faces(tuple(ids)))
    assert found.labels.tolist() == [FOLDER.index('fear')] * 8


def test_a_missing_file_and_a_binary_one(tmp_path, faces):
    data = faces()
    with pytest.raises(FileNotFoundError, match='give the list to import'):
        noise_exchange.read('resup', tmp_path / 'none', data)
    (tmp_path / 'list').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match='no text in UTF-8'):
        noise_exchange.read('resup', tmp_path / 'list', data)


def test_csv_takes_names_of_any_spelling_and_places(tmp_path, faces):
    said = ['Sad', 'sadness', 'HAPPY', '5', 'sad', 'surprised', 'neutral', 'Fear']
    rows = ''.join(f'train_{n:05},{label}\n' for n, label in enumerate(said, start=1))
    (tmp_path / 'list').write_text('\ufeffid,label\r\n' + rows.replace('\n', '\r\n'))
    found = noise_exchange.read('csv', tmp_path / 'list', faces())
    assert found.labels.tolist() == places(NOISY)


def noisy_cifar():
    """Labels 0 1 2 0 ... of 40 images with every tenth one raised: 4 are wrong."""
    true = [k % 3 for k in range(40)]
    noisy = [(k + (n % 10 == 0)) % 3 for n, k in enumerate(true)]
    return true, noisy


def test_cifar_100n_as_published(tmp_path, cifar):
    """NumPy scalars in a 0-d array of objects; of four columns the fine ones."""
    true, noisy = noisy_cifar()
    columns = {
        'clean_label': true,
        'noisy_label': noisy,
        'noisy_coarse_label': [k // 2 for k in noisy],
        'clean_coarse_label': [k // 2 for k in true],
    }
    columns = {name: [np.int64(k) for k in some] for name, some in columns.items()}
    np.save(tmp_path / 'list.npy', np.array(columns, object), allow_pickle=True)
    data = cifar()
    found = noise_exchange.read('cifarn', tmp_path / 'list.npy', data)
    assert found.labels.tolist() == noisy[::-1]
    assert found.wrong == 4
    with pytest.raises(ValueError, match=r'clean labels are not those|agrees with'):
        noise_exchange.read(
            'cifarn', tmp_path / 'list.npy', data, table='noisy_coarse_label'
        )


def test_labels_of_other_classes_are_refused_whatever_they_are_called():
    """20 classes of which 0 to 4 keep their number: 25 % agree, by chance 5 %."""
    true = np.repeat(np.arange(20), 50)
    coarse = np.minimum(true, 4)
    with pytest.raises(ValueError, match='only 5 of 20 classes are most often'):
        noise_exchange.check_order('list', coarse, true, true)
    shuffled = np.random.default_rng(0).permutation(true)
    with pytest.raises(ValueError, match='as any order would'):
        noise_exchange.check_order('list', shuffled, None, true)
    with pytest.raises(ValueError, match=r'not those of the set in 1,000 of 1,000'):
        noise_exchange.check_order('list', true, true[:500], true)
    wrong = np.random.default_rng(0).random(1000) < 0.8  # symmetric, inclusive
    noisy = np.where(wrong, shuffled, true)
    noise_exchange.check_order('list', noisy, true, true)
    noise_exchange.check_order('list', noisy, None, true)


def test_dividemix_goes_by_the_order_of_the_source(tmp_path, cifar):
    """Row 0 of the folder is image 39 of the source."""
    _, noisy = noisy_cifar()
    (tmp_path / 'list.json').write_text(json.dumps(noisy))
    data = cifar()
    found = noise_exchange.read('dividemix', tmp_path / 'list.json', data)
    assert found.labels.tolist() == noisy[::-1]
    assert found.wrong == 4


def test_a_list_in_another_order_is_refused(tmp_path, cifar):
    """Agreement by chance is 1/3; a list turned by one place agrees on 4 of 40."""
    true, noisy = noisy_cifar()
    data = cifar()
    turned = noisy[1:] + noisy[:1]
    (tmp_path / 'list.json').write_text(json.dumps(turned))
    with pytest.raises(ValueError, match=r'as any order would \(33'):
        noise_exchange.read('dividemix', tmp_path / 'list.json', data)
    tables = {'clean_label': np.array(true[1:] + true[:1]), 'noisy_label': turned}
    np.save(tmp_path / 'list.npy', tables)
    with pytest.raises(ValueError, match='not those of the set in 39 of 40 rows'):
        noise_exchange.read('cifarn', tmp_path / 'list.npy', data)


def test_cifarn_has_several_labels(tmp_path, cifar):
    true, noisy = noisy_cifar()
    names = ('aggre_label', 'random_label1', 'worse_label')
    tables = {'clean_label': np.array(true), **dict.fromkeys(names, np.array(noisy))}
    tables['aggre_label'] = np.array(true)
    np.save(tmp_path / 'list.npy', tables)
    data = cifar()
    for table, wrong in (('aggre_label', 0), ('worse_label', 4)):
        found = noise_exchange.read('cifarn', tmp_path / 'list.npy', data, table=table)
        assert found.wrong == wrong
        assert found.protocol['table'] == table
    for table in (None, 'worst'):
        with pytest.raises(ValueError, match="'aggre_label', 'random_label1', 'worse"):
            noise_exchange.read('cifarn', tmp_path / 'list.npy', data, table=table)
    with pytest.raises(ValueError, match='--table chooses labels of a cifarn file'):
        noise_exchange.read('resup', tmp_path / 'list.npy', data, table='worse_label')
    np.save(tmp_path / 'list.npy', tables | {'worse_label': np.full(40, 0.5)})
    with pytest.raises(ValueError, match="'worse_label' is of float64, wanted int"):
        noise_exchange.read('cifarn', tmp_path / 'list.npy', data, table='worse_label')


def test_ids_that_do_not_tell_the_order(tmp_path, write_set):
    (tmp_path / 'list.json').write_text(json.dumps([0] * 23))
    with pytest.raises(ValueError, match='ids like train/000 do not tell the order'):
        noise_exchange.read('dividemix', tmp_path / 'list.json', write_set())


@pytest.mark.parametrize(
    ('name', 'suffix'),
    [
        ('resup', 'txt'),
        ('eac', 'txt'),
        ('scn', 'txt'),
        ('csv', 'csv'),
        ('dividemix', 'json'),
        ('cifarn', 'pt'),
        ('cifarn', 'npy'),
    ],
)
def test_what_is_written_is_read_back(tmp_path, cifar, faces, name, suffix):
    """Through each format the same noise.csv, so the same sha256."""
    for data, seed in ((cifar(), 3), (faces(), 4)):
        drawn = noise_list.draw(data, rate=0.2, seed=seed, exact=True)
        path = tmp_path / f'{data.set_name}.{suffix}'
        noise_exchange.write(name, path, drawn, data)
        found = noise_exchange.read(name, path, data)
        np.testing.assert_array_equal(found.labels, drawn.labels)
        assert found.sha256 == drawn.sha256
        assert (found.wrong, found.wrong > 0) == (drawn.wrong, True)
        np.testing.assert_array_equal(found.transition, drawn.transition)


def test_written_lines_are_the_authors(tmp_path, faces):
    data = faces()
    given = noise_list.of(data, np.array(places(NOISY), np.int32), {})
    for name, first in (('resup', 'train_00001.jpg 5'), ('eac', 'train_00001.jpg 5')):
        noise_exchange.write(name, tmp_path / name, given, data)
        assert (tmp_path / name).read_text() == PUBLISHED[name]
        assert (tmp_path / name).read_text().startswith(first + '\n')
    noise_exchange.write('scn', tmp_path / 'scn', given, data)
    assert (tmp_path / 'scn').read_text() == PUBLISHED['scn'].replace(SCN, '')


def test_what_a_format_cannot_carry_is_not_written(tmp_path, faces):
    data = faces([f'{folder}/{n}.png' for folder in ('a', 'b') for n in range(4)])
    given = noise_list.draw(data, rate=0.2)
    for name, file, message in (
        ('resup', 'list.txt', 'shares its'),
        ('dividemix', 'list.json', 'do not tell the order'),
        ('cifarn', 'list.txt', 'do not tell the order'),
    ):
        with pytest.raises(ValueError, match=message):
            noise_exchange.write(name, tmp_path / file, given, data)
        assert not (tmp_path / file).exists()
    data = data._replace(train=data.train._replace(ids=np.array(['train-1'] * 8)))
    with pytest.raises(ValueError, match='have one number'):
        noise_exchange.write('cifarn', tmp_path / 'list.pt', given, data)
