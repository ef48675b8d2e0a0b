import hashlib

import numpy as np
import pytest

from fer_jax.data import corrections

IDS = np.array(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
CLASSES = ('anger', 'fear')


@pytest.fixture
def load(tmp_path):
    """load(lines): the file of a header and `lines`, read for seven examples."""

    def read(*lines, header='id,decision,label'):
        path = tmp_path / 'corrections.csv'
        path.write_text('\n'.join([header, *lines]) + '\n')
        return corrections.load(path, IDS, CLASSES)

    return read


def test_decisions(load, tmp_path):
    found = load('c,relabel,fear', 'a,drop,', 'b,keep,', 'g,relabel,anger')
    assert found.labels.tolist() == [-1, -1, 1, -1, -1, -1, 0]
    assert found.dropped.tolist() == [True] + 6 * [False]
    data = (tmp_path / 'corrections.csv').read_bytes()
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_two_classes_fit(load):
    """The given label stays where it is one of them, else it is the first of them."""
    header = 'id,decision,label,Second,reviewer,time,sample'
    found = load(
        'b,ambiguous,fear,anger,anna,2026-01-01T00:00:00Z,yes',
        'c,keep,,,,,',
        header=header,
    )
    assert found.either.tolist()[:3] == [[-1, -1], [1, 0], [-1, -1]]
    given = np.array([2, 2, 2, 0, 1, 0, 1])
    assert found.applied(given).tolist() == [2, 1, 2, 0, 1, 0, 1]
    assert found.counts(given) == {'changed': 1, 'dropped': 0, 'kept': 1}
    given[1] = 0
    assert found.counts(given) == {'changed': 0, 'dropped': 0, 'kept': 2}


def test_what_is_written_is_read(tmp_path):
    decisions = [
        corrections.Decision('b', 'keep', (), 'a,"nna', '2026-01-01T00:00:00Z', True),
        corrections.Decision('a', 'ambiguous', (1, 0), 'bo', '2026-01-01T00:00:01Z'),
        corrections.Decision('c', 'relabel', (1,)),
        corrections.Decision('d', 'drop'),
    ]
    path = tmp_path / 'decisions.csv'
    path.write_text(corrections.text(decisions, CLASSES))
    assert corrections.read(path, IDS, CLASSES) == decisions


def test_a_spreadsheet_saves_it_otherwise(tmp_path):
    """A byte order mark, carriage returns, quotes and an empty line."""
    path = tmp_path / 'corrections.csv'
    path.write_bytes(b'\xef\xbb\xbfid,decision,label\r\n"b","relabel","fear"\r\n\r\n')
    assert corrections.load(path, IDS, CLASSES).labels[1] == 1


def test_nothing_decided(load):
    found = load()
    assert (found.labels == -1).all()
    assert not found.dropped.any()


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        (['a,keep,', 'b,remove,'], "line 3: decision 'remove', wanted one of keep"),
        (['a,relabel,joy'], "line 2: label 'joy' is no class .* has anger, fear"),
        (['a,relabel,'], "label '' is no class"),
        (['a,ambiguous,fear'], "label '' is no class"),
        (['a,drop'], 'line 2 has 2 fields; wanted 3'),
        (['a,drop,', 'a,keep,'], "ids 'a' are there twice"),
        (
            [f'x{i},keep,' for i in range(7)],
            "ids 'x0', 'x1', 'x2', 'x3', 'x4' and 2 more are not of the training split",
        ),
    ],
)
def test_refusals(load, lines, message):
    with pytest.raises(ValueError, match=message):
        load(*lines)


def test_other_files(load, tmp_path):
    with pytest.raises(ValueError, match="the header is 'id,label'; it lacks decision"):
        load('a,fear', header='id,label')
    with pytest.raises(FileNotFoundError, match=r'no file .*nowhere'):
        corrections.load(tmp_path / 'nowhere.csv', IDS, CLASSES)
