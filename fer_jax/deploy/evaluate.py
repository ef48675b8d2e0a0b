"""Every number about a run on the test split of a prepared set.

python launch.py evaluate --workdir=runs/first
python launch.py evaluate --workdir=runs/first --data=data/fer2013
"""

import argparse
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from fer_jax import compiling
from fer_jax.data import pipeline, prepared, sets, whole
from fer_jax.deploy import model
from fer_jax.errors import Unusable
from fer_jax.numerics import metrics, votes
from fer_jax.training import examples, fields, files, scoring

BATCH = 256
NAMES = ('accuracy', 'balanced_accuracy', 'macro_f1')
WIDEST = 12  # classes of a confusion matrix that fits on a screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', required=True, help='folder of a run')
    parser.add_argument('--data', help="prepared folder; default: the run's own")
    parser.add_argument('--which', default='last', help='checkpoint: last, best, STEP')
    parser.add_argument('--out', help='default: evaluation.json in the workdir')


def run(options: argparse.Namespace) -> int:
    """Evaluates, prints tables, writes the JSON file; returns 0.

    Raises:
      Unusable: the run or the data cannot be used, or the data
        have classes that the run does not know.
    """
    workdir = pathlib.Path(options.workdir)
    loaded = model.from_run(workdir, which=options.which, network='mean')
    out = pathlib.Path(options.out or workdir / files.EVALUATION)
    whole.check_file(out)
    config = fields.stored(workdir).data
    data, damage = examples.data_of_run(config, options.data, ['test'])
    for line in damage:
        print(f'skipped: {line}')
    evaluation = evaluate(loaded, data)
    whole.write_text(out, json.dumps(evaluation, indent=1) + '\n')
    show(evaluation, Console())
    print(f'written: {out}')
    return 0


def evaluate(loaded: model.Model, data: prepared.Prepared) -> dict[str, Any]:
    """All numbers of a model on the test split of a prepared set, where it can be read.

    Test labels are the clean ones where they are known. Classes are matched by name:
    the set may have them in another order, or lack some; the confusion matrices are in
    the model's order.

    Args:
      loaded: a model.Model with all its networks.
      data: a prepared.Prepared.

    Raises:
      Unusable: the set has classes that the model does not know.
    """
    card, test = loaded.card, data.test
    names = card['class_names']
    try:
        places = np.array(sets.places(data.class_names, names))
    except ValueError as error:
        raise Unusable(
            f'{data.folder}: {error}, which the run in question knows; evaluate on a'
            ' set with its classes'
        ) from None
    labels = places[examples.labels_of_test(test)]
    answers = probabilities(loaded, test)
    return {
        'method': card['algorithm']['name'],
        'checkpoint': card['checkpoint'],
        'data': {
            'folder': str(data.folder),
            'set': data.set_name,
            'digest': data.digest,
            'test_examples': len(labels),
        },
        'class_names': names,
        'examples': dict(
            zip(names, np.bincount(labels, minlength=len(names)).tolist())
        ),
        'intervals': '95 %, percentiles of 2,000 bootstrap resamples',
        'adjust': card['adjust']['tau'] if 'adjust' in card else 0.0,
        'networks': {
            name: numbers(probs, labels, names) for name, probs in answers.items()
        },
    }


def probabilities(loaded: model.Model, split: prepared.Split) -> dict[str, np.ndarray]:
    """{voter: [N, C] float32} for all readable examples of a split, the method's answer
    first.

    Of one network there is one.
    """
    peers = len(loaded.card['networks'])
    names = votes.voters(model.method(loaded.card).answer, peers)
    if peers == 1:  # its mean vote is its own
        names = names[:1]
    logits = model.make_logits(loaded.card)

    def answers(*given):
        outputs = logits(*given)
        return jax.numpy.stack(
            [model.answered(loaded.card, name, outputs) for name in names]
        )

    compiled = compiling.jit(answers, 'look')
    weights = jax.device_put(loaded.weights)
    rows = split.readable()
    count = len(rows)
    once = pipeline.once(pipeline.Reader(split, rows), batch_size=min(BATCH, count))
    batches = (
        (batch['images'], batch['index'], batch['mask'])
        for batch in pipeline.batches(once)
    )
    [probs] = scoring.gather(
        lambda images, index: [compiled(*weights, images)], batches, count, axes=[1]
    )
    return dict(zip(names, probs))


def numbers(
    probs: np.ndarray, labels: np.ndarray, names: Sequence[str]
) -> dict[str, Any]:
    """What is said of one network.

    Args:
      probs: [N, C].
      labels: [N] int.
      names: of the C classes.
    """
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (labels, probs.argmax(axis=-1)), 1)

    def statistics(confusion):
        return [getattr(metrics, name)(confusion) for name in NAMES]

    measures = dict(zip(NAMES, statistics(confusion)))
    ends = metrics.bootstrap(statistics, confusion).tolist()
    measures |= {f'{name}_interval': pair for name, pair in zip(NAMES, ends)}
    recalls = metrics.recalls(confusion)
    return measures | {
        'calibration_error': metrics.calibration_error(probs, labels),
        'recalls': {
            name: None if np.isnan(recall) else float(recall)
            for name, recall in zip(names, recalls)
        },
        'confusion': confusion.tolist(),
    }


def show(evaluation: dict[str, Any], console: Console) -> None:
    """Prints what `evaluate` returned as tables."""
    networks = evaluation['networks']
    table = Table(
        title=f'{evaluation["method"]}, {evaluation["data"]["test_examples"]} test'
        f' examples of {evaluation["data"]["folder"]}',
        caption=f'in %, in brackets intervals: {evaluation["intervals"]}'
        + (f'; adjusted, tau {tau:g}' if (tau := evaluation['adjust']) else ''),
    )
    table.add_column('')
    for name in networks:
        table.add_column(votes.title(name), justify='right')
    for name in NAMES:
        cells = (
            percent(measures[name])
            + ' ({}-{})'.format(*map(percent, measures[f'{name}_interval']))
            for measures in networks.values()
        )
        table.add_row(name.replace('_', ' '), *cells)
    cells = (percent(measures['calibration_error']) for measures in networks.values())
    table.add_row('calibration (ECE)', *cells, end_section=True)
    for name in evaluation['class_names']:
        cells = (percent(measures['recalls'][name]) for measures in networks.values())
        table.add_row(f'{name} recall', *cells)
    console.print(table)
    if len(evaluation['class_names']) <= WIDEST:
        first = next(iter(networks))
        console.print(
            confusion_table(evaluation['class_names'], networks[first], first)
        )


def confusion_table(
    names: Sequence[str], measures: dict[str, Any], network: str
) -> Table:
    """The counts of one network: a row a true class, a column a predicted one."""
    table = Table(title=f'true class (row) and predicted class, {votes.title(network)}')
    table.add_column('')
    for name in names:
        table.add_column(name[:4], justify='right')
    for name, row in zip(names, measures['confusion']):
        table.add_row(name, *map(str, row))
    return table


def percent(value: float | None) -> str:
    """'74.8' of .748; '-' of a class without examples."""
    return '-' if value is None else f'{100 * value:.1f}'
