"""The Dockerfiles: what their linter says, and whether they copy what is installed."""

import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
FILES = ('Dockerfile', 'Dockerfile.cuda')


@pytest.mark.parametrize('name', FILES)
def test_the_linter_has_nothing_to_say(name):
    linter = pathlib.Path(sys.executable).parent / 'hadolint'
    if not linter.exists():
        pytest.skip('hadolint is not installed')
    done = subprocess.run([linter, ROOT / name], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, '')


@pytest.mark.parametrize('name', FILES)
def test_all_that_the_wheel_is_made_of_is_copied(name):
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    wanted = {*project['tool']['setuptools']['package-dir'].values(), 'pyproject.toml'}
    wanted |= {project['project']['readme'], *project['project']['license-files']}
    lines = re.findall(r'^COPY (.*) \S+$', (ROOT / name).read_text(), re.MULTILINE)
    copied = {path for line in lines for path in line.split()}
    assert copied == wanted
    sent = set(re.findall(r'^!(.*)$', (ROOT / '.dockerignore').read_text(), re.M))
    assert sent == wanted


@pytest.mark.parametrize('name', FILES)
def test_the_extras_are_there(name):
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    text = (ROOT / name).read_text()
    (asked,) = re.findall(r'"/src\[(.*)\]"', text)
    extras = asked.replace('${EXTRA}', 'cuda,cuda12').split(',')
    assert set(extras) <= project['optional-dependencies'].keys()
