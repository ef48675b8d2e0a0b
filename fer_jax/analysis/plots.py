"""Drawings of finished runs. Each function fills the axes that it is given."""

import itertools
import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from fer_jax.analysis import opinions, signals, thumbnails
from fer_jax.analysis.cases import Case
from fer_jax.analysis.groups import Group
from fer_jax.analysis.runs import FinishedRun
from fer_jax.data import whole
from fer_jax.numerics import comparison as comparison_of
from fer_jax.training import results

FEW = 6  # groups, whose legend has room in the panel
LONG = 32  # characters of a name, beyond which the legend has one column
LINE_IN = 0.14  # of a legend, inches
RIGHT, WRONG, UNKNOWN = '#2a7f9e', '#d1495b', '#8a8a8a'


def write(figure: Figure, path: pathlib.Path | str) -> None:
    """Writes a drawing as PNG, whole or not at all."""
    with whole.replacing(path) as file:
        figure.savefig(file, format='png')


def curves(axes: Axes, groups: Sequence[Group], key: str = 'test/accuracy') -> None:
    """A metric by epoch, a line a group: the mean of its runs, and a band of their
    standard deviation.

    Args:
      key: of the rows; 'test/accuracy' is drawn in %.
    """
    share = 100 if key == 'test/accuracy' else 1
    colours = colormaps['tab10' if len(groups) <= 10 else 'tab20'].colors  # type: ignore[attr-defined]
    for colour, group in zip(itertools.cycle(colours), groups):
        epochs = min(len(run.rows) for run in group.runs)
        values = share * np.array(
            [[row[key] for row in run.rows[:epochs]] for run in group.runs]
        )
        numbers = [row['epoch'] for row in group.runs[0].rows[:epochs]]
        marker = 'o' if epochs == 1 else None  # a line of one point is none
        axes.plot(
            numbers,
            values.mean(axis=0),
            color=colour,
            marker=marker,
            label=labelled(group, key, epochs),
        )
        if len(values) > 1:
            band = values.std(axis=0, ddof=1)
            low, high = values.mean(axis=0) - band, values.mean(axis=0) + band
            axes.fill_between(numbers, low, high, color=colour, alpha=0.15, lw=0)
    axes.set(xlabel='epoch')
    few = len(groups) <= FEW
    below = {'loc': 'upper center', 'bbox_to_anchor': (0.5, -0.14)}
    axes.legend(
        frameon=False,
        fontsize=8 if few else 6.5,
        **{'loc': 'lower center'} if few else below | {'ncols': columns(groups)},
    )


def columns(groups: Sequence[Group]) -> int:
    """Of a legend below its panel."""
    return 1 if max(len(group.name) for group in groups) > LONG else 2


def tall(groups: Sequence[Group]) -> float:
    """Inches of a panel of `curves`, its legend included."""
    if len(groups) <= FEW:
        return 4
    return 4.6 + LINE_IN * -(-len(groups) // columns(groups))


def labelled(group: Group, key: str, epochs: int) -> str:
    """A group in the legend of `curves`."""
    if key != 'test/accuracy':
        return group.name
    spread = comparison_of.spread(group.values('last5'))
    band = f' ± {100 * spread.deviation:.1f}' if spread.count > 1 else ''
    return f'{group.name} ({results.mean_of(epochs)}: {100 * spread.mean:.1f}{band} %)'


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


def suspects(
    case: Case, faces: thumbnails.Faces, count: int
) -> list[tuple[np.ndarray, str, str]]:
    """The most suspicious labels: [(uint8 face, title, colour)], `count` or all.

    In the order of the audit. The colour tells whether the given label is right, where
    that is known.
    """
    found = []
    for row in case.order[:count]:
        colour = RIGHT if case.known[row] else 'black'
        given, suggested = (
            case.class_names[labels[row]] for labels in (case.given, case.suggested)
        )
        found.append(
            (
                faces.pixels(case.ids[row]),
                f'{given}\n→ {suggested}',
                WRONG if case.wrong[row] else colour,
            )
        )
    return found


def comparison(
    groups: Sequence[Group],
    path: pathlib.Path | str,
    marks: dict[str, str],
    case: Case | None = None,
    count: int = 10,
) -> list[str]:
    """One picture of several groups of runs: panels of those that compare.

    What there is nothing to draw for has no panel. Writes a PNG to `path`.

    Args:
      marks: {name: letter of its data}; {}: all have the same.
      case: of the run whose labels are shown, where all have the same data.
      count: faces of suspicious labels.

    Returns:
      Lines that say what was left out, and why.
    """
    if marks:
        write(by_data(groups, marks), path)
        return []
    if case is None:
        figure = Figure(figsize=(5.5, 4), layout='constrained', dpi=110)
        accuracy(figure.subplots(), groups)
        write(figure, path)
        return ['no run judges labels: the picture has accuracies alone']
    pictures, faces, said = case.faces, [], []
    if isinstance(pictures, str):
        said = [f'no faces in the picture. {pictures}']
    else:
        faces = suspects(case, pictures, count)
    size = (11 if len(groups) <= FEW else 13, tall(groups) + (1.8 if faces else 0))
    figure = Figure(figsize=size, layout='constrained', dpi=110)
    panels: Any = [figure]
    if faces:
        panels = figure.subfigures(2, 1, height_ratios=(2.2, 1))
    left, right = panels[0].subplots(1, 2)
    accuracy(left, groups)
    score_histogram(right, case.run, case.name)
    if faces:
        show_faces(panels[1], faces, case.name)
    write(figure, path)
    return said


def accuracy(axes: Axes, groups: Sequence[Group], title: str = 'Accuracy') -> None:
    """Accuracy on the test labels by epoch."""
    curves(axes, groups)
    axes.set(ylabel='test accuracy, %', title=title)


def by_data(groups: Sequence[Group], marks: dict[str, str]) -> Figure:
    """A panel of accuracies for each data and, where the truth is known, one of how
    well wrong labels are found."""
    parts = {
        letter: [group for group in groups if marks[group.name] == letter]
        for letter in dict.fromkeys(marks.values())
    }
    telling = {
        letter: [group for group in part if all_have(group, 'noise/auroc')]
        for letter, part in parts.items()
    }
    rows = 1 + any(telling.values())
    high = rows * max(map(tall, parts.values()))
    figure = Figure(figsize=(5.5 * len(parts), high), layout='constrained', dpi=90)
    grid = figure.subplots(rows, len(parts), squeeze=False)
    for column, (letter, part) in zip(grid.T, parts.items()):
        accuracy(column[0], part, f'Accuracy, data {letter}')
        if rows == 1:
            continue
        if not telling[letter]:
            column[1].remove()
            continue
        curves(column[1], telling[letter], 'noise/auroc')
        column[1].set(ylabel='AUROC', title=f'Wrong labels found, data {letter}')
    return figure


def all_have(group: Group, key: str) -> bool:
    """Whether each epoch of each run has a metric."""
    return all(key in row for run in group.runs for row in run.rows)


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
