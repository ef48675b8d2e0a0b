import numpy as np
import pytest

from data_prep import __main__ as door
from data_prep import ferplus
from fer_jax.data import prepared, records
from fer_jax.data.pipeline import decode

PX = 48 * 48


def face(value):
    """Pixels of a row; different values make different faces."""
    return [value] * (PX - 1) + [7]


# (emotion, pixels, Usage, votes by name)
ROWS = [
    (0, face(1), 'Training', dict(anger=10)),
    (3, face(2), 'Training', dict(happiness=5, neutral=3, anger=1, fear=1)),
    (3, face(3), 'Training', dict(neutral=8, sadness=2)),  # the two disagree
    (2, face(4), 'Training', dict(fear=4, surprise=4)),  # no majority
    (6, face(5), 'Training', dict(contempt=9)),
    (4, face(1), 'Training', dict(anger=10)),  # row 0 with another emotion
    (3, face(6), 'PublicTest', dict(happiness=10)),
    (0, face(2), 'PublicTest', dict(neutral=9)),  # pixels of row 1
    (5, face(7), 'PublicTest', dict(NF=10)),
    (6, face(8), 'PrivateTest', dict(sadness=6, neutral=4)),
    (6, face(4), 'PrivateTest', dict(neutral=7)),  # pixels of row 3, which is dropped
]

# a training face of every class, behind the others
FILL = [
    (k % 7, face(100 + k), 'Training', {name: 10})
    for k, name in enumerate(ferplus.EMOTIONS)
]


def source(folder, rows=ROWS):
    """Writes both csv files."""
    faces, votes = ['emotion,pixels,Usage'], [','.join(ferplus.HEADER)]
    for emotion, pixels, usage, counts in rows:
        faces.append(f'{emotion},{" ".join(map(str, pixels))},{usage}')
        named = ','.join(str(counts.get(name, 0)) for name in ferplus.COLUMNS)
        votes.append(f'{usage},fer00.png,{named}')
    folder.mkdir(exist_ok=True)
    (folder / 'fer2013.csv').write_text('\n'.join(faces) + '\n')
    (folder / 'fer2013new.csv').write_text('\n'.join(votes) + '\n')
    return folder


def prepare(tmp_path, *options, rows=ROWS):
    folder = source(tmp_path / 'source', rows + FILL)
    out = tmp_path / 'out'
    assert door.main(['fer2013', f'--source={folder}', f'--out={out}', *options]) == 0
    return prepared.load(out)


def named(data, split, table='labels'):
    """{id: class name or None} of a split, without FILL."""
    names = [*data.class_names, None]
    split = getattr(data, split)
    found = {str(i): names[k] for i, k in zip(split.ids, getattr(split, table))}
    return {i: k for i, k in found.items() if i < 'train-00009'}


def test_fer2013_labels_keep_every_row_and_the_private_test(tmp_path):
    data = prepare(tmp_path)
    assert data.set_name == 'fer2013'
    assert named(data, 'train') == {
        'train-00000': 'anger',
        'train-00001': 'happiness',
        'train-00002': 'happiness',
        'train-00003': 'fear',
        'train-00004': 'neutral',
        'train-00005': 'sadness',
    }
    assert named(data, 'test') == {
        'private-00009': 'neutral',
        'private-00010': 'neutral',
    }
    assert set(data.train.clean_labels) | set(data.test.clean_labels) == {-1}


def test_pixels_are_kept_exactly(tmp_path):
    data = prepare(tmp_path)
    stored = records.RecordSource(data.train.shards)
    for i in range(6):
        image = decode(records.decode_example(stored[i])[1], 48)
        wanted = np.reshape(ROWS[i][1], (48, 48, 1)).repeat(3, -1)
        np.testing.assert_array_equal(image, wanted)


def test_public_rows_are_the_test_split_when_asked_for_or_alone(tmp_path):
    data = prepare(tmp_path, '--test=public')
    assert list(data.test.ids) == ['public-00006', 'public-00007', 'public-00008']
    alone = prepare(tmp_path, '--force', rows=ROWS[:9])
    assert list(alone.test.ids) == list(data.test.ids)


def test_ferplus_majority_drops_rows_and_keeps_the_votes_order(tmp_path):
    data = prepare(tmp_path, '--labels=ferplus_majority7', '--test=public')
    assert data.set_name == 'ferplus'
    assert data.class_names == ferplus.EMOTIONS[:7]
    assert named(data, 'train') == {
        'train-00000': 'anger',
        'train-00001': 'happiness',
        'train-00002': 'neutral',
        'train-00005': 'anger',
    }
    assert named(data, 'test') == {
        'public-00006': 'happiness',
        'public-00007': 'neutral',
    }
    eight = prepare(tmp_path, '--labels=ferplus_majority8', '--force')
    assert named(eight, 'train')['train-00004'] == 'contempt'


def test_clean_labels_go_by_name_and_do_not_filter_the_training_split(tmp_path):
    data = prepare(tmp_path, '--clean=ferplus_majority7', '--test=public')
    assert data.set_name == 'fer2013'
    assert named(data, 'train')['train-00002'] == 'happiness'
    assert named(data, 'train', 'clean_labels') == {
        'train-00000': 'anger',
        'train-00001': 'happiness',
        'train-00002': 'neutral',
        'train-00003': None,
        'train-00004': None,
        'train-00005': 'anger',
    }
    # the test split lost its row without a face and carries the votes' label
    wanted = {'public-00006': 'happiness', 'public-00007': 'neutral'}
    assert named(data, 'test') == named(data, 'test', 'clean_labels') == wanted


def test_a_clean_class_that_the_given_labels_lack_is_unknown(tmp_path, capsys):
    data = prepare(tmp_path, '--clean=ferplus_majority8')
    assert named(data, 'train', 'clean_labels')['train-00004'] is None
    assert 'contempt' not in data.class_names


def test_copies_of_training_faces_leave_the_test_split(tmp_path, capsys):
    """Row 10 has the pixels of row 3, which the majority rule drops: still a copy."""
    data = prepare(tmp_path, '--labels=ferplus_majority7', '--drop-test-duplicates')
    assert list(data.test.ids) == ['private-00009']
    said = capsys.readouterr().out
    assert '1 test faces are pixel-identical' in said
    assert 'the duplicates are dropped, 1 stay' in said


def test_contradicting_copies_in_the_training_split_are_counted(tmp_path, capsys):
    """Rows 0 and 5 are one face, called anger and sadness by FER2013."""
    prepare(tmp_path)
    assert '1 groups of identical faces inside train, 1 of' in capsys.readouterr().out
    prepare(tmp_path, '--labels=ferplus_majority7', '--force')
    assert '1 groups of identical faces inside train, 0 of' in capsys.readouterr().out


def test_what_is_dropped_is_printed_with_its_reason(tmp_path, capsys):
    prepare(tmp_path, '--labels=ferplus_majority7', '--test=public')
    said = capsys.readouterr().out
    assert 'Training 14, PublicTest 3, PrivateTest 2' in said
    assert 'test: PublicTest; 2 rows of the other one are left out' in said
    assert '14 rows, 11 kept; dropped 3' in said
    assert 'no majority 1' in said
    assert 'contempt 2' in said
    assert '3 rows, 2 kept; dropped 1 (NF 1)' in said


def refused(folder, tmp_path, capsys, *options):
    """The one line with which the door refuses, after exit code 2."""
    arguments = ['fer2013', f'--source={folder}', f'--out={tmp_path / "out"}', *options]
    assert door.main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert '\n' not in said
    assert not (tmp_path / 'out').exists()
    return said


@pytest.mark.parametrize(
    ('row', 'wanted'),
    [
        ((0, face(1)[1:], 'Training', {}), 'row 1 has 2,303 pixels, want 2,304'),
        ((0, face(256), 'Training', {}), 'row 1 has pixels from 7 to 256'),
        ((0, ['x', *face(1)[1:]], 'Training', {}), 'row 1 has pixels that are no'),
        ((7, face(1), 'Training', {}), 'row 1 has emotion 7; wanted 0 to 6'),
        ((0, face(1), 'Test', {}), "row 1 has Usage 'Test'; wanted one of"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, capsys, row, wanted):
    folder = source(tmp_path / 'source', [ROWS[0], row])
    assert wanted in refused(folder, tmp_path, capsys)


@pytest.mark.parametrize('name', ['fer2013.csv', 'icml_face_data.csv', 'mine.csv'])
@pytest.mark.parametrize('mark', [b'', b'\xef\xbb\xbf'])
def test_tables_as_others_write_them(tmp_path, capsys, name, mark):
    """Kaggle's second file; a mark, blank lines, CRLF and columns in another order."""
    labels = '--labels=ferplus_majority7'
    wanted = prepare(tmp_path, labels).digest
    folder, out = tmp_path / 'source', tmp_path / 'again'
    for path in folder.iterdir():
        lines = [line.split(',') for line in path.read_text().splitlines()]
        turned = [', '.join(reversed(row)) for row in lines]
        path.write_bytes(mark + '\r\n\r\n'.join(turned).encode() + b'\r\n\r\n')
    table = (folder / 'fer2013.csv').rename(folder / name)
    if name == 'mine.csv':
        said = refused(folder, tmp_path / 'none', capsys)
        assert "but 'fer2013new.csv', 'mine.csv'; --source is its folder, or" in said
        folder = table
    assert door.main(['fer2013', f'--source={folder}', f'--out={out}', labels]) == 0
    assert prepared.load(out).digest == wanted


def test_missing_files_and_wrong_headers_are_named(tmp_path, capsys):
    assert 'no fer2013.csv' in refused(tmp_path, tmp_path, capsys)
    folder = source(tmp_path / 'source')
    votes = folder / 'fer2013new.csv'
    text = votes.read_text()
    for wrong, wanted in (
        (text.replace('neutral', 'calm'), 'the header is'),
        (text[: text.rindex('Private')], 'has 10 rows and fer2013.csv 11'),
        (text.replace('Public', 'Private'), "row 6 has Usage 'PrivateTest'; wanted"),
        (text.replace(',10', ',x'), "line 2, votes: 'x'; wanted a whole"),
    ):
        votes.write_text(wrong)
        said = refused(folder, tmp_path, capsys, '--labels=ferplus_plurality')
        assert wanted in said
    votes.unlink()
    said = refused(folder, tmp_path, capsys, '--clean=ferplus_majority7')
    assert 'no fer2013new.csv' in said
    (folder / 'fer2013.csv').write_text('a,b\n')
    assert "the header is 'a,b'" in refused(folder, tmp_path, capsys)


def test_a_test_split_that_is_not_there_is_refused(tmp_path, capsys):
    folder = source(tmp_path / 'source', ROWS[:6])
    assert 'no test rows' in refused(folder, tmp_path, capsys)
    assert 'no PrivateTest rows' in refused(folder, tmp_path, capsys, '--test=private')


def test_an_existing_folder_needs_force(tmp_path, capsys):
    data = prepare(tmp_path)
    arguments = ['fer2013', f'--source={tmp_path / "source"}']
    arguments += [f'--out={tmp_path / "out"}', '--labels=ferplus_majority7']
    assert door.main(arguments) == 2
    assert '--force' in capsys.readouterr().err
    assert prepared.load(tmp_path / 'out').digest == data.digest
    assert door.main([*arguments, '--force']) == 0
    assert prepared.load(tmp_path / 'out').set_name == 'ferplus'


def test_an_unknown_rule_is_refused_with_the_known_ones(tmp_path, capsys):
    words = ['fer2013', '--source=.', '--out=o', '--labels=ferplus_majority9']
    assert door.main(words) == 2
    assert 'ferplus_majority7' in capsys.readouterr().err
