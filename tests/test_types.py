"""Public functions say what they take and give.

Whether it is true, mypy says (`make lint`), of the packages that pyproject.toml lists.
"""

import ast
import pathlib
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
MYPY = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['mypy']
MODULES = sorted(
    path
    for name in MYPY['files']
    for path in (
        (ROOT / name).rglob('*.py') if (ROOT / name).is_dir() else [ROOT / name]
    )
)


def public(body):
    """The functions of a module, and of its classes, that others may call."""
    for node in body:
        name = getattr(node, 'name', '_')
        if name.startswith('_') and not name.endswith('__'):  # __init__ is public
            continue
        if isinstance(node, ast.ClassDef):
            yield from public(node.body)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def unsaid(function):
    """Names of the arguments without a type, and `return` where the result has none."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    missing = [a.arg for a in named if a.annotation is None]
    if named and named[0].arg in ('self', 'cls'):
        missing.remove(named[0].arg)
    return missing + ['return'] * (function.returns is None)


@pytest.mark.parametrize('path', MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_functions_have_types(path):
    functions = public(ast.parse(path.read_text()).body)
    missing = {node.name: unsaid(node) for node in functions if unsaid(node)}
    assert not missing


def test_what_is_missing_is_seen():
    source = """
def f(a, *b: int, c: str = '', **d): pass
def _private(a): pass
class Public:
    def __init__(self, a): pass
    def method(self, a: int): pass
    def typed(self, a: int) -> int: return a
    def _private(self, a): pass
class _Private:
    def method(self, a): pass
"""
    missing = {node.name: unsaid(node) for node in public(ast.parse(source).body)}
    assert missing == {
        'f': ['a', 'd', 'return'],
        '__init__': ['a', 'return'],
        'method': ['return'],
        'typed': [],
    }
