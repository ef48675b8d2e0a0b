"""CITATION.cff, CHANGELOG.md, the package and the README agree."""

import pathlib
import re
import tomllib

import yaml

import fer_jax

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_the_citation_is_of_this_version():
    cited = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    assert cited['cff-version'] == '1.2.0'
    assert cited['version'] == fer_jax.__version__
    assert cited['license'] == project['license']
    assert cited['authors']
    assert cited['title'].startswith(project['name'])


def test_the_readme_links_the_papers_that_are_cited():
    cited = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    for paper in cited['references']:
        assert paper['title'] in readme
        assert f'https://doi.org/{paper["doi"]}' in readme
        assert all(author['family-names'] in readme for author in paper['authors'])


def test_the_newest_change_is_of_this_version():
    titles = re.findall(r'^## (\S+?),? ', (ROOT / 'CHANGELOG.md').read_text(), re.M)
    assert titles[0] == fer_jax.__version__
