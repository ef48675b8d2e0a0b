"""Drawings of finished runs. Each function fills the axes that it is given."""

import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from fer_jax.analysis import opinions, signals
from fer_jax.analysis.runs import FinishedRun
from fer_jax.data import pipeline, prepared, records, whole
from fer_jax.errors import Unusable
from fer_jax.training import results

RIGHT, WRONG, UNKNOWN = '#2a7f9e', '#d1495b', '#8a8a8a'


def write(figure: Figure, path: pathlib.Path | str) -> None:
    """Writes a drawing as PNG, whole or not at all."""
    with whole.replacing(path) as file:
        figure.savefig(file, format='png')


def accuracy_curves(
    axes: Axes, runs: dict[str, FinishedRun], marks: dict[str, str]
) -> None:
    """Accuracy on the test labels by epoch, a line a run.

    Args:
      runs: {name: FinishedRun}.
      marks: {name: letter of its data}; {}: all have the same.
    """
    for name, run in runs.items():
        epochs = [row['epoch'] for row in run.rows]
        values = [100 * row['test/accuracy'] for row in run.rows]
        marker = 'o' if len(epochs) == 1 else None  # a line of one point is none
        mean = f'{results.mean_of(len(epochs))}: {100 * run.result["last5"]:.1f} %'
        data = f'data {marks[name]}, ' if marks else ''
        axes.plot(epochs, values, marker=marker, label=f'{name} ({data}{mean})')
    axes.set(xlabel='epoch', ylabel='test accuracy, %', title='Accuracy')
    axes.legend(frameon=False, loc='lower center', fontsize=8)


def score_histogram(
    axes: Axes, run: FinishedRun, name: str, peer: int = 0, bins: int = 40
) -> None:
    """What a network thinks of right and of wrong labels after the last epoch.

    With the fitted mixture over it where the run has one.
    """
    wrong, known = run.labels.given != run.labels.clean, run.labels.clean >= 0
    groups = {
        'label is right': (known & ~wrong, RIGHT),
        'label is wrong': (known & wrong, WRONG),
        'not known whether right': (~known, UNKNOWN),
    }
    judged = signals.of(run)
    scale = opinions.scale(judged.name, judged.rising)
    drawn = opinions.histogram(
        run.scores[-1:],
        scale,
        {label: inside for label, (inside, _) in groups.items() if inside.any()},
        bins,
    )
    for label, counts in drawn.parts.items():
        axes.stairs(
            counts[0, peer],
            drawn.edges,
            fill=True,
            color=groups[label][1],
            alpha=0.6,
            label=label,
        )
    if judged.fits and judged.fits.ready[-1].all():
        newest = jax.tree.map(lambda leaf: leaf[-1:], judged.fits)
        turned = opinions.right_last(newest, judged.rising)
        x, densities = opinions.curves(turned, drawn, run.labels.given)
        for values, colour in zip(densities[0, peer], (WRONG, RIGHT)):
            axes.plot(x, values, color=colour, linewidth=2)
    axes.set(xlabel=scale.label, ylabel='examples', yscale='log')
    axes.set(ylim=(0.7, None), title=f'{name}, network {peer + 1}')
    axes.legend(frameon=False, loc='upper center')


def suspects(run: FinishedRun, count: int) -> list[tuple[np.ndarray, str, str]]:
    """The most suspicious labels: [(uint8 face, title, colour)], `count` or all.

    The colour tells whether the given label is right, where that is known.

    Raises:
      Unusable: the data set that the run learned from is not there any more.
    """
    data = prepared.load(run.result['config']['data']['dir'])
    if data.digest != run.result['dataset_digest']:
        raise Unusable(f'{data.folder} is not the set that the run learned from')
    source = data.train.records()
    labels, names = run.labels, run.result['class_names']
    place = {name: row for row, name in enumerate(data.train.ids.tolist())}
    found = []
    for chosen in np.argsort(run.log_odds.mean(axis=0), kind='stable')[:count]:
        name, clean = labels.ids[chosen], labels.clean[chosen]
        given, suggested = labels.given[chosen], labels.suggested[chosen]
        _, image = records.decode_example(source[place[name]])
        colour = 'black' if clean < 0 else WRONG if given != clean else RIGHT
        title = f'{names[given]}\n→ {names[suggested]}'
        found.append((pipeline.decode(image, data.image_size_px, name), title, colour))
    return found


def comparison(
    runs: dict[str, FinishedRun],
    path: pathlib.Path | str,
    marks: dict[str, str],
    count: int = 10,
) -> list[str]:
    """One picture of several runs; the labels of the last that judges any are shown.

    What there is nothing to draw for has no panel. Writes a PNG to `path`.

    Args:
      runs, marks: see `accuracy_curves`.
      count: faces of suspicious labels.

    Returns:
      Lines that say what was left out, and why.
    """
    judging = [name for name, run in runs.items() if run.scores is not None]
    if not judging:
        figure = Figure(figsize=(5.5, 4), layout='constrained', dpi=110)
        accuracy_curves(figure.subplots(), runs, marks)
        write(figure, path)
        return ['no run judges labels: the picture has accuracies alone']
    name, said = judging[-1], []
    try:
        faces = suspects(runs[name], count)
    except Unusable as error:
        faces, said = [], [f'no faces in the picture: {error}']
    figure = Figure(figsize=(11, 5.8 if faces else 4), layout='constrained', dpi=110)
    panels: Any = [figure]
    if faces:
        panels = figure.subfigures(2, 1, height_ratios=(2.2, 1))
    left, right = panels[0].subplots(1, 2)
    accuracy_curves(left, runs, marks)
    score_histogram(right, runs[name], name)
    if faces:
        show_faces(panels[1], faces, name)
    write(figure, path)
    return said


def show_faces(
    figure: Figure | SubFigure, faces: Sequence[tuple[np.ndarray, str, str]], name: str
) -> None:
    """A row of `suspects` of the run `name`."""
    figure.suptitle(
        f'Most suspicious labels of {name}: given → suggested'
        ' (red: the given label is wrong indeed)',
        fontsize=10,
    )
    row = figure.subplots(1, len(faces), squeeze=False)[0]
    for axes, (image, title, colour) in zip(row, faces):
        axes.imshow(image)
        axes.set_title(title, fontsize=8, color=colour)
        axes.set(xticks=[], yticks=[])
