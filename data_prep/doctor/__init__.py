"""What is wrong with a data set, prepared or as it was published.

    python -m data_prep doctor data/raf --out=report

Writes report.html, with thumbnails, and report.json. The exit code is 1 when something
is wrong, 0 when nothing is (there may be remarks), and 2 when the folder cannot be
examined.
"""

import argparse
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import rich.console
import rich.progress
import rich.table

from fer_jax import cores
from fer_jax.data import opening, whole
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

from .. import splits
from . import layouts, page, pixels, sources, verdict

NAMED = 3  # groups of a finding, and pictures of a group, on the screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('folder', help='a prepared folder, or the files of a data set')
    splits.add_level(parser)
    parser.add_argument(
        '--out', help='of the reports, without .html; default: doctor-NAME here'
    )
    parser.add_argument(
        '--workers', type=int, default=cores.count(), help='default: one a core'
    )
    opening.add_arguments(parser)
    parser.add_argument('--force', action='store_true', help='replace the reports')


def run(options: argparse.Namespace) -> int:
    """Examines a folder, prints and writes the report; returns the exit code."""
    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    folder = pathlib.Path(options.folder)
    out = pathlib.Path(options.out or f'doctor-{folder.resolve().name}')
    reports = [out.with_name(f'{out.name}.{kind}') for kind in ('html', 'json')]
    for path in reports:
        if path.exists() and not options.force:
            raise Unusable(f'{path} exists; name another --out, or pass --force')
    limits = opening.limits_of(options)
    whole.check_folder(out.parent)
    source = layouts.recognised(folder, options.level)
    console.print(
        f'{printable(folder)}: {source.title}, {len(source.items):,} pictures'
    )
    seen = list(
        rich.progress.track(
            pixels.examine_all(
                [(item.source, item.box) for item in source.items],
                options.workers,
                limits,
            ),
            description='looking',
            total=len(source.items),
            console=console,
        )
    )
    report = {'folder': str(folder), **verdict.judge(source, seen)}
    say(console, report, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text(reports[0], page.html(report, source, seen, limits))
    whole.write_text(reports[1], json.dumps(named(report, source, seen), indent=1))
    console.print(printable(f'written: {reports[0]}, {reports[1]}'))
    return int(report['wrong'])


def say(
    console: rich.console.Console, report: Mapping[str, Any], source: sources.Source
) -> None:
    """Prints the counts and the findings, and names the first of what is wrong."""
    for split, counts in report['splits'].items():
        table = rich.table.Table(split, 'found', 'published')
        published = counts['published']
        rows = [*counts['classes'].items(), ('all', (counts['all'], published))]
        for name, (count, known) in rows:
            table.add_row(name, f'{count:,}', '' if known is None else f'{known:,}')
        console.print(table)
    for finding in report['findings']:
        kind = 'WRONG ' if finding['wrong'] else 'remark'
        said = finding['texts'][:NAMED]
        if finding['wrong']:
            said += examples(finding['places'], source.items)
        console.print(
            f'{kind} {finding["name"]}: {finding["count"]:,} ({finding["meaning"]})'
            + printable(f': {"; ".join(said)}' if said else '')
        )
    if not report['wrong']:
        console.print('nothing is wrong')


def examples(
    places: Sequence[Sequence[int]], items: Sequence[sources.Item]
) -> list[str]:
    """The first of some groups of pictures, by their files, as texts."""
    shown = [
        ' = '.join(items[place].name for place in group[:NAMED])
        + (' = ...' if len(group) > NAMED else '')
        for group in places[:NAMED]
    ]
    return shown + ['...'] * (len(places) > NAMED)


def named(
    report: Mapping[str, Any], source: sources.Source, seen: Sequence[pixels.Seen]
) -> dict[str, Any]:
    """The report with pictures named instead of numbered, as JSON can hold it."""

    def told(place):
        item, picture = source.items[place], seen[place]
        fields = {
            'split': item.split,
            'id': item.id,
            'label': source.class_names[item.label],
        }
        return fields | {
            key: text
            for key, text in (('where', item.where), ('said', picture.said))
            if text
        }

    findings = [
        {
            **{key: value for key, value in finding.items() if key != 'places'},
            'pictures': [
                [told(place) for place in group] for group in finding['places']
            ],
        }
        for finding in report['findings']
    ]
    return {**report, 'findings': findings}
