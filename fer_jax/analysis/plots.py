"""Drawings of finished runs. Each function fills the axes that it is given."""

import numpy as np
from matplotlib.figure import Figure

from fer_jax.data import pipeline, prepared, records
from fer_jax.numerics import mixtures

RIGHT, WRONG = '#2a7f9e', '#d1495b'


def accuracy_curves(axes, runs):
    """Accuracy on the test labels by epoch, a line a run."""
    for run in runs:
        epochs = [row['epoch'] for row in run.rows]
        values = [100 * row['test/accuracy'] for row in run.rows]
        axes.plot(epochs, values, label=f'{run.name} (last 5: {values_last5(run)})')
    axes.set(xlabel='epoch', ylabel='test accuracy, %', title='Accuracy')
    axes.legend(frameon=False, loc='lower center')


def values_last5(run):
    """'77.1 %', the mean of the last five epochs."""
    return f'{run.result["last5"]:.1%}'.replace('%', ' %')


def score_histogram(axes, run, peer=0, bins=40):
    """What a network thinks of right and of wrong labels after the last epoch.

    With the fitted mixture over it where the run has one over the similarity.
    """
    scores = run.scores[-1, peer]
    wrong, known = run.labels.given != run.labels.clean, run.labels.clean >= 0
    low, high = min(0.0, scores.min()), max(1.0, scores.max())
    edges = np.linspace(low, high, bins + 1)
    for chosen, colour, label in (
        (known & ~wrong, RIGHT, 'label is right'),
        (known & wrong, WRONG, 'label is wrong'),
    ):
        axes.hist(
            scores[chosen],
            edges,
            histtype='stepfilled',
            color=colour,
            alpha=0.6,
            label=label,
        )
    last = run.rows[-1]
    if 'memory/mixture/a' in last and all(last['memory/ready']):
        mixture = mixtures.Mixture(
            *(
                np.array(last[f'memory/mixture/{name}'][peer], np.float32)
                for name in ('a', 'b', 'share')
            )
        )
        x = np.linspace(0.005, 0.995, 200, dtype=np.float32)
        density = np.asarray(mixtures.density(mixture, x)) * known.sum() / bins
        for component, colour in ((1, RIGHT), (0, WRONG)):
            axes.plot(x, density[:, component], color=colour, linewidth=2)
    axes.set(
        xlabel='similarity of prediction and given label',
        ylabel='examples',
        yscale='log',
    )
    axes.set(ylim=(0.7, None), title=f'{run.name}, network {peer + 1}')
    axes.legend(frameon=False, loc='upper center')


def suspects(axes, run):
    """The most suspicious labels: face, given label, suggested one; true if known.

    Args:
      axes: flat sequence of axes, one a face.
    """
    data = prepared.load(run.result['config']['data']['dir'])
    source = data.train.records()
    labels, names = run.labels, run.result['class_names']
    place = {name: row for row, name in enumerate(data.train.ids.tolist())}
    order = np.argsort(run.log_odds.mean(axis=0), kind='stable')[: len(axes)]
    for ax, chosen in zip(axes, order):
        name, clean = labels.ids[chosen], labels.clean[chosen]
        given, suggested = labels.given[chosen], labels.suggested[chosen]
        _, image = records.decode_example(source[place[name]])
        ax.imshow(pipeline.decode(image, data.image_size_px, name))
        colour = WRONG if given != clean else RIGHT
        ax.set_title(
            f'{names[given]}\n→ {names[suggested]}',
            fontsize=8,
            color=colour if clean >= 0 else 'black',
        )
        ax.set(xticks=[], yticks=[])


def comparison(runs, path, faces=10):
    """One picture of several runs; the last one's labels are looked into.

    Writes a PNG to `path`.
    """
    figure = Figure(figsize=(11, 5.8), layout='constrained', dpi=110)
    top, bottom = figure.subfigures(2, 1, height_ratios=(2.2, 1))
    left, right = top.subplots(1, 2)
    accuracy_curves(left, runs)
    score_histogram(right, runs[-1])
    bottom.suptitle(
        f'Most suspicious labels of {runs[-1].name}: given → suggested'
        ' (red: the given label is wrong indeed)',
        fontsize=10,
    )
    suspects(bottom.subplots(1, faces), runs[-1])
    figure.savefig(path)
