"""What strangers write is shown in a message, short and without effect."""

import ast
import os
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_jax.data.quoting import is_utf8, printable, quoted


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('angry', "'angry'"),
        ("it's", '"it\'s"'),
        ('Ärger', "'Ärger'"),
        ('a\nb\r', r"'a\nb\r'"),
        ('\x1b[31mred\x07', r"'\x1b[31mred\x07'"),
        ('\x9b2J\u202eabc\u2028', r"'\x9b2J\u202eabc\u2028'"),
        ('\ud800', r"'\ud800'"),
        (b'\x00\xff', r"b'\x00\xff'"),
        (pathlib.PurePosixPath('a/b.png'), "'a/b.png'"),
        (7, "'7'"),
        ('x' * 60, "'" + 'x' * 60 + "'"),
        ('x' * 61, "'" + 'x' * 60 + "'..."),
        ('x' * 10_000_000, "'" + 'x' * 60 + "'..."),
        ('\x1b' * 100, "'" + r'\x1b' * 15 + "'..."),
    ],
)
def test_shown_as(text, shown):
    assert quoted(text) == shown


def test_names_of_files_are_shown_whole():
    assert printable('Ärger/a b.png') == 'Ärger/a b.png'
    assert printable(pathlib.PurePosixPath('a\n\x1b[31m.png')) == r'a\n\x1b[31m.png'
    assert printable(os.fsdecode(b'\xb8\xdf.png')) == r'\xb8\xdf.png'
    assert printable('x' * 4096) == 'x' * 4096
    assert printable('x' * 10_000_000) == 'x' * 4096 + '...'


def test_what_utf8_can_hold():
    assert is_utf8('Ärger\n')
    assert not is_utf8(os.fsdecode(b'\xb8'))


@given(st.text(st.characters(exclude_categories=())))
def test_prints_short_and_on_one_line(text):
    shown = quoted(text)
    assert shown.isprintable()
    assert len(shown) <= 66
    if not shown.endswith('...'):
        assert ast.literal_eval(shown) == text
