"""Configs open with command, needs, and expected and measured result."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
RESULTS = (ROOT / 'docs/results.md').read_text()
HEADS = {
    path.stem: ast.get_docstring(ast.parse(path.read_text()), clean=False)
    for path in sorted((ROOT / 'configs').glob('*.py'))
    if path.stem not in ('__init__', 'default', 'stored')
}


def paragraph(head, name):
    """What stands behind `name:` in a head, up to the next name or an empty line."""
    (found,) = re.findall(
        rf'^    {name}: +(.*(?:\n {{14}}.*)*)', head, flags=re.MULTILINE
    )
    return ' '.join(found.split())


@pytest.mark.parametrize('name', HEADS)
def test_a_config_opens_with_its_command(name):
    assert f'    python launch.py --config=configs/{name}.py' in HEADS[name]
    assert paragraph(HEADS[name], 'Needs')
    assert paragraph(HEADS[name], 'Expected')


@pytest.mark.parametrize('name', HEADS)
def test_what_was_measured_stands_in_the_results(name):
    said = paragraph(HEADS[name], 'Measured')
    figures = re.findall(r'\b\d+\.\d\b', said)
    assert figures or 'not run here' in said
    assert [figure for figure in figures if figure not in RESULTS] == []
