"""Every relative link and anchor of the documents leads somewhere."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGES = [*sorted(ROOT.glob('*.md')), *sorted((ROOT / 'docs').rglob('*.md'))]
FENCED = re.compile(r'^(```|~~~).*?^\1', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'!?\[[^\]]*\]\(([^)\s]+)\)')
HEADING = re.compile(r'^#+ +(.*)$', re.MULTILINE)


def prose(page):
    """A page without its code."""
    return re.sub(r'`[^`\n]*`', '', FENCED.sub('', page.read_text()))


def anchors(page):
    """The anchors of a page, as GitHub makes them of its headings."""
    headings = HEADING.findall(FENCED.sub('', page.read_text()))
    plain = (re.sub(r'[^\w\- ]', '', heading.lower()) for heading in headings)
    return {text.strip().replace(' ', '-') for text in plain}


def broken(page):
    """The relative links of a page that lead nowhere."""
    for target in LINK.findall(prose(page)):
        if re.match(r'[a-z]+:', target):  # another site
            continue
        name, _, anchor = target.partition('#')
        other = (page.parent / name).resolve() if name else page
        if not (other.is_relative_to(ROOT) and other.exists()) or (
            anchor and anchor not in anchors(other)
        ):
            yield target


@pytest.mark.parametrize('page', PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert list(broken(page)) == []


def test_broken_links_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(f'{__name__}.ROOT', tmp_path)
    (tmp_path / 'b.md').write_text('# Two words, and a `third`\n')
    page = tmp_path / 'a.md'
    page.write_text(
        '[fine](b.md#two-words-and-a-third) [gone](c.md) [no](b.md#one) [out](../x)\n'
        '[here](#it) `[code](d.md)` [site](https://example.org/none)\n\n# It\n'
        '```\n[code](e.md)\n# Not a heading\n```\n[not](#not-a-heading)\n'
    )
    assert list(broken(page)) == ['c.md', 'b.md#one', '../x', '#not-a-heading']
