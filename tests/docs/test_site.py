"""The documents as a site: `make site`, where every warning is an error."""

import html.parser
import pathlib
import subprocess
import sys

import pytest

import fer_jax

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """The site, built as `make site` does; MkDocs stops at the first warning."""
    for package in ('mkdocs', 'mkdocstrings_handlers.python', 'latex2mathml'):
        pytest.importorskip(package, reason='needs the extra docs')
    out = tmp_path_factory.mktemp('site')
    command = [sys.executable, '-m', 'mkdocs', 'build', f'--site-dir={out}']
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return out


def test_every_document_is_a_page(site):
    wanted = {page.relative_to(ROOT / 'docs') for page in ROOT.glob('docs/**/*.md')}
    found = {page.relative_to(site) for page in site.glob('**/*.html')}
    assert {page.with_suffix('.html') for page in wanted} <= found
    outside = ('index', 'contributing', 'changelog', 'third_party')
    assert {pathlib.Path(f'{name}.html') for name in outside} <= found


def test_formulas_are_drawn_by_the_browser(site):
    """As MathML: no script, no other site; and none is left as text."""
    text = (site / 'methods.html').read_text()
    assert text.count('<math') > 50
    assert 'arithmatex' not in text
    assert '<mi>L</mi>' in text


class Outside(html.parser.HTMLParser):
    """What a page loads from other sites."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if tag != 'a' and name in ('src', 'href') and '//' in (value or ''):
                self.found.append(value)


def test_pages_work_offline(site):
    for page in site.glob('**/*.html'):
        reader = Outside()
        reader.feed(page.read_text())
        assert reader.found == [], page


def test_the_reference_is_made_of_docstrings(site):
    text = (site / 'reference/numerics.html').read_text()
    assert 'id="fer_jax.numerics.losses.similarity"' in text
    assert 'ReSup' in text


def test_all_public_names_are_in_the_reference(site):
    text = (site / 'reference/python.html').read_text()
    for name, module in fer_jax.PUBLIC.items():
        assert f'id="{module}.{name}"' in text
