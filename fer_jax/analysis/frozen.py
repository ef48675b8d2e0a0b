"""Which labels of a prepared set are wrong, without training: features, then a judge.

OUT/audit.html, OUT/issues.json, OUT/labels.csv    as of a run
OUT/features                                       made on the way, and used again
"""

import argparse
import pathlib
from typing import Any, NamedTuple

import numpy as np

from fer_jax.analysis import frozen_sections, issues, page
from fer_jax.data import coordinates, features, prepared, tables, whole
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable
from fer_jax.numerics import axes, judging
from fer_jax.numerics import flips as changes
from fer_jax.training import examples, files, frozen

FOLDER = 'features'
IN_DOUBT = (
    'The rate of wrong labels is not known well enough to say which labels are more'
    ' probably wrong than right: these are the first of the order, as many as are'
    ' expected to be wrong. Give --rate=SHARE where you know it.'
)


class Labels(NamedTuple):
    """The judged labels of a set: what sections need of a Case."""

    name: str
    names: tuple  # of the C classes
    ids: np.ndarray  # [N] str
    given: np.ndarray  # [N] int
    clean_labels: np.ndarray  # [N] int, -1 where unknown
    judged: judging.Judged
    rate: float | None  # of wrong labels, given by who knows it; None: estimated
    data: prepared.Prepared
    card: dict  # of the features

    @property
    def networks(self) -> np.ndarray:
        """None was trained on the set: [0, N]."""
        return np.zeros((0, len(self.ids)))

    @property
    def evidence(self) -> None:
        """Nor is there any by epoch."""
        return None

    @property
    def right(self) -> np.ndarray:
        return self.judged.right

    @property
    def suggested(self) -> np.ndarray:
        return self.judged.suggested

    @property
    def flips(self) -> changes.Flips:
        none = np.zeros(len(self.ids), np.int32)
        return changes.Flips(*[none] * len(changes.Flips._fields))

    @property
    def known(self) -> np.ndarray:
        return self.clean_labels >= 0

    @property
    def wrong(self) -> np.ndarray:
        return self.known & (self.clean_labels != self.given)

    @property
    def order(self) -> np.ndarray:
        """[N] int: examples from the least trusted label on."""
        return np.argsort(self.judged.log_odds, kind='stable')

    @property
    def rank(self) -> np.ndarray:
        return np.argsort(self.order).astype(np.int32)


def run(options: argparse.Namespace) -> int:
    """Writes the page and the lists of a prepared set; returns 0.

    Raises:
      Missing, Unusable: no such set, or features of another one; a rate or a number
        out of range.
    """
    if options.rate is not None and not 0 < options.rate < 1:
        raise Unusable(
            f'--rate={options.rate}; wanted a share in (0, 1): for 30 % give 0.3'
        )
    if options.max_train is not None and options.max_train < 1:
        raise Unusable(f'--max-train={options.max_train}; give 1 or more')
    out = pathlib.Path(options.out)
    whole.check_folder(out)
    data = prepared.load(options.data)
    rows = examples.drawn(data.train, options.max_train or 0)
    chosen = {'train': rows, 'test': data.test.readable()[:0]}
    store = frozen.found(data, options.features or out / FOLDER, chosen)
    judged = judging.judge(
        on_axes(store, rows),
        data.train.labels[rows],
        len(data.class_names),
        options.rate,
    )
    labels = Labels(
        name=out.name,
        names=data.class_names,
        ids=data.train.ids[rows],
        given=data.train.labels[rows],
        clean_labels=data.train.clean_labels[rows],
        judged=judged,
        rate=options.rate,
        data=data,
        card=store.card,
    )
    for path in write(labels, out, options.pictures):
        print(f'written: {printable(path)}, {path.stat().st_size / 1e6:.1f} MB')
    for line in (frozen_sections.rate_words(labels), *frozen_sections.doubts(labels)):
        print(line)
    return 0


def on_axes(store: features.Store, rows: np.ndarray) -> np.ndarray:
    """[N, k] float32: features of training rows on their principal axes.

    The means of both mirror images, standardised; of a stage that was seen in parts,
    the parts alone. Labels take no part. Passes over the disk: in memory are a block
    and what comes out.
    """
    chosen = coordinates.whole(store.card['columns'])
    found = coordinates.fit(store.train, rows, chosen)
    seen = [
        found.of(block.astype(np.float32).mean(axis=1))[:, 0, 0]
        for block in store.train.blocks(rows)
    ]
    return axes.uncorrelated(np.concatenate(seen))


def write(labels: Labels, out: pathlib.Path, pictures: int) -> tuple[pathlib.Path, ...]:
    """Writes audit.html, issues.json and labels.csv; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    found = frozen_sections.content(labels, pictures)
    title = f'Label audit: {labels.name}'
    whole.write_text(out / files.PAGE, page.render(title, found))
    listed, doubtful = suspected(labels)
    about = found['run'] | {
        'noise': found['summary']['noise'],
        'listed': IN_DOUBT if doubtful else 'probability_right below .5',
        'in_doubt': doubtful,
    }
    files.write_issues(out, listed, about)
    write_table(labels, out / files.LABELS)
    return out / files.PAGE, out / files.ISSUES, out / files.LABELS


def suspected(labels: Labels) -> tuple[list[dict[str, Any]], bool]:
    """(what issues.json lists, whether that is by rank alone).

    The labels that are more probably wrong than right; in doubt, as many of the first
    as are expected to be wrong. An empty list means that none is expected.
    """
    right = labels.right[labels.order]
    probable = int((right < 0.5).sum())
    expected = max(round(float((1 - right).sum())), 1)
    doubtful = labels.rate is None and probable < expected
    count = expected if doubtful else probable
    threshold = np.where(np.arange(len(right)) < count, 0.0, 1.0)
    place = np.empty(len(right))
    place[labels.order] = threshold + np.arange(len(right)) / (2 * len(right))
    ranked = issues.ranked(
        labels.ids, labels.given, labels.suggested, place, labels.names, threshold=1.0
    )
    for one, value in zip(ranked, right):
        one['probability_right'] = float(f'{value:.6g}')
    return ranked, doubtful


def write_table(labels: Labels, path: pathlib.Path) -> None:
    """labels.csv: a row an example, in the order of the set."""
    names = np.array([*labels.names, ''])
    columns = {
        'id': labels.ids,
        'given_label': names[labels.given],
        'suggested_label': names[labels.suggested],
        'probability_right': np.char.mod('%.6g', labels.right),
        'rank': labels.rank + 1,
        'clean_label': names[labels.clean_labels],
    }
    whole.write_text(path, tables.text(columns, zip(*columns.values())))
