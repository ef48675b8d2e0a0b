"""Which labels are wrong, without training: a frozen network's features, then a judge.

    OUT/audit.html, OUT/issues.json, OUT/labels.csv    as of a run
    OUT/judged.npz                                     the same, for a review
    OUT/features                                       made on the way, and used again

A prepared set (`of_set`) and what a program has at hand (`of_arrays`) differ in where
features and pictures come from, and in nothing else.
"""

import argparse
import dataclasses
import hashlib
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import rich.progress

from fer_jax.analysis import (
    calibration,
    frozen_sections,
    judgements,
    thumbnails,
    verdict,
)
from fer_jax.data import coordinates, features, in_memory, prepared, whole
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable
from fer_jax.numerics import axes, judging
from fer_jax.numerics import flips as changes
from fer_jax.training import examples, files, frozen

FOLDER = 'features'
CHUNK = 512  # faces
NO_PICTURES = 'No pictures were given, only features.'


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Frozen(verdict.Verdict):
    """Labels that were judged from features."""

    judged: judging.Judged
    set_name: str
    key: str  # what the decisions of the page belong to
    network: str  # in words
    faces: Any  # with pixels(id), or a line that says why there is none

    @property
    def networks(self) -> np.ndarray:
        """None was trained on the set: [0, N]."""
        return np.zeros((0, len(self.ids)))

    @property
    def evidence(self) -> None:
        """Nor is there any by epoch."""
        return None

    @property
    def flips(self) -> changes.Flips:
        """No label ever changed."""
        none = np.zeros(len(self.ids), np.int32)
        return changes.Flips(*[none] * len(changes.Flips._fields))

    def table(self) -> files.Labels:
        """What labels.csv says."""
        return files.Labels(
            ids=self.ids,
            given=self.given,
            final=self.given,
            suggested=self.suggested,
            flips=self.flips.count,
            trust=self.networks,
            clean=self.clean_labels,
            right=self.right,
            rank=self.rank,
        )

    def content(self, pictures: int = verdict.PICTURES) -> dict[str, Any]:
        """As of every verdict."""
        return frozen_sections.content(self, pictures)

    def write(self, folder: pathlib.Path, found: dict[str, Any]) -> list[pathlib.Path]:
        """As of every verdict; raises what `check_out` does, too."""
        check_out(folder)
        return super().write(folder, found)


def judged(
    blocks: Callable[[], Iterable[np.ndarray]],
    given: np.ndarray,
    class_names: Sequence[str],
    rate: float | None,
    **about: Any,
) -> Frozen:
    """The Frozen labels of features.

    Args:
      blocks: () -> blocks [b, D] float32 of the N rows, the same each time.
      given: [N] int in [0, C).
      class_names: of the C classes.
      rate: share of wrong labels in (0, 1), from who knows it; None: estimated.
      about: the other fields of Frozen.

    Raises:
      Unusable: too few labels, all of one class, or features that are all alike.
    """
    in_memory.check_labels(given, class_names)
    x = on_axes(blocks)
    if not x.any():
        raise Unusable(
            f'the features of all {len(x):,} examples are alike, so they tell nothing;'
            ' give pictures, or features, that differ'
        )
    found = judging.judge(x, given, len(class_names), rate)
    return Frozen(
        class_names=tuple(class_names),
        given=given,
        suggested=found.suggested,
        trust=found.log_odds,
        right=found.right,
        rate=calibration.Rate(
            rate or found.estimate, rate is not None, found.estimate, *found.interval
        ),
        judged=found,
        **about,
    )


def stored(
    store: features.Store, rows: np.ndarray
) -> Callable[[], Iterator[np.ndarray]]:
    """The `blocks` of `judged` of training rows [n], rising, with stored features."""
    columns = coordinates.columns_of(store.card['columns'], 1).ravel()
    return lambda: (mean[:, columns] for mean in coordinates.means(store.train, rows))


def on_axes(blocks: Callable[[], Iterable[np.ndarray]]) -> np.ndarray:
    """[N, k] float32: features on their principal axes; labels take no part.

    Args:
      blocks: as for `judged`.
    """
    width = next(iter(blocks())).shape[1]
    found = coordinates.fit(blocks, np.arange(width)[None, None])
    return axes.uncorrelated(
        np.concatenate([found.of(block)[:, 0, 0] for block in blocks()])
    )


def run(options: argparse.Namespace) -> int:
    """Writes the page and the lists of a prepared set; returns 0.

    Raises:
      Missing, Unusable: no such set, or features of another one; a rate or a number
        out of range; a run's folder.
    """
    out = pathlib.Path(options.out)
    check_out(out)
    data = prepared.load(options.data)
    found = of_set(
        data,
        options.features or out / FOLDER,
        max_train=options.max_train,
        rate=options.rate,
        name=out.name,
    )
    for path in kept(found, out, options.pictures):
        print(f'written: {printable(path)}, {path.stat().st_size / 1e6:.1f} MB')
    print(count_of_judged(data, found))
    for line in found.doubts():
        print(line)
    return 0


def check_out(out: pathlib.Path | str) -> None:
    """Raises OSError or Unusable when an audit without training cannot go there."""
    whole.check_folder(out)
    if files.has_config(out) or files.finished(out):
        raise Unusable(
            f'{out} is the folder of a run, which has its own page and lists; give'
            f' --workdir={out} in place of --out, or name another folder'
        )


def count_of_judged(data: prepared.Prepared, found: Frozen) -> str:
    """How many labels of a set were judged, and which were not."""
    said = f'{len(found.ids):,} of {len(data.train.ids):,} training labels are judged'
    if not len(data.test.ids):
        return said
    return (
        f'{said}, none of the {len(data.test.ids):,} of the test split (a folder or a'
        ' csv prepared with --test-fraction=0 has no such split)'
    )


def kept(found: Frozen, out: pathlib.Path, pictures: int) -> list[pathlib.Path]:
    """Writes all that an audit of a set leaves; returns the paths of what is for users.

    Raises:
      OSError: it cannot be written there.
    """
    judgements.write(out, judgement(found), found.key)
    return found.save(out, pictures)


def judgement(found: Frozen) -> judgements.Judgement:
    """What a review goes on from."""
    return judgements.Judgement(
        ids=found.ids,
        log_odds=found.trust,
        right=found.right,
        suggested=found.suggested,
        transition=found.judged.transition,
    )


def of_set(
    data: prepared.Prepared,
    folder: pathlib.Path | str,
    *,
    max_train: int | None = None,
    rate: float | None = None,
    name: str = '',
) -> Frozen:
    """The Frozen labels of a prepared set's training split.

    Args:
      folder: of its features; made there by the face network where there are none.
      max_train: of so many faces, drawn; None: of all.
      rate: share of wrong labels in (0, 1), from who knows it; None: estimated.
      name: for titles.

    Raises:
      Unusable: as frozen.found and `judged`; a rate or a number out of range.
    """
    calibration.check_rate(rate)
    if max_train is not None and max_train < 1:
        raise Unusable(f'--max-train={max_train}; give 1 or more')
    rows = examples.drawn(data.train, max_train or 0)
    chosen = {'train': rows, 'test': data.test.readable()[:0]}
    store = frozen.found(data, folder, chosen)
    return judged(
        stored(store, rows),
        data.train.labels[rows],
        data.class_names,
        rate,
        name=name or data.set_name,
        ids=data.train.ids[rows],
        clean_labels=data.train.clean_labels[rows],
        set_name=data.set_name,
        key=data.digest,
        network=f'{store.card["network"]}, {store.card["size_px"]} px, frozen',
        faces=thumbnails.Faces(data),
    )


def of_arrays(
    pictures: in_memory.Pictures | None,
    given: np.ndarray,
    class_names: Sequence[str],
    *,
    values: np.ndarray | None = None,
    rate: float | None = None,
    progress: bool = True,
) -> Frozen:
    """The Frozen labels of pictures or features in memory.

    Args:
      pictures: N of them; None: there are only features.
      given, class_names: of in_memory.labels.
      values: [N, D] features; None: the face network makes them of the pictures.
      rate: share of wrong labels in (0, 1), from who knows it; None: estimated.
      progress: whether a bar shows how far the network is.

    Raises:
      Unusable: a picture cannot be read; as `judged`.
      Missing: the face network is not installed.
    """
    calibration.check_rate(rate)
    ids = np.arange(len(given)).astype(str) if pictures is None else pictures.ids
    if values is None:
        if pictures is None:
            raise Unusable(
                'neither pictures nor features; give images, or features=[N, D]'
            )
        network, seen = seen_by_face_network(pictures, progress)
    else:
        network, seen = (
            f'features [{len(values)}, {values.shape[1]}] as given',
            [values[first : first + CHUNK] for first in range(0, len(values), CHUNK)],
        )
    text = '\n'.join([*class_names, *ids, *map(str, given)])
    return judged(
        lambda: (block.astype(np.float32, copy=False) for block in seen),
        given,
        class_names,
        rate,
        name='labels in memory',
        ids=ids,
        clean_labels=np.full(len(given), -1, np.int32),
        set_name='in memory',
        key=hashlib.sha256(text.encode()).hexdigest(),
        network=network,
        faces=NO_PICTURES if pictures is None else pictures,
    )


def seen_by_face_network(
    pictures: in_memory.Pictures, progress: bool
) -> tuple[str, list[np.ndarray]]:
    """(the network in words, blocks [b, D] float32), 17 kB a face."""
    network = frozen.face_network()
    columns = coordinates.columns_of(network.columns(pictures.size_px), 1).ravel()
    rows, found = np.arange(len(pictures)), []
    chunks = [rows[first : first + CHUNK] for first in range(0, len(rows), CHUNK)]
    with rich.progress.Progress(disable=not progress) as bar:
        task = bar.add_task('faces', total=len(rows))
        for block in frozen.views(network, pictures, chunks):
            found.append(block.mean(axis=1, dtype=np.float32)[:, columns])
            bar.advance(task, len(block))
    return f'{network.name}, {network.size_px} px, frozen', found
