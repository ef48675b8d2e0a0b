"""A report as one HTML file that a browser opens without a network.

The document, its colours and its policy are those of the audit's page; there is no
script, so everything is in the text as it is written here.
"""

import html
import pathlib
from collections.abc import Iterable, Sequence

from fer_jax.analysis import page
from fer_jax.reproduce.numbers import NOTHING
from fer_jax.reproduce.report import DATA_HEADS, Box, Report
from fer_jax.reproduce.standing import DIFFERENCE_HEADS, ORDER_HEADS, PAIRED

HERE = pathlib.Path(__file__).parent


def render(report: Report) -> str:
    """The page as text."""
    title = f'{report.paper}, {report.place}'
    style = page.source(page.HERE / 'style.css') + page.source(HERE / 'report.css')
    parts = numbers(report), standing(report), rest(report)
    foot = element('footer', said(f'fer_jax {report.version}'))
    return page.document(
        title,
        head=page.POLICY,
        body=head(report) + element('main', *parts) + foot,
        style=style,
        script='',
    )


def element(name: str, *inside: str, **attributes: str) -> str:
    """An element of texts that are HTML already; `kind` is its class."""
    given = ''.join(
        f' {"class" if key == "kind" else key}="{html.escape(value)}"'
        for key, value in attributes.items()
        if value
    )
    return f'<{name}{given}>{"".join(inside)}</{name}>'


def said(text: str) -> str:
    """Text as HTML."""
    return html.escape(text.replace('-', '\u2212') if signed(text) else text)


def signed(text: str) -> bool:
    """Whether a text is a number with a minus, which typographers write otherwise."""
    return text[:1] == '-' and text[1:2].isdigit()


def section(name: str, heading: str, *inside: str) -> str:
    """A part of the page."""
    return element('section', element('h2', said(heading)), *inside, id=name)


def grid(heads: Sequence[str], lines: Iterable[Sequence[str]], kind: str) -> str:
    """A table of cells that are HTML already, the first of each line its head."""
    top = ''.join(element('th', said(head), scope='col') for head in heads)
    body = ''.join(
        element(
            'tr',
            element('th', first, scope='row'),
            *(element('td', inside) for inside in others),
        )
        for first, *others in lines
    )
    made = element(
        'table',
        element('thead', element('tr', top)),
        element('tbody', body),
        kind=kind,
    )
    return element('div', made, kind='scroll panel', tabindex='0')


def small(text: str, kind: str = '') -> str:
    """A line of small print; '' of nothing."""
    return element('span', said(text), kind=f'small {kind}'.strip()) if text else ''


def head(report: Report) -> str:
    """Title, and what has to be known before a number is read."""
    lines = [element('p', said(line), kind='none warn') for line in report.head]
    return element(
        'header',
        element('h1', said(f'{report.paper}, {report.place}')),
        element('p', said(report.title), kind='quiet'),
        *lines,
    )


def numbers(report: Report) -> str:
    """The table: ours as the paper reports it, then each kind by itself."""
    columns = ['', *report.headings]
    lines = [[said(row.name), *map(box, row.boxes)] for row in report.rows]
    parts = [
        element('p', said(report.explained)),
        grid(columns, lines, 'numbers'),
    ]
    for called, ours in report.by_kind.items():
        inside = grid(columns, [[*map(said, line)] for line in ours], 'numbers')
        parts.append(element('details', element('summary', said(called)), inside))
    return section('numbers', 'Numbers', *parts)


def box(one: Box) -> str:
    """A cell of the table."""
    paper = f'paper {one.paper.shown}' if one.paper.mean else ''
    if not one.ours:
        return small(paper or NOTHING) + small(one.state, 'none')
    shown = element('b', said(one.shown))
    away = 'right' if one.difference[:1] == '+' else 'wrong'
    return shown + small(paper) + small(one.difference, away) + small(one.state)


def standing(report: Report) -> str:
    """Orders and differences of the methods."""
    parts = []
    if report.orders:
        lines = [[*map(said, order.cells)] for order in report.orders]
        why = 'The best first; tau-b is 1 where the orders agree, -1 turned round.'
        inside = element('p', said(why)), grid(ORDER_HEADS, lines, 'words wide')
        parts.append(section('order', 'Order of the methods', *inside))
    if report.differences:
        parts.append(differences(report))
    return ''.join(parts)


def differences(report: Report) -> str:
    """Differences of methods with their intervals, drawn as well."""
    reach: dict[str, float] = {}  # half of what is drawn, of each measure
    for one in report.differences:
        for end in filter(None, (one.low, one.ours, one.high)):
            reach[one.measure] = max(reach.get(one.measure, 0.0), abs(float(end)))
    lines = []
    for one in report.differences:
        picture = drawn(one.low, one.ours, one.high, reach.get(one.measure) or 1.0)
        *numbers, count, verdict = map(said, one.cells)
        names = said(f'{one.better} \u2212 {one.worse}')
        lines.append([names, *numbers, picture, count, verdict])
    *heads, pairs, holds = DIFFERENCE_HEADS
    table = grid([*heads, '', pairs, holds], lines, 'words tight')
    inside = element('p', said(PAIRED)), table
    return section('differences', 'Differences of methods', *inside)


def drawn(low: str, middle: str, high: str, reach: float) -> str:
    """An interval as a picture, zero in its middle; `reach` is half its width."""
    half, tall = 70, 14

    def place(text):
        return f'{half + half * float(text) / reach:.1f}'

    bar = f'<line class="axis" x1="{half}" x2="{half}" y1="0" y2="{tall}"/>'
    if low:
        ends = f'x1="{place(low)}" x2="{place(high)}"'
        bar += f'<line class="span" {ends} y1="{tall / 2}" y2="{tall / 2}"/>'
    bar += f'<circle class="mark" cx="{place(middle)}" cy="{tall / 2}" r="3"/>'
    box = f'viewBox="0 0 {2 * half} {tall}" width="{2 * half}" height="{tall}"'
    return f'<svg {box} aria-hidden="true">{bar}</svg>'


def rest(report: Report) -> str:
    """What was not run, data, rows, notes and the command."""
    lines = []
    for one in report.data:
        column, *digests = one.cells
        lines.append([said(column), *map(code, digests)])
    rows = [[said(row.name), said(row.how)] for row in report.run]
    words = ' '.join(element('span', said(word)) for word in report.command.split(' '))
    command = element('span', words, kind='code')
    parts = [
        ('missing', 'Not run', bullets(report.missing)),
        ('data', 'Data', grid(DATA_HEADS, lines, 'words') if lines else ''),
        ('rows', 'Rows', grid(['', 'config and fields'], rows, 'words')),
        ('notes', 'Notes', bullets(report.notes)),
        ('command', 'Command', command),
    ]
    return ''.join(section(*part) for part in parts if part[2])


def code(text: str) -> str:
    """Text of a machine."""
    return element('code', said(text)) if text else NOTHING


def bullets(lines: Sequence[str]) -> str:
    """A list; '' of nothing."""
    made = ''.join(element('li', said(line)) for line in lines)
    return element('ul', made) if lines else ''
