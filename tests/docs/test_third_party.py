"""THIRD_PARTY.md knows every package that is asked for."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent.parent


def required(text):
    """Names of the packages in a requirements.txt."""
    lines = (line.partition('#')[0].strip() for line in text.splitlines())
    return {re.split(r'[<>=!~\[ ]', line)[0] for line in lines if line}


def test_every_requirement_has_a_licence():
    page = (ROOT / 'THIRD_PARTY.md').read_text()
    packages = required((ROOT / 'requirements.txt').read_text())
    assert {'jax', 'mtcnn', 'websockets'} <= packages
    assert {name for name in packages if not re.search(rf'\b{name}\b', page)} == set()


def test_names_are_read():
    text = 'jax>=0.10,<0.13\n\n# heading\na-b[c]==1  # why\nplain\n'
    assert required(text) == {'jax', 'a-b', 'plain'}
