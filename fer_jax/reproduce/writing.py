"""A report as Markdown, CSV and a page: three ways to show the same texts."""

import pathlib
from collections.abc import Iterable, Sequence

from fer_jax.data import tables, whole
from fer_jax.reproduce import measures, page
from fer_jax.reproduce.numbers import NOTHING
from fer_jax.reproduce.report import DATA_HEADS, Box, Report
from fer_jax.reproduce.standing import DIFFERENCE_HEADS, ORDER_HEADS, PAIRED

CSV = (
    *('row', 'column', 'unit', 'paper', 'paper_deviation'),
    *(f'{kind}{what}' for kind in measures.KINDS for what in ('', '_deviation')),
    *('runs', 'planned', 'difference', 'state', 'dataset_digest', 'noise_lists'),
)


def write(report: Report, folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes report.md, report.csv and report.html into a folder; their paths."""
    texts = {
        'report.md': markdown(report),
        'report.csv': csv(report),
        'report.html': page.render(report),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        whole.write_text(folder / name, text)
    return [folder / name for name in texts]


def csv(report: Report) -> str:
    """A line for each cell that has a number, or should have one."""
    about = {data.column: data for data in report.data}
    lines = []
    for row in report.rows:
        for column, unit, box in zip(report.columns, report.units, row.boxes):
            if not (box.paper.mean or box.planned or box.state):
                continue
            of = about.get(column)
            lines.append(
                (
                    *(row.name, column, unit, *box.paper),
                    *(part for kind in measures.KINDS for part in box.of(kind)),
                    *(box.count, box.planned, box.difference, box.state),
                    *((of.digest, ' '.join(of.noise_lists)) if of else ('', '')),
                )
            )
    return tables.text(CSV, lines)


def markdown(report: Report) -> str:
    """The report for people who read text."""
    parts = [
        f'# {report.paper}, {report.place}: {report.title}',
        *(f'**{line}**' for line in report.head),
        report.explained,
        grid(
            ['', *report.headings],
            [[row.name, *map(main, row.boxes)] for row in report.rows],
        ),
    ]
    for called, lines in report.by_kind.items():
        parts += [f'## {called}', grid(['', *report.headings], lines)]
    parts += [*standing(report), *rest(report)]
    return '\n\n'.join(parts) + '\n'


def main(box: Box) -> str:
    """A cell of the first table."""
    paper = f'paper {box.paper.shown}' if box.paper.mean else ''
    if not box.ours:
        return ', '.join(filter(None, (paper, box.state))) or NOTHING
    shown = (box.shown, paper, box.difference, box.state)
    return '<br>'.join(filter(None, shown))


def standing(report: Report) -> list[str]:
    """Parts about orders and differences."""
    parts = []
    if report.orders:
        lines = [order.cells for order in report.orders]
        parts += ['## Order of the methods, the best first', grid(ORDER_HEADS, lines)]
    if report.differences:
        lines = [
            [f'{one.better} - {one.worse}', *one.cells] for one in report.differences
        ]
        parts += ['## Differences of methods', PAIRED, grid(DIFFERENCE_HEADS, lines)]
    return parts


def rest(report: Report) -> list[str]:
    """Parts about what was not run, data, rows and the command."""
    parts = []
    if report.missing:
        parts += ['## Not run', bullets(report.missing)]
    if report.data:
        lines = [one.cells for one in report.data]
        parts += ['## Data', grid(DATA_HEADS, lines)]
    parts += [
        '## Rows',
        bullets(f'{row.name}: {row.how}' for row in report.run),
        *(['## Notes', bullets(report.notes)] if report.notes else []),
        '## Command',
        f'```\n{report.command}\n```',
        f'fer_jax {report.version}',
    ]
    return parts


def grid(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of Markdown: the first column words, the others as they are."""
    rows = [heads, ['---'] * len(heads), *lines]
    return '\n'.join(f'| {" | ".join(map(cell, row))} |' for row in rows)


def cell(text: str) -> str:
    """A text inside a table of Markdown."""
    return text.replace('|', '\\|').replace('\n', ' ')


def bullets(lines: Iterable[str]) -> str:
    """A list of Markdown."""
    return '\n'.join(f'* {line}' for line in lines)
