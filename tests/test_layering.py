"""Imports point down only, and each dependency has one front door."""

import ast
import pathlib
import re

import pytest

from fer_jax import algorithms

ROOT = pathlib.Path(__file__).parent.parent
BELOW = {
    'numerics': '',
    'data': 'numerics',
    'nets': 'numerics',
    'faces': 'numerics',
    'algorithms': 'numerics nets',
    'training': 'numerics data nets algorithms',
    'deploy': 'numerics data nets faces algorithms training',
    'recognisers': 'numerics data faces training deploy',
    'analysis': 'numerics data nets algorithms training deploy',
    'review': 'numerics data training analysis',
    'sweeps': 'numerics data nets algorithms training deploy analysis',
    'reproduce': 'numerics data nets algorithms training deploy analysis sweeps',
    'exchange': 'data',
    'cli': 'numerics data nets faces algorithms training deploy analysis sweeps'
    ' exchange',
}
DOORS = {  # package -> where it may be imported
    'csv': (),  # fer_jax/data/tables.py reads and writes tables
    'flax': ('fer_jax/nets/', 'fer_jax/algorithms/'),
    'orbax': ('fer_jax/training/checkpoint.py',),
    'grain': ('fer_jax/data/pipeline.py',),
    'joblib': ('fer_jax/faces/networks.py',),
    'ml_collections': ('fer_jax/training/schema.py', 'fer_jax/training/fields.py'),
    'matplotlib': ('fer_jax/analysis/',),
    'onnx': ('fer_jax/deploy/onnx_',),
    'onnxruntime': ('fer_jax/deploy/formats.py',),
    'pyarrow': ('fer_jax/exchange/as_parquet.py',),
    'safetensors': ('fer_jax/data/tensors.py',),
    'starlette': ('fer_jax/review/server.py',),
    'uvicorn': ('fer_jax/review/server.py',),
    'torch': ('data_prep/weights.py',),
}
MODULES = sorted(
    path
    for folder in ('fer_jax', 'configs', 'data_prep')
    for path in (ROOT / folder).rglob('*.py')
)


def imported(path):
    """Every module that a file imports, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


@pytest.mark.parametrize('path', MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    here = path.relative_to(ROOT).parts
    floor = here[1] if here[0] == 'fer_jax' and len(here) > 2 else None
    for name in imported(path):
        parts = name.split('.')
        if floor and parts[0] == 'fer_jax' and len(parts) > 1 and parts[1] in BELOW:
            allowed = (floor, *BELOW[floor].split())
            assert parts[1] in allowed, f'{path} imports {name}'
        if parts[0] in DOORS:
            relative = path.relative_to(ROOT).as_posix()
            assert relative.startswith(DOORS[parts[0]]), f'{path} imports {name}'


def test_numerics_need_arrays_alone():
    allowed = {'jax', 'numpy', 'math', 'typing', 'collections', 'functools', 'fer_jax'}
    for path in (ROOT / 'fer_jax' / 'numerics').rglob('*.py'):
        found = {name.split('.')[0] for name in imported(path)}
        assert found <= allowed, f'{path} imports {found - allowed}'


READERS = {  # what reads files at its word -> where it may be called
    'json.loads': ('fer_jax/data/documents.py',),
    'json.load': (),
    'np.load': (),
    'pickle.load': (),
    'pickle.loads': (),
    'zipfile.ZipFile': (
        'fer_jax/data/arrays.py',
        'fer_jax/data/pickles.py',
        'fer_jax/data/noise_formats.py',  # writes
    ),
    'tarfile.open': ('data_prep/archives.py',),
}


@pytest.mark.parametrize('path', MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_read_by_careful_readers(path):
    """Others believe what a header says, and raise whatever comes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name, told = ast.unparse(node.func), ast.unparse(node)
        if name in READERS and '.to_json()' not in told:  # a config as plain values
            assert path.relative_to(ROOT).as_posix() in READERS[name], told


def opens_pictures(path):
    """Whether a file has Pillow, or another, open one."""
    names = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    ]
    called = any(name.endswith(('Image.open', '.imread')) for name in names)
    return called or any(
        name.startswith('PIL.') and name.endswith(('.open', 'ImageFile', 'Plugin'))
        for name in imported(path)
    )


def test_pictures_are_opened_in_one_place():
    """For Pillow hands a file called .jpg to Ghostscript, if its content says so."""
    others = [ROOT / 'launch.py', *(ROOT / 'benchmarks').glob('*.py')]
    found = [path for path in (*MODULES, *others) if opens_pictures(path)]
    assert found == [ROOT / 'fer_jax/data/opening.py']


def said(path):
    """The strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text())
    documented = ast.Module, ast.ClassDef, ast.FunctionDef
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


@pytest.mark.parametrize('package', ['training', 'analysis', 'deploy'])
def test_nobody_above_the_seam_asks_for_a_method_by_its_name(package):
    """The seam says what a score and a fit are."""
    asked = re.compile(rf'\b({"|".join(algorithms.names())})\b')
    recipe = {'resup'}  # of augmentation, the default; called like its method
    for path in (ROOT / 'fer_jax' / package).rglob('*.py'):
        texts = (re.sub(r'configs/\w+\.py', '', text) for text in said(path))
        found = {text for text in texts if asked.search(text)}
        assert found <= (recipe if path.name == 'schema.py' else set()), path


def test_what_a_method_logs_of_its_memory_is_for_people():
    """The loop writes it, nobody reads it: a page is made of the fits in the history,
    and the keys of a memory are its own."""
    for package in ('training', 'analysis', 'deploy'):
        for path in (ROOT / 'fer_jax' / package).rglob('*.py'):
            found = [text for text in said(path) if text.startswith('memory')]
            assert found == (['memory/'] if path.name == 'loop.py' else []), path
