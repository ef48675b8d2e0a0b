"""The wheel: built, installed outside the tree, and used in an empty folder."""

import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile

import numpy as np
import pytest
from PIL import Image

import fer_jax
from fer_jax.deploy import formats
from tests.processes import ROOT, small_run

SHIPPED = {  # folder of the repository -> where it lies in a wheel
    'fer_jax': 'fer_jax',
    'configs': 'fer_jax/configs',
    'data_prep': 'fer_jax/data_prep',
}
PIP = (sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q')


def files_below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Of a copy, for building leaves its traces; nothing is downloaded."""
    copy = tmp_path_factory.mktemp('copy')
    for name in SHIPPED:
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ('pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, copy)
    out = tmp_path_factory.mktemp('wheel')
    build = [*PIP, 'wheel', '--no-deps', '--no-build-isolation', '-w', str(out)]
    subprocess.run([*build, str(copy)], check=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    """Commands of an environment: the wheel, beside the packages of this one."""
    folder = tmp_path_factory.mktemp('environment')
    venv.create(folder, symlinks=True)
    paths = sysconfig.get_paths('posix_prefix', {'base': folder, 'platbase': folder})
    packages = pathlib.Path(paths['purelib'])
    (packages / 'dependencies.pth').write_text(sysconfig.get_paths()['purelib'] + '\n')
    python = folder / 'bin' / 'python'
    install = [*PIP, f'--python={python}', 'install', '--no-deps', '--no-index']
    subprocess.run([*install, '--ignore-installed', str(wheel)], check=True)
    assert (packages / 'fer_jax').is_dir()
    return folder / 'bin'


def test_all_files_are_in_the_wheel_below_one_name(wheel):
    wanted = {
        f'{target}/{name}'
        for source, target in SHIPPED.items()
        for name in files_below(ROOT / source)
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if '.dist-info/' not in name}
    assert found == wanted


def test_requirements_are_those_of_the_package():
    """With the extras that tests need: versions as well, in the same order."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    extras = project['optional-dependencies']
    lines = (
        line.partition('#')[0].strip()
        for line in (ROOT / 'requirements.txt').read_text().splitlines()
    )
    listed = [line for line in lines if line]
    parts = (extras[name] for name in ('onnx', 'test', 'docs'))
    assert listed == [*project['dependencies'], *itertools.chain(*parts)]
    assert {'cuda', 'tpu', 'torch'} <= extras.keys()


def test_an_import_is_light(installed, tmp_path):
    """Under 0.3 s, without JAX and NumPy: measured inside, the best of three."""
    lines = (
        'import sys, time; begun = time.perf_counter(); import fer_jax;'
        ' print(time.perf_counter() - begun, fer_jax.__version__,'
        ' fer_jax.__file__, *{"jax", "numpy"} & set(sys.modules))'
    )
    seconds = []
    for _ in range(3):
        told = subprocess.check_output(
            [installed / 'python', '-c', lines], cwd=tmp_path, text=True
        )
        took, version, file, *heavy = told.split()
        assert (version, heavy) == (fer_jax.__version__, [])
        assert pathlib.Path(file).is_relative_to(installed.parent)
        seconds.append(float(took))
    assert min(seconds) < 0.3


def test_a_job_from_nothing(installed, tmp_path):
    """In an empty folder: data, a run, its audit, a picture, an export and its card."""
    environment = {
        key: value for key, value in os.environ.items() if key != 'PYTHONPATH'
    }

    def obeyed(*words, code=0, cwd=tmp_path):
        done = subprocess.run(
            words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    command = installed / 'fer-jax'
    draw = ('--train=70', '--test=30', '--size=24')
    obeyed(command, 'prepare', 'synthetic', '--out=drawn', *draw)
    assert 'resup_table1' in obeyed(command, 'reproduce', '--list')
    run = small_run('drawn', 'run', 'baseline', '--config.epochs=1')
    said = obeyed(command, 'train', '--config=baseline:dataset=synthetic', *run[1:])
    assert 'which labels are wrong is in run/audit.html' in said
    run = f'--workdir={tmp_path / "run"}'  # which knows its data from anywhere
    assert 'run/issues.json' in obeyed(command, 'audit', run, cwd=installed)
    Image.fromarray(np.full((30, 20, 3), 90, np.uint8)).save(tmp_path / 'face.jpg')
    assert 'face.jpg' in obeyed(command, 'predict', '--workdir=run', 'face.jpg')
    to_two = ('--formats=orbax,onnx', '--out=export')
    obeyed(command, 'export', '--workdir=run', *to_two)
    card = (tmp_path / 'export' / 'README.md').read_text()
    snippet = re.search(r'```python\n(from fer_jax .*?)```', card, re.DOTALL)[1]
    shutil.copy(tmp_path / 'face.jpg', tmp_path / 'export')
    obeyed(installed / 'python', '-c', snippet, cwd=tmp_path / 'export')
    said = obeyed(command, '--workdir=x', code=2)
    assert 'for example: fer-jax --config=' in said
    assert {path.name for path in tmp_path.iterdir()} == {
        'drawn', 'export', 'face.jpg', 'run',
    }  # fmt: skip


def test_formats_whose_packages_are_not_installed(monkeypatch, capsys):
    """None is in `sys.modules` what an import that fails leaves there."""
    from fer_jax.deploy import export

    assert export.chosen(None) == [*formats.FORMATS]
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    assert export.chosen(None) == ['orbax', 'safetensors', 'stablehlo']
    told = 'onnx needs onnxruntime: pip install onnxruntime'
    assert capsys.readouterr().out == f'left out: {told}\n'
    with pytest.raises(fer_jax.errors.Missing, match=told):
        export.chosen('orbax,onnx')
