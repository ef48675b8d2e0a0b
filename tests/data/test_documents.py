"""JSON of ours: what is refused, and in which words."""

import os

import pytest

from fer_jax import errors
from fer_jax.data import documents

NAMED = documents.fields(
    {
        'format': documents.one_of([1]),
        'names': documents.sequence(documents.TEXT, 1, distinct=True),
        'size': documents.whole_number(1, 4096),
        'shares': documents.mapping(documents.number(0, 1)),
    },
    optional={'note': documents.either(documents.TEXT, documents.NOTHING)},
)
SOUND = '{"format": 1, "names": ["a"], "size": 4096, "shares": {"x": 1}, "new": [2]}'


def test_what_agrees_is_read_whole(tmp_path):
    (tmp_path / 'a.json').write_text(SOUND, 'utf-8-sig')  # as Notepad saves it
    assert documents.read(tmp_path / 'a.json', NAMED, 'make it again') == {
        'format': 1, 'names': ['a'], 'size': 4096, 'shares': {'x': 1}, 'new': [2],
    }  # fmt: skip


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        (SOUND.replace('1, "n', '2, "n'), 'f: format 2, wanted 1; mend it'),
        (SOUND.replace('"format": 1,', ''), 'f: format is missing, wanted 1; mend it'),
        (SOUND.replace('["a"]', '"a"'), "f: names 'a', wanted a list from 1 of "),
        (SOUND.replace('["a"]', '["a", "a"]'), 'f: names a list of 2, wanted a list'),
        (SOUND.replace('["a"]', '["a", {}]'), 'f: names[1] an object of 0, wanted a t'),
        (SOUND.replace('4096', '4097'), 'f: size 4097, wanted a whole number from 1 t'),
        (SOUND.replace('4096', 'true'), 'f: size true, wanted a whole number'),
        (SOUND.replace('4096', '8.0'), 'f: size 8.0, wanted a whole number'),
        (SOUND.replace('4096', '9' * 5000), 'f is no JSON (no text or no number); men'),
        (SOUND.replace('"x": 1', '"x": NaN'), 'f: shares.x NaN, wanted a finite numb'),
        (SOUND.replace('"x": 1', '"x": 1e999'), 'f: shares.x Infinity, wanted a fini'),
        (SOUND.replace('"x"', '"\\u001b[2J"'), "f: shares.'\\x1b[2J'"),
        (
            SOUND.replace('"new"', '"note"'),
            'f: note a list of 1, wanted a text or null',
        ),
        (SOUND.replace('"new"', '"size"'), "f is no JSON (it has 'size' twice); mend"),
        (SOUND[:-1], "f is no whole JSON (Expecting ',' delimiter in line 1); mend it"),
        ('[' * 100_000, 'f is nested too deep; mend it'),
        ('[]', 'f: the content a list of 0, wanted an object; mend it'),
        (b'\xff\xfe\xfd', 'f is no JSON (no text or no number); mend it'),
    ],
)
def test_what_is_refused_names_file_and_field(text, said):
    if said.startswith("f: shares.'"):
        text = text.replace(': 1}', ': 2}')
    with pytest.raises(errors.Unusable) as caught:
        documents.parse(text, NAMED, 'f', 'mend it')
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_only_files_of_a_sensible_size_are_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(errors.Unusable, match='pipe: not a file; mend it'):
        documents.read(tmp_path / 'pipe', NAMED, 'mend it')
    with pytest.raises(errors.Unusable, match='not a file'):
        documents.read('/dev/zero', NAMED, 'mend it')
    with pytest.raises(errors.Missing, match='none: no such file; mend it'):
        documents.read(tmp_path / 'none', NAMED, 'mend it')
    with open(tmp_path / 'large', 'wb') as file:
        file.truncate(16_000_001)
    with pytest.raises(
        errors.Unusable, match=r'16,000,001 bytes; wanted at most 16,000,000'
    ):
        documents.read(tmp_path / 'large', NAMED, 'mend it')


@pytest.mark.parametrize('name', ['', '.', '..', '../a', 'a/b', 'a\\b', 'a\0', 3])
def test_names_of_files_stay_in_their_folder(name):
    assert not documents.FILE_NAME.fits(name)
    assert documents.FILE_NAME.fits('train-00000-of-00001.tfrecord')
