"""Tables of any hand are read as one table, and what is written is read back."""

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_jax.data import tables

TABLE = 'id,label,n\na,anger,1\nb,"fear, ""or"" so",2\n'
READ = [('a', 'anger', '1'), ('b', 'fear, "or" so', '2')]
IDS = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']))


def read(data, columns=('id', 'label', 'n')):
    return [
        tuple(row[name] for name in columns)
        for row in tables.rows(pathlib.Path('t.csv'), columns, data)
    ]


@pytest.mark.parametrize(
    'data',
    [
        TABLE.encode(),
        b'\xef\xbb\xbf' + TABLE.encode(),
        TABLE.encode('utf-16'),
        b'\xfe\xff' + TABLE.encode('utf-16-be'),
        TABLE.replace('\n', '\r\n').encode(),
        TABLE.replace('\n', '\r').encode(),
        TABLE.rstrip().encode(),
        TABLE.replace('\n', '\n\n').encode(),
        b'\n\r\n  \n,,\n' + TABLE.encode() + b'\n,,\n \n',
        b'n;id;label\n1;a;anger\n2;b;"fear, ""or"" so"\n',
        b'id\tlabel\tn\na\tanger\t1\nb\tfear, "or" so\t2\n',
        b'n,id,label\n1,a,anger\n2,b,"fear, ""or"" so"\n',
        b' ID , "Label", N\n a,anger ,1 \nb, "fear, ""or"" so" ,2\n',
        b'more,id,label,n,,\n,a,anger,1,,\n7,b,"fear, ""or"" so",2,,\n',
        b',id,label,n\n0,a,anger,1\n1,b,"fear, ""or"" so",2\n',
        b'"id","label","n"\n"a","anger","1"\n"b","fear, ""or"" so","2"\n',
    ],
)
def test_one_table_in_many_spellings(data):
    assert read(data) == READ


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'', "^t.csv: the header is ''; it lacks id, label, n$"),
        (b'id;n\n', "^t.csv: the header is 'id,n'; it lacks label$"),
        (b'id,label,n\na,b\n', '^t.csv line 2 has 2 fields; wanted 3, as in the'),
        (b'id,label,n\n\na,b,c,d\n', '^t.csv line 3 has 4 fields; wanted 3'),
        (b'id,label,n,ID\n', '^$'),
        (b'id,n,Label,LABEL\n', "^t.csv: the header has 'label' more than once"),
        (b'id,label,n\na,"b,1\nc,d,2\n', '^t.csv line 2: a quote is opened and not'),
        (b'id,label,n\na,"b"c,1\n', "^t.csv line 2: text stands behind .*, 'c,1'; dou"),
        (b'id,label,n\na,b\0,1\n', '^t.csv line 2 has a NUL byte'),
        (b'id,label,n\na,\xe4,1\n', '^t.csv: no text in UTF-8'),
        (b'\xff\xfeid', '^t.csv: the header'),
        (b'\xff\xfei\0d', '^t.csv: no text in UTF-8'),
        (b'\x1b[2J' * 99, r"^t.csv: the header is '\\x1b\[2J.{5,70}'...; it lacks id"),
    ],
)
def test_what_is_no_table_is_refused_in_a_line(data, message):
    if message == '^$':  # 'id' is there as it is spelt; the other one is another's
        assert read(data) == []
        return
    with pytest.raises(ValueError, match=message) as error:
        read(data)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 250


def test_fields_are_as_long_as_they_like_and_lines_are_not(tmp_path):
    long = 'x' * 140_000
    assert read(f'id,label,n\na,{long},1\n'.encode())[0][1] == long
    assert read(f'id,label,n\na,"{long}",1\n'.encode())[0][1] == long
    with pytest.raises(ValueError, match='line 2 is longer than 16,000,000 characters'):
        read(b'id,label,n\n' + b'x' * 16_000_009)
    with pytest.raises(ValueError, match='line 2: a quote is opened and not closed'):
        read(b'id,label,n\n"' + (b'x' * 999 + b'\n') * (16_000_000 // 999))


def test_a_field_may_hold_line_ends_and_rows_know_their_line():
    data = b'id,label\na,"1\r\n2\n\n3"\n\nb,c\n'
    rows = [*tables.rows('t.csv', ('id', 'label'), data)]
    assert [row['label'] for row in rows] == ['1\r\n2\n\n3', 'c']
    assert [row.line for row in rows] == ['line 5', 'line 7']


@given(st.lists(st.tuples(IDS, IDS)))
def test_what_is_written_is_read_back(pairs):
    written = tables.text(['id', 'label', 'n'], [(*pair, 1) for pair in pairs])
    rows = tables.rows('t.csv', ('id', 'label', 'n'), written.encode())
    found = [(row.exact('id'), row.exact('label'), row['n']) for row in rows]
    assert found == [(*pair, '1') for pair in pairs]


def test_a_table_without_its_header():
    """Of as many fields as `headless` names, and none of the columns."""
    names = ('id', 'points', 'label')
    for data in (b'a,1;2;3;4,fear\n', b'id,points,label\na,1;2;3;4,fear\n'):
        (row,) = tables.rows('t.csv', ('id', 'label'), data, names)
        assert (row['id'], row['label']) == ('a', 'fear')
    for data in (b'a,fear\n', b'a,1,label\n'):
        with pytest.raises(tables.MissingColumns):
            [*tables.rows('t.csv', ('id', 'label'), data, names)]


def test_columns_keep_their_order():
    (row,) = tables.rows('t.csv', ('z',), b'z,x,Y,x\n1,2,3,4\n')
    assert [*row.texts().items()] == [('z', '1'), ('x', '2'), ('Y', '3')]


def test_ordinary_ids_are_written_without_quotes():
    rows = [('train-00012', 3), ('a,b', 'c"d'), ('\n', '\r')]
    text = 'id,label\ntrain-00012,3\n"a,b","c""d"\n"\n","\r"\n'
    assert tables.text(('id', 'label'), rows) == text


def test_lists_of_words(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(b'\xef\xbb\xbfa.jpg 1\r\n\r\n  b c.jpg\t2 \n')
    assert [*tables.lines(path, 'NAME LABEL')] == [
        (1, ['a.jpg', '1']),
        (3, ['b c.jpg', '2']),
    ]
    assert tables.words(path) == ['a.jpg', '1', 'b', 'c.jpg', '2']
    with pytest.raises(ValueError, match=r"line 1: 'a\.jpg 1' has 2 fields; wanted"):
        [*tables.lines(path, 'A B C')]
    with pytest.raises(FileNotFoundError, match='no such file'):
        [*tables.lines(tmp_path / 'none', 'A B')]
    with pytest.raises(ValueError, match='a folder, not a file'):
        [*tables.lines(tmp_path, 'A B')]


def test_a_csv_without_a_header(tmp_path):
    path = tmp_path / 'label.csv'
    for separator in ',;\t':
        path.write_text(
            f'a{separator}"(0, 0)"{separator}3\n\n b {separator} 4{separator}\n'
        )
        found = [*tables.records(path, (3, 4))]
        assert found == [(1, ['a', '(0, 0)', '3']), (3, ['b', '4', ''])]
    with pytest.raises(ValueError, match=r'line 1 has \d fields; wanted 7'):
        [*tables.records(path, (7, 8))]


def test_a_matrix_is_as_wide_as_it_is_high(tmp_path):
    path = tmp_path / 'm.txt'
    for text in ('.9 .1\n.2 .8\n', '# x\n.9,.1\r\n\r\n.2, .8 # y\n', '.9;.1\n.2\t.8'):
        path.write_text(text)
        assert tables.matrix(path) == [[0.9, 0.1], [0.2, 0.8]]
    for text, message in (
        ('1 2\n', "has 1 rows of '\\[2\\]' numbers"),
        ('', "has 0 rows of '\\[\\]' numbers"),
        ('1 nan\n0 1', "line 1: '1, nan'; wanted numbers"),
        ('1 x\x1b\n0 1', r"line 1: '1, x\\x1b'; wanted numbers"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            tables.matrix(path)


@pytest.mark.parametrize('word', ['', ' ', 'NA', 'na', 'n/a', 'nan', 'NaN', 'NULL',
                                  'None', 'unknown', 'Unknown '])  # fmt: skip
def test_words_for_no_label(word):
    assert tables.missing(word)
    assert not tables.missing('neutral')


def test_whole_numbers_and_others():
    assert [tables.integer(w, 't') for w in ('3', ' 3 ', '3.0', '-1', '+4', '007')] == [
        3, 3, 3, -1, 4, 7,
    ]  # fmt: skip
    for word in ('3.5', '', '1e3', '9' * 5000, '1_0', '٣', 'x\n'):
        with pytest.raises(ValueError, match=r'^t line 2: .*; wanted a whole number$'):
            tables.integer(word, 't line 2')
    assert tables.numbers(['1.5', ' 2 ', '-1e3'], 't') == [1.5, 2, -1000]
    for word in ('nan', 'inf', '1_0', '', 'x'):
        with pytest.raises(ValueError, match=r'^t: .*; wanted numbers$'):
            tables.numbers(['1', word], 't')
