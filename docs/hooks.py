"""What MkDocs does besides, for `make site`: pages from outside, links, formulas.

README.md and its neighbours belong to the repository's root and are pages of the site
too. Formulas become MathML, which browsers draw by themselves, offline.
"""

import html as entities
import pathlib
import posixpath
import re

from latex2mathml import converter
from mkdocs.structure.files import File
from pygments.formatters.html import HtmlFormatter

ROOT = pathlib.Path(__file__).parent.parent
OUTSIDE = {  # of docs/ -> in the site
    'README.md': 'index.md',
    'CONTRIBUTING.md': 'contributing.md',
    'CHANGELOG.md': 'changelog.md',
    'THIRD_PARTY.md': 'third_party.md',
    'CITATION.cff': 'CITATION.cff',
    'LICENSE': 'LICENSE.txt',
    'fer_jax/recognisers/ferplus/README.md': 'recogniser.md',
} | {f'examples/{path.name}': path.name for path in ROOT.glob('examples/*.ipynb')}
LINK = re.compile(r'(\]\()([^)#\s:]+)(#[^)\s]*)?(?=\))')
FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL
)


def on_files(files, config):
    """Adds what lies outside of docs/, and the colours of code."""
    for name, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
    colours = HtmlFormatter().get_style_defs('.highlight')
    files.append(File.generated(config, 'pygments.css', content=colours))
    return files


def on_page_markdown(markdown, page, **_):
    """Leads links that mean files of the repository to where these are in the site."""
    source = pathlib.Path(page.file.abs_src_path).relative_to(ROOT).as_posix()

    def led(match):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        target = OUTSIDE.get(target, target.removeprefix('docs/'))
        here = posixpath.dirname(page.file.src_uri) or '.'
        return match[1] + posixpath.relpath(target, here) + (match[3] or '')

    return LINK.sub(led, markdown)


def on_page_content(html, **_):
    """Makes MathML of the formulas."""

    def drawn(match):
        display = 'block' if match[2] == '[' else 'inline'
        return converter.convert(entities.unescape(match[3]), display=display)

    return FORMULA.sub(drawn, html)
