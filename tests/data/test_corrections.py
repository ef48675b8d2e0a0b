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
