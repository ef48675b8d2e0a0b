"""The csv door on tables as people have them: other hands, words, paths and headers."""

import shutil

import pytest

NAMES = ('anger', 'happiness', 'neutral')


@pytest.fixture
def faces(tmp_path, photo):
    """faces(header, line): the csv of 24 pictures; `line` is of i and a label."""

    def write(header, line, name='faces.csv', count=24, newline='\n', root='csv'):
        folder = tmp_path / root
        rows = [header]
        for i in range(count):
            photo(folder / f'img/{i}.png', 5 * i)
            rows.append(line(i, NAMES[i % 3]))
        path = folder / name
        path.write_bytes((newline.join(rows) + newline).encode())
        return path

    return write


def paths(data):
    return sorted([*data.train.ids, *data.test.ids])


WANTED = sorted(f'img/{i}.png' for i in range(24))


@pytest.mark.parametrize(
    ('header', 'line'),
    [
        ('path;label', 'img/{}.png;{}'),
        ('label\tpath', '{1}\timg/{0}.png'),
        ('PATH, Label', 'img/{}.png, {}'),
        ('"path" ,"label"', ' "img/{}.png" ,"{}"'),
        ('path,label', 'img\\{}.png,{}'),
        ('path,label', ' ./img/{}.png ,{}'),
        ('\ufeffpath,label,,', 'img/{}.png,{},,\n,,,\n'),
    ],
)
def test_a_table_of_any_hand(faces, imports, named, header, line):
    path = faces(header, lambda i, name: line.format(i, name), newline='\r\n')
    data = imports('csv', path, '--size=24')
    dot = './' if './' in line else ''
    assert paths(data) == sorted(dot + name for name in WANTED)
    found = named(data, 'train') | named(data, 'test')
    assert found[f'{dot}img/4.png'] == 'happiness'
    assert data.class_names == NAMES


def test_a_path_that_may_be_two_files_is_refused(faces, imports, photo):
    path = faces('path,label', lambda i, name: f'img\\{i}.png,{name}')
    photo(path.parent / 'img\\3.png')
    said = imports.refused('csv', path)
    assert r"line 5: 'img\\3.png' may be 'img\\3.png' or 'img/3.png', which are" in said
    shutil.rmtree(path.parent / 'img')
    assert '23 pictures are missing' in imports.refused('csv', path)


def test_a_path_that_is_none_is_refused_by_its_row(faces, imports):
    for path, wanted in (('', 'the path is empty'), ('x/' * 9999, 'has 19,998 char')):
        table = faces('path,label', lambda i, name, path=path: f'{path},{name}')
        said = imports.refused('csv', table)
        assert wanted in said
        assert 'line 2: ' in said
        assert len(said) < 300


def test_rows_that_name_hidden_files_are_left_out_and_counted(faces, imports, photo):
    """Of a class of their own, too; the folder itself may be hidden."""
    path = faces('path,label', lambda i, name: f'img/{i}.png,{name}', root='.mine/csv')
    with open(path, 'a') as table:
        for name in ('img/._3.png', '.thumbnails/3.png', '__MACOSX/3.png'):
            photo(path.parent / name, 7)
            table.write(f'{name},hidden\n')
        table.write(f'{path.parent}/img/.4.png,joy\n')  # and is not there
    data = imports('csv', path, '--size=24')
    assert paths(data) == WANTED
    assert data.class_names == NAMES
    assert 'left out: 4 hidden or of a system' in imports.said


def test_a_wrong_header_is_answered_with_the_options_to_give(faces, imports):
    path = faces('user,image,emotion', lambda i, name: f'u,img/{i}.png,{name}')
    said = imports.refused('csv', path)
    assert "the header is 'user,image,emotion'; it lacks path, label" in said
    assert said.endswith('columns are meant: --path=image --label=emotion')
    said = imports.refused('csv', path, '--path=imge', '--label=mood')
    assert said.endswith('--path=image --label=emotion')
    said = imports.refused('csv', path, '--path=image', '--label=emotion', '--id=no')
    assert said.endswith('it lacks no; say which columns are meant: --id=COLUMN')
    assert len(imports('csv', path, '--path=image', '--label=emotion').train.ids) == 18


@pytest.mark.parametrize('word', ['NA', '', 'nan', 'unknown', 'None', '#N/A'])
def test_rows_without_a_label_are_left_out_and_counted(faces, imports, word):
    lines = {3: word, 10: word, 11: f' {word} '}
    path = faces('path,label', lambda i, name: f'img/{i}.png,{lines.get(i, name)}')
    data = imports('csv', path, '--size=24')
    assert data.class_names == NAMES
    assert paths(data) == [n for n in WANTED if n[4:-4] not in ('3', '10', '11')]
    assert f'no label: 3 rows left out ({word or "empty"} 3)' in imports.said


def test_words_of_one_class_are_one_class_of_a_known_set(faces, imports, named):
    words = {'anger': 'Angry', 'happiness': 'HAPPY', 'neutral': '6.0'}
    seven = ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral')

    def line(i, _):
        name = seven[i % 7]
        return f'img/{i}.png,{words.get(name, name) if i < 7 else name}'

    data = imports('csv', faces('path,label', line, count=28), '--set=fer2013')
    assert data.class_names == seven
    found = named(data, 'train') | named(data, 'test')
    assert [found[f'img/{i}.png'] for i in range(7)] == list(seven)
    assert 'Angry, anger' in imports.said
    assert imports.errors == ''


def test_classes_that_are_one_but_for_case_are_warned_of(faces, imports):
    odd = {3: 'ANGER', 4: 'Happiness', 7: 'happy'}
    path = faces('path,label', lambda i, name: f'img/{i}.png,{odd.get(i, name)}')
    imports('csv', path, '--size=24', '--test-fraction=0.3')
    assert imports.errors.splitlines() == [
        'warning: ANGER and anger are classes of their own; if they are one, give them '
        'one name, or name the set with --set',
        'warning: Happiness, happiness and happy are classes of their own; if they are '
        'one, give them one name, or name the set with --set',
    ]


@pytest.mark.parametrize(
    'name', ['x' * 101, '\x1b[31mred', 'a\u202eb', 'a"\n"', '5\ufeff']
)
def test_names_that_cannot_be_shown_are_no_classes(faces, imports, name):
    word = '"' + name.replace('"', '""') + '"'
    path = faces('path,label', lambda i, n: f'img/{i}.png,{word if i == 3 else n}')
    said = imports.refused('csv', path)
    assert 'is no name of a class; wanted at most 100 characters' in said
    assert said.isprintable()
    assert len(said) < 300


def test_training_and_test_in_two_files(faces, imports, named):
    train = faces('path,label', lambda i, name: f'img/{i}.png,{name}')
    test = faces(
        'label;path', lambda i, name: f'{name};img/{i}.png', count=6, root='other'
    )
    data = imports('csv', train, f'--test-source={test}', '--size=24')
    assert (sorted(data.train.ids), len(data.test.ids)) == (WANTED, 6)
    assert named(data, 'test')['img/5.png'] == 'neutral'
    said = imports.refused('csv', train, f'--test-source={test}', '--split=label')
    assert '--test-source and --split both tell the split; give one' in said
    said = imports.refused('csv', train, f'--test-source={test}.csv')
    assert 'faces.csv.csv: no such file' in said
