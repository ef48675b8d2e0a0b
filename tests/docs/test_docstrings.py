"""The examples in docstrings give what they say."""

import doctest
import importlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
MODULES = [
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for folder in ('fer_jax', 'data_prep')
    for path in sorted((ROOT / folder).rglob('*.py'))
    if '>>> ' in path.read_text()
]


@pytest.mark.parametrize('name', MODULES)
def test_examples(name, tmp_path, monkeypatch):
    """In a folder of their own: an example may write files."""
    module = importlib.import_module(name.removesuffix('.__init__'))
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert tried
    assert not failed
