"""Files with some fields changed: what is not changed keeps its bytes."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_jax.data import rewriting, tables

UGLY = (
    '\n'
    'file; "la""bel" ;n;\r\n'
    'a.png;happy ; 1\r\n'
    ';;\r\n'
    '"b;\n""x"".png"; "sad"; 2\n'
    '\n'
    'c.png;  anger;3\r'
    'd.png;fear;4'
)
HEAD = 'la"bel'


def test_a_changed_field_is_all_that_changes(tmp_path):
    path = tmp_path / 'ugly.csv'
    path.write_bytes(UGLY.encode())
    rows = {row[HEAD]: row.number for row in tables.rows(path, [HEAD])}
    assert rows == {'happy': 3, 'sad': 6, 'anger': 8, 'fear': 9}
    changes = {6: lambda old: [f'{old[0]};"er'], 8: None, 9: lambda old: ['joy']}
    found = b''.join(rewriting.table(path, [HEAD], changes))
    wanted = UGLY.replace(' "sad"', '"sad;""er"').replace('c.png;  anger;3\r', '')
    assert found.decode() == wanted.replace('fear', 'joy')
    path.write_bytes(found)
    said = [row[HEAD] for row in tables.rows(path, [HEAD])]
    assert said == ['happy', 'sad;"er', 'joy']


@pytest.mark.parametrize(
    ('mark', 'encoding'),
    [
        (b'', 'utf-8'),
        (codecs.BOM_UTF8, 'utf-8'),
        (codecs.BOM_UTF16_LE, 'utf-16-le'),
        (codecs.BOM_UTF16_BE, 'utf-16-be'),
    ],
)
def test_encodings_and_their_marks_stay(mark, encoding, tmp_path):
    path = tmp_path / 'x.csv'
    path.write_bytes(mark + 'pfad,label\né.png,süß\n'.encode(encoding))
    assert b''.join(rewriting.table(path, ['label'], {})) == path.read_bytes()
    found = rewriting.table(path, ['label'], {2: lambda old: ['übel']})
    assert b''.join(found) == mark + 'pfad,label\né.png,übel\n'.encode(encoding)


def test_the_last_word_of_a_line(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(b'a b.jpg 5\r\n\n c.jpg\t6 \nd.jpg 7')
    found = rewriting.words(path, {1: '1', 3: '2', 4: None})
    assert b''.join(found) == b'a b.jpg 1\r\n\n c.jpg\t2 \n'


def test_the_last_fields_of_a_csv_without_a_header(tmp_path):
    path = tmp_path / 'label.csv'
    path.write_bytes(b'x.png,"(0, 0)",1,2\ny.png,3,4\n')
    counts = (3, 4)
    changes = {
        1: lambda old: [int(n) + 8 for n in old],
        2: lambda old: old[::-1],
    }
    found = rewriting.records(path, counts, 2, changes)
    assert b''.join(found) == b'x.png,"(0, 0)",9,10\ny.png,4,3\n'


TEXT = st.text(st.characters(exclude_characters='\0', codec='utf-8'), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=4), TEXT)
def test_whatever_fields_hold_the_others_read_as_before(tmp_path_factory, rows, new):
    path = tmp_path_factory.mktemp('drawn') / 'x.csv'
    written = [('r' + first, second, third) for first, second, third in rows]
    path.write_bytes(tables.text(['id', 'label', 'more'], written).encode())

    def read():
        return [
            tuple(row.exact(name) for name in ('id', 'label', 'more'))
            for row in tables.rows(path, ['id', 'label', 'more'])
        ]

    before = read()
    assert before == written
    numbers = [row.number for row in tables.rows(path, ['label'])]
    found = rewriting.table(path, ['label'], {numbers[0]: lambda old: [new]})
    path.write_bytes(b''.join(found))
    first = (before[0][0], new, before[0][2])
    assert [tuple(map(str.strip, row)) for row in read()] == [
        tuple(map(str.strip, row)) for row in (first, *before[1:])
    ]
