"""Trains the recogniser that ships, from a prepared set to the folder with its card.

    python -m fer_jax.recognisers.train --data=data/ferplus --out=DIR

The features of the face network (data_prep features) lie beside the set, and are made
where they are not there yet. Large heads are taught with the labels; the small heads
that ship, with the labels and, half and half, with what the large ones say. A tenth of
the training faces teaches neither and sets the temperature; the test split gives the
numbers of the card alone. The same set and machine give the same file.
"""

import argparse
import hashlib
import json
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

import fer_jax
from fer_jax import doors, faces
from fer_jax.data import (
    coordinates,
    dlib_model,
    features,
    pipeline,
    prepared,
    tensors,
    whole,
)
from fer_jax.deploy import card as cards
from fer_jax.deploy import formats, model
from fer_jax.deploy import front as ahead
from fer_jax.errors import Unusable
from fer_jax.numerics import metrics
from fer_jax.recognisers import perceptron, readme
from fer_jax.training import front, frozen, heap

LARGE = perceptron.Plan((512, 512), linear=0, learning_rate=1e-3, epochs=12)
SMALL = perceptron.Plan((24, 256), linear=1, learning_rate=3e-3, epochs=20)
SEEDS_OF_LARGE = 0, 1
SEED = 2
HELD = 10  # one training face in so many sets the temperature
QUIET = 0.05  # of the median deviation: columns below are left out
LOOKED_AT = 300  # faces, for where eyes, nose and mouth are
LARGER, MARGIN = 3, 0.3  # for the detector: times as large, shares of a side around


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    found = doors.Parser('recognisers.train', description=__doc__)
    found.add_argument('--data', required=True, help='prepared folder')
    found.add_argument('--features', help='folder of data_prep features of it')
    found.add_argument('--out', required=True, help='folder to write, a new one')
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    return doors.run('recognisers.train', lambda: run(parser().parse_args(arguments)))


def run(options: argparse.Namespace) -> int:
    """Trains, measures and writes; returns 0."""
    heap.keep()
    began = time.process_time()
    data = prepared.load(options.data)
    folder = options.features or features.beside(options.data)
    rows = {s: getattr(data, s).readable().astype(np.int32) for s in prepared.SPLITS}
    store = frozen.found(data, folder, rows)
    with whole.folder(options.out) as out:
        columns = coordinates.columns_of(store.card['columns'], 1)
        axes = coordinates.fit(
            lambda: coordinates.means(store.train, rows['train']), columns
        )
        axes = without_quiet(axes)
        loaded = trained(data, store, rows, axes)
        write(out / formats.FORMATS['safetensors'].file, loaded)
        cards.write(out, loaded.card)
        name = pathlib.Path(options.out).name
        whole.write_text(out / cards.README, readme.text(name, loaded.card))
    print(cards.line(name, loaded.card))
    print(f'large heads: {loaded.card["metrics"]["large_accuracy"]:.2%}')
    print(
        f'written: {options.out}, {time.process_time() - began:.0f} s of processor time'
    )
    return 0


def without_quiet(axes: coordinates.Coordinates) -> coordinates.Coordinates:
    """Axes without the columns that hardly move in the set.

    A picture of another kind may move them by a thousand deviations.
    """
    deviation = 1 / np.where(axes.scale > 0, axes.scale, np.inf)
    loud = deviation > QUIET * np.median(deviation)
    return axes._replace(scale=np.where(loud, axes.scale, 0))


def trained(
    data: prepared.Prepared,
    store: features.Store,
    rows: dict[str, np.ndarray],
    axes: coordinates.Coordinates,
) -> model.Model:
    """The small heads, with the numbers of the test split on their card."""
    x, held = seen(store.train, rows['train'], axes)
    labels = data.train.labels[rows['train']]
    labels, known = labels[~held], labels[held]
    targets = np.eye(len(data.class_names), dtype=np.float32)[labels]
    tested, _ = seen(store.test, rows['test'], axes)
    said = np.zeros_like(targets)
    answers = np.zeros((len(tested), len(data.class_names)), np.float32)
    for seed in SEEDS_OF_LARGE:
        layers = perceptron.fit(LARGE, x[~held], targets, seed)
        said += perceptron.probs(LARGE, layers, x[~held]) / len(SEEDS_OF_LARGE)
        answers += perceptron.probs(LARGE, layers, tested)
    taught = (targets + said) / 2
    layers = perceptron.fit(SMALL, x[~held], taught, SEED)
    weights = arrays(axes, layers)
    axes = axes._replace(turn=weights['front/axes/turn'])
    heat = perceptron.temperature(
        logits(weights, seen(store.train, rows['train'][held], axes)[0]), known
    )
    for name in ('params/classifier/kernel', 'params/classifier/bias'):
        weights[name] = half(weights[name] / heat)
    large = float((answers.argmax(axis=1) == data.test.labels[rows['test']]).mean())
    found = logits(weights, seen(store.test, rows['test'], axes)[0])
    metrics = measured(softmax(found), data.test.labels[rows['test']])
    card = described(data, front.Front(store, axes).about, len(labels)) | {
        'metrics': metrics | {'temperature': heat, 'large_accuracy': large}
    }
    return model.from_weights(card, weights | ahead.network(card))


def seen(
    stored: features.Stored, rows: np.ndarray, axes: coordinates.Coordinates
) -> tuple[np.ndarray, np.ndarray]:
    """(coordinates [n, k] float32, which faces are held out [n] bool).

    Held out by what they are: identical faces stay together, the order plays no part.
    """
    found, held = [], []
    for block in stored.blocks(rows):
        found.append(axes.of(block.astype(np.float32).mean(axis=1))[:, 0, 0])
        held += [
            hashlib.blake2b(row.tobytes(), digest_size=6).digest()[0] % HELD == 0
            for row in block
        ]
    return np.concatenate(found), np.array(held)


def arrays(
    axes: coordinates.Coordinates, layers: perceptron.Layers
) -> dict[str, np.ndarray]:
    """The weights of small heads by their names in an export, rounded to float16.

    The linear layer goes into the axes, and its bias into the one behind it.
    """
    (choice, shift), (kernel, bias), (last, end) = jax.device_get(layers)
    return {
        'front/axes/mean': axes.mean,
        'front/axes/scale': axes.scale.astype(np.float32),
        'front/axes/turn': half(axes.turn @ choice),
        'params/backbone/kernel': half(kernel[None]),
        'params/backbone/bias': half((shift @ kernel + bias)[None]),
        'params/classifier/kernel': half(last),
        'params/classifier/bias': half(end),
    }


def half(array: np.ndarray) -> np.ndarray:
    """The array with values that float16 holds."""
    with np.errstate(over='ignore'):
        return array.astype(np.float16).astype(np.float32)


def logits(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """[n, C] float32 of small heads on coordinates [n, k]."""
    layer = weights['params/backbone/kernel'][0], weights['params/backbone/bias'][0]
    hidden = np.maximum(x @ layer[0] + layer[1], 0)
    last = weights['params/classifier/kernel'], weights['params/classifier/bias']
    return hidden @ last[0] + last[1]


def softmax(logits: Any) -> np.ndarray:
    """Probabilities [B, C] float32 of logits."""
    return np.asarray(jax.nn.softmax(logits))


def measured(probs: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The numbers of a card, from probabilities [n, C] and labels [n] of test faces."""
    answers, truth = jnp.asarray(probs.argmax(axis=1)), jnp.asarray(labels)
    every = jnp.ones(len(labels), bool)
    confusion = np.asarray(metrics.confusion(answers, truth, every, probs.shape[1]))
    right = probs.argmax(axis=1) == labels
    sure = metrics.reliability(probs.max(axis=1), right, readme.BINS)
    reliability = np.transpose([sure.count, sure.said, sure.right])
    return {
        'test_examples': len(labels),
        'accuracy': metrics.accuracy(confusion),
        'accuracy_interval': metrics.wilson(int(np.trace(confusion)), len(labels)),
        'balanced_accuracy': metrics.balanced_accuracy(confusion),
        'recalls': metrics.recalls(confusion).tolist(),
        'calibration_error': metrics.calibration_error(probs, labels),
        'reliability': np.nan_to_num(reliability).tolist(),
        'confusion': confusion.tolist(),
    }


def described(
    data: prepared.Prepared, about: dict[str, Any], count: int
) -> dict[str, Any]:
    """The card, but for its numbers."""
    return cards.frozen(
        {
            'format': cards.FORMAT,
            'class_names': data.class_names,
            'image_size_px': data.image_size_px,
            'preprocessing': {
                'recipe': 'none',
                'network_size_px': about['size_px'],
                'channels': ahead.GREY,
                'mean': dlib_model.MEAN,
                'std': dlib_model.STD,
                'landmarks': landmarks(data).round(4).tolist(),
            },
            'algorithm': {'name': 'baseline'},
            'backbone': {
                'backbone': 'heads',
                'width': SMALL.hidden[-1],
                'dtype': 'float32',
            },
            'features': about,
            'data': {
                'set': data.set_name,
                'train_examples': count,
                'digest': data.digest,
            },
            'networks': [1],
            'vote': 'mean',
            'formats': {'safetensors': {'file': formats.FORMATS['safetensors'].file}},
            'versions': {'fer_jax': fer_jax.__version__, 'jax': jax.__version__},
        }
    )


def write(path: pathlib.Path, loaded: model.Model) -> None:
    """The weights of the heads alone, those that float16 holds in it."""
    leaves = {}
    for name, leaf in model.weights(loaded).items():
        if not ahead.of_network(name):
            leaves[name] = (
                leaf.astype(np.float16) if (half(leaf) == leaf).all() else leaf
            )
    names = json.dumps(loaded.card['class_names'])
    tensors.write(path, leaves, {'class_names': names})


def landmarks(data: prepared.Prepared) -> np.ndarray:
    """Where training faces have eyes, nose and corners of the mouth: [5, 2].

    (x, y) in shares of the side, medians over the faces that are found, and made
    symmetric; the template that photographs are cut by.

    Raises:
      Unusable: no face is found.
    """
    rows = np.linspace(0, len(data.train.labels) - 1, LOOKED_AT).astype(np.int32)
    rows = np.unique(rows)
    side = LARGER * data.image_size_px
    images = pipeline.Reader(data.train)(rows)
    edge = round(MARGIN * side)
    canvases = [
        np.pad(
            np.asarray(Image.fromarray(image).resize((side, side))),
            [(edge, edge), (edge, edge), (0, 0)],
            mode='edge',
        )
        for image in images
    ]
    found = [
        each.landmarks[0] for each in faces.detect_all(canvases) if len(each.boxes)
    ]
    if not found:
        raise Unusable(f'{data.folder}: no face is found on its pictures')
    points = (np.median(found, axis=0) - edge) / side
    mirrored = (points * [-1, 1] + [1, 0])[[1, 0, 2, 4, 3]]
    return (points + mirrored) / 2


if __name__ == '__main__':
    raise SystemExit(main())
