"""2,500 damaged tables: each is refused in one line, or read as by another reader.

Damage is drawn from a seed and the number of the input alone, so that a failure names
its input: bytes lost, doubled, moved or changed, and pieces put in that readers trip
over. Doors look for their pictures only when they have read their tables, so none is
needed here.
"""

import argparse
import csv
import io
import json
import random

import numpy as np
import pytest

from data_prep import (
    affectnet,
    csv_file,
    expw,
    fer2013,
    ferplus,
    ferplus_folders,
    raf_db,
)
from fer_jax.data import corrections, noise_exchange, sets, tables, writing
from fer_jax.errors import Unusable
from fer_jax.training import files
from tests.data.conftest import encoded

PIECES = (
    b'"', b'""', b'\0', b'\r', b'\n', b'\r\n', b'\xef\xbb\xbf', b'\xff\xfe', b',', b';',
    b'\t', b' ', b'\x1b[2J', b'\xe2\x80\xae', b'\xd9\xa3', b'NA', b'nan', b'-1', b'99',
    b'1e400', b'9' * 5000, b'1_0', b'3.0', b'x' * 140_000, b'\xed\xa0\x80', b'/', b'\\',
    b'../..', b'id,label\n', b'[' * 2000, b'{"a":',
)  # fmt: skip
COUNT = 130  # inputs of a reader
LONGEST = 700  # characters of a message, most of them the path of the file


def damaged(content, number):
    """`content` with one or two faults that `number` decides."""
    draw = random.Random(number)
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2))):
        at = draw.randint(0, len(data))
        end = min(len(data), at + draw.choice((1, 2, 9, 60)))
        match draw.randrange(6):
            case 0:
                del data[at:end]
            case 1:
                data[at:at] = data[at:end]
            case 2:
                data[at:end] = bytes(draw.randrange(256) for _ in range(end - at))
            case 3:
                del data[at:]
            case _:
                data[at:at] = draw.choice(PIECES)
    return bytes(data)


def refused(read):
    """What `read` returns, or None when it refuses; fails on anything else."""
    try:
        return read()
    except Unusable as error:
        text = str(error)
        assert text.isprintable(), text[:200]
        assert len(text) < LONGEST, text[:200]
        return None


COLUMNS = ('id', 'label', 'more')
TABLE = b'id,label,more\n' + b''.join(
    b'train/%d.png,"an, ""ger""",%d\n"a\nb",fear,%d\n' % (i, i, i) for i in range(6)
)


def by_csv(data):
    """The rows of a table as Python's csv reads them, for what `tables` accepts."""
    text = data.decode(
        'utf-16' if data[:2] in (b'\xff\xfe', b'\xfe\xff') else 'utf-8-sig'
    )
    readings = []
    for delimiter in ',;\t':
        file = io.StringIO(text, newline='')
        rows = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        rows = [row for row in rows if any(field.strip() for field in row)]
        if rows:
            head = [name.strip().casefold() for name in rows[0]]
            at = [head.index(name) for name in COLUMNS if name in head]
            if len(at) == 3 and all(len(row) > max(at) for row in rows):
                readings.append([tuple(row[i].strip() for i in at) for row in rows[1:]])
    return readings


def test_what_is_accepted_is_what_pythons_csv_reads():
    csv.field_size_limit(10**7)
    accepted = 0
    for number in range(1000):
        data = damaged(TABLE, number)
        rows = refused(lambda data=data: [*tables.rows('t.csv', COLUMNS, data)])
        if rows is not None:
            accepted += 1
            found = [tuple(row[name] for name in COLUMNS) for row in rows]
            assert found in by_csv(data), number
    assert accepted > 200


def through(door, source, *words):
    """What a door finds in a source, without looking at pictures."""
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    options = parser.parse_args([f'--source={source}', '--out=none', *words])
    found = []
    options.then = lambda options, name, looked, **recipe: found.append(looked)
    door.run(options)
    return found[0]


FER = ' '.join(['7'] * 2304)
VOTES = [','.join('10' if k == i % 8 else '0' for k in range(10)) for i in range(14)]
BOX = 'face_x,face_y,face_width,face_height'
MARKS = ';'.join(['5.5'] * 136)
SEVEN = sets.SETS['fer2013'].class_names
USES = ['PrivateTest' if i > 9 else 'Training' for i in range(14)]
FER_ROWS = 'emotion,pixels,Usage\n' + ''.join(
    f'{i % 7},{FER},{u}\n' for i, u in enumerate(USES)
)
DOORS = {  # name: (door, file, its content, what else lies there, options)
    'csv': (
        csv_file, 'a.csv',
        'path,label,truth,x,y,w,h\n'
        + ''.join(f'img/{i}.png,{SEVEN[i % 7]},NA,1,2,3,4\n' for i in range(14)),
        {}, ('--clean=truth', '--box=x,y,w,h', '--test-fraction=0.5'),
    ),
    'csv of a set': (
        csv_file, 'a.csv',
        'path;label\n' + ''.join(f'img/{i}.png;{i % 7}\n' for i in range(28)),
        {}, ('--set=fer2013',),
    ),
    'fer2013': (
        fer2013, 'fer2013.csv',
        FER_ROWS, {}, (),
    ),
    'fer2013new': (
        fer2013, 'fer2013new.csv',
        ','.join(ferplus.HEADER) + '\n'
        + ''.join(f'{u},a.png,{v}\n' for u, v in zip(USES, VOTES)),
        {'fer2013.csv': FER_ROWS}, ('--labels=ferplus_majority8',),
    ),
    'ferplus': (
        ferplus_folders, 'FER2013Train/label.csv',
        ''.join(f'f{i}.png,"(0, 0, 48, 48)",{v}\n' for i, v in enumerate(VOTES)),
        {'FER2013Test/label.csv': f'f1.png,{VOTES[0]}\n'}, (),
    ),
    'affectnet': (
        affectnet, 'training.csv',
        f'subDirectory_filePath,{BOX},facial_landmarks,expression\n'
        + ''.join(f'{i}/a.jpg,1,2,30,40,{MARKS},{i % 11}\n' for i in range(14)),
        {'validation.csv': f'subDirectory_filePath,{BOX},facial_landmarks,expression\n'
         f'1/b.jpg,1,2,30,40,{MARKS},1\n'}, (),
    ),
    'raf_db': (
        raf_db, 'EmoLabel/list_patition_label.txt',
        'test_1.jpg 1\n' + ''.join(f'train_{i}.jpg {i % 7 + 1}\n' for i in range(14)),
        {}, (),
    ),
    'expw': (
        expw, 'label.lst',
        ''.join(f'a_{i}.jpg 0 4 10 20 26 60.2 {i % 7}\n' for i in range(14)),
        {'images/x': ''}, (),
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', DOORS)
def test_doors(tmp_path, name):
    door, file, content, others, words = DOORS[name]
    for other, text in {file: content, **others}.items():
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text(text)
    source = tmp_path / file if door is csv_file else tmp_path
    whole = through(door, source, *words)
    accepted = 0
    for number in range(COUNT):
        (tmp_path / file).write_bytes(damaged(content.encode(), number))
        found = refused(lambda: through(door, source, *words))
        if found is not None:
            accepted += 1
            count = len(found.class_names)
            pictures = [row for rows in found.splits.values() for row in rows]
            assert all(0 <= row.label < count for row in pictures), number
            assert all(-1 <= row.clean_label < count for row in pictures), number
            boxes = [row.box for row in pictures if row.box]
            assert np.isfinite(boxes).all(), number
            if found.set_name != 'folder':
                assert set(found.class_names) <= set(whole.class_names), number
    assert accepted > 0


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    """A prepared set of RAF-DB's classes with ids as in its list."""
    image = encoded(np.zeros((6, 6), np.uint8))
    rows = [
        writing.Example(f'train_{i:05}.jpg', image, i % 7, i % 7) for i in range(1, 22)
    ]
    return writing.write(
        tmp_path_factory.mktemp('faces') / 'set',
        set_name='raf_db',
        class_names=sets.SETS['raf_db'].class_names,
        image_size_px=6,
        recipe={},
        splits={'train': rows, 'test': [rows[0]._replace(id='test_1.jpg')]},
    )


LISTS = {
    'resup': ''.join(f'train_{i:05}.jpg {i % 7 + 1}\n' for i in range(1, 22)),
    'scn': ''.join(f'/x y/train_{i:05}_aligned.jpg {i % 7}\n' for i in range(1, 22)),
    'csv': 'id,label\n'
    + ''.join(
        f'train_{i:05}.jpg,{sets.SETS["raf_db"].class_names[i % 7]}\n'
        for i in range(1, 22)
    ),
    'dividemix': json.dumps([i % 7 for i in range(1, 22)]),
}


@pytest.mark.parametrize('name', LISTS)
def test_lists_of_noise(tmp_path, faces, name):
    """A list that is accepted has one label of the set for each example."""
    path = tmp_path / 'list'
    path.write_text(LISTS[name])
    wanted = [i % 7 for i in range(1, 22)]
    assert noise_exchange.read(name, path, faces).labels.tolist() == wanted
    for number in range(COUNT):
        path.write_bytes(damaged(LISTS[name].encode(), number))
        found = refused(lambda: noise_exchange.read(name, path, faces))
        if found is not None:
            assert found.labels.shape == (21,)
            assert ((found.labels >= 0) & (found.labels < 7)).all(), number


def test_decisions_and_tables_of_labels(tmp_path, faces):
    names = faces.class_names
    decisions = 'id,decision,label\n' + ''.join(
        f'{name},{("keep,", "drop,", f"relabel,{names[i % 7]}")[i % 3]}\n'
        for i, name in enumerate(faces.train.ids)
    )
    labels = 'id,given_label,final_label,suggested_label,flips,posterior_1,' + (
        'clean_label\n'
        + ''.join(f'{n},fear,fear,anger,0,0.25,\n' for n in faces.train.ids)
    )
    path = tmp_path / 'table.csv'
    for number in range(COUNT):
        path.write_bytes(damaged(decisions.encode(), number))
        done = refused(lambda: corrections.load(path, faces.train.ids, names))
        if done is not None:
            assert ((done.labels >= -1) & (done.labels < 7)).all(), number
            assert not (done.dropped & (done.labels >= 0)).any(), number
        (tmp_path / files.LABELS).write_bytes(damaged(labels.encode(), number))
        found = refused(lambda: files.read_labels(tmp_path, names))
        if found is not None:
            count = len(found.ids)
            for values in (found.given, found.final, found.suggested):
                assert values.shape == (count,)
                assert ((values >= 0) & (values < 7)).all(), number
            assert found.trust.shape[1] == count
            assert ((found.trust >= 0) & (found.trust <= 1)).all(), number


def test_matrices(tmp_path):
    path = tmp_path / 'matrix.txt'
    text = '.8 .1 .1\n.1 .8 .1 # fear\n.1,.1,.8\n'
    for number in range(COUNT):
        path.write_bytes(damaged(text.encode(), number))
        rows = refused(lambda: tables.matrix(path))
        if rows is not None:
            assert np.shape(rows) == (len(rows), len(rows)), number
            assert np.isfinite(rows).all(), number
