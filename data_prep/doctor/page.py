"""The report as one file of HTML, with the pictures in it."""

import base64
import html as markup
import io
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from fer_jax.data import opening
from fer_jax.data.quoting import printable

from . import pixels, sources

THUMBNAIL_PX = 96
GROUPS = 16  # of pictures are shown of each finding
OF_A_GROUP = 6
TEMPLATE = pathlib.Path(__file__).with_name('page.html')


def html(
    report: Mapping[str, Any],
    source: sources.Source,
    seen: Sequence[pixels.Seen],
    limits: opening.Limits,
) -> str:
    """The page, as text; it asks for no other file.

    Args:
      report: of verdict.judge.
      source: the sources.Source.
      seen: pixels.Seen of its items.
      limits: of the files.
    """
    wrong = [finding for finding in report['findings'] if finding['wrong']]
    remarks = [finding for finding in report['findings'] if not finding['wrong']]
    shown = Shown(source, seen, limits)
    parts = {
        'title': text(f'{report["folder"]}: {verdict_of(wrong, remarks)}'),
        'folder': text(report['folder']),
        'verdict': text(verdict_of(wrong, remarks)),
        'state': 'wrong' if wrong else 'well',
        'facts': facts(report),
        'wrong': ''.join(map(shown.finding, wrong)) or '<p>Nothing.</p>',
        'remarks': ''.join(map(shown.finding, remarks)) or '<p>None.</p>',
        'counts': ''.join(counts(*split) for split in report['splits'].items()),
        'statistics': statistics(report['statistics']),
    }
    page = TEMPLATE.read_text('utf-8')
    for name, part in parts.items():
        page = page.replace(f'<!--{name}-->', part)
    return page


def verdict_of(wrong: Sequence[Mapping], remarks: Sequence[Mapping]) -> str:
    """One line for the head of the page."""
    named = (f'{finding["name"]} ({finding["count"]:,})' for finding in wrong)
    said = f'Wrong: {", ".join(named)}' if wrong else 'Nothing is wrong'
    return f'{said}; {len(remarks)} remark{"" if len(remarks) == 1 else "s"}'


def text(value: object) -> str:
    """Any value, escaped."""
    return markup.escape(printable(value))


def facts(report: Mapping[str, Any]) -> str:
    """What the folder is, as a table."""
    sizes = report['sizes']
    rows = {
        'recognised as': report['recognised'],
        'data set': report['set'],
        'pictures': f'{report["pictures"]:,}',
        **report['facts'],
    }
    if sizes:
        rows['shorter side'] = (
            f'{sizes["smallest"]} to {sizes["largest"]} px, median {sizes["median"]}'
        )
    cells = (f'<dt>{text(k)}</dt><dd>{text(v)}</dd>' for k, v in rows.items())
    return f'<dl>{"".join(cells)}</dl>'


def counts(split: str, table: Mapping[str, Any]) -> str:
    """Counts of a split by class, beside the published ones, with bars."""
    classes = table['classes']
    most = max([1, *(count for count, _ in classes.values())])
    rows = [
        f'<tr><th scope="row">{text(name)}</th><td>{count:,}</td>'
        f'<td>{"" if known is None else f"{known:,}"}</td>'
        f'<td class="bar"><i style="width:{100 * count / most:.1f}%"></i></td></tr>'
        for name, (count, known) in classes.items()
    ]
    published = table['published']
    total = '' if published is None else f'{published:,}'
    rows.append(
        f'<tr class="sum"><th scope="row">all</th><td>{table["all"]:,}</td>'
        f'<td>{total}</td><td></td></tr>'
    )
    return (
        f'<section><h3>{text(split)}</h3><table><thead><tr><th>class</th>'
        '<th>found</th><th>published</th><th></th></tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></section>'
    )


def statistics(table: Mapping[str, Any]) -> str:
    """Mean and deviation of the channels beside the expected ones."""
    if not table:
        return '<p>No picture could be read.</p>'
    columns = (table[k] for k in ('mean', 'expected_mean', 'std', 'expected_std'))
    rows = ''.join(
        f'<tr><th scope="row">{channel}</th>'
        + ''.join(f'<td>{value:.3f}</td>' for value in values)
        + '</tr>'
        for channel, *values in zip(('red', 'green', 'blue'), *columns)
    )
    by = text(table['expected_by'])
    return (
        f'<p>Of the {text(table["split"])} split, values from 0 to 1, every picture'
        ' counting alike.</p><table><thead><tr><th></th><th>mean</th>'
        f'<th>{by}</th><th>deviation</th><th>{by}</th></tr></thead>'
        f'<tbody>{rows}</tbody></table>'
    )


class Shown:
    """Findings with their pictures."""

    def __init__(
        self,
        source: sources.Source,
        seen: Sequence[pixels.Seen],
        limits: opening.Limits,
    ) -> None:
        self._source, self._seen, self._limits = source, seen, limits

    def finding(self, finding: Mapping[str, Any]) -> str:
        """One finding, as HTML."""
        places = finding['places']
        said = ''.join(f'<li>{text(line)}</li>' for line in finding['texts'][:GROUPS])
        groups = ''.join(map(self.group, places[:GROUPS]))
        left = max(len(places), len(finding['texts'])) - GROUPS
        more = f'<p>... and {left:,} more in the JSON report</p>' if left > 0 else ''
        return (
            f'<details{" open" if finding["wrong"] else ""}>'
            f'<summary>{text(finding["name"])}'
            f'<b>{finding["count"]:,}</b></summary>'
            f'<p>{text(finding["meaning"])}</p>'
            f'{f"<ul>{said}</ul>" if said else ""}'
            f'{f"<div class=groups>{groups}</div>" if groups else ""}{more}</details>'
        )

    def group(self, places: Sequence[int]) -> str:
        """Pictures that belong together; first one of each split."""
        first = {self._source.items[place].split: place for place in reversed(places)}
        first = [place for place in places if place in first.values()]
        places = first + [place for place in places if place not in first]
        left = len(places) - OF_A_GROUP
        more = f'<p>and {left:,} more</p>' if left > 0 else ''
        figures = ''.join(map(self.figure, places[:OF_A_GROUP]))
        return f'<div class=group>{figures}{more}</div>'

    def figure(self, place: int) -> str:
        """One picture with its split, label and id; a cross where it is unreadable."""
        item, picture = self._source.items[place], self._seen[place]
        label = text(self._source.class_names[item.label])
        image = '<span class=none>&#215;</span>'
        if not picture.trouble:
            image = f'<img alt="{label}" src="{self.thumbnail(item)}">'
        lines = (item.id, item.where, picture.said) if picture.trouble else (item.id,)
        said = '<br>'.join(text(line) for line in lines if line)
        return (
            f'<figure>{image}<figcaption>{text(item.split)} &middot; {label}'
            f'<br><small>{said}</small></figcaption></figure>'
        )

    def thumbnail(self, item: sources.Item) -> str:
        """A small copy, as a data URL."""
        picture = item.source() if callable(item.source) else item.source
        if isinstance(picture, np.ndarray):
            image = Image.fromarray(picture).convert('RGB')
        else:
            if not isinstance(picture, bytes):
                picture = opening.content(picture, self._limits)
            image = pixels.upright(opening.read(picture, self._limits), item.box)
        image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        content = io.BytesIO()
        image.save(content, 'JPEG', quality=85)
        return f'data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}'
