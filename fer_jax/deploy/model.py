"""A trained network as a thing to use: weights, classes, preprocessing.

All that is known beside the weights is the *card*, a dict of plain JSON values: what an
export keeps as model.json. Inference is in float32, whatever a run computed in.
"""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import compiling, trees
from fer_jax.algorithms import Algorithm
from fer_jax.data import augment, source, whole
from fer_jax.data.quoting import quoted
from fer_jax.deploy import front, graph
from fer_jax.deploy.card import FORMAT, frozen, title
from fer_jax.errors import Missing, Unusable
from fer_jax.nets import peers
from fer_jax.numerics import votes
from fer_jax.training import build, checkpoint, files

PARTS = ('params', 'stats', 'front')  # of weights: Model.weights


class Model(NamedTuple):
    """One network, or several that vote."""

    card: dict
    params: Any  # leaves [P, ...] float32, on the host
    stats: Any  # likewise
    front: Any = ()  # of heads on features (deploy.front): leaves without the axis P

    @property
    def weights(self) -> tuple[Any, Any, Any]:
        """What the functions of a card take before the images."""
        return self.params, self.stats, self.front


def from_run(
    workdir: pathlib.Path | str, *, which: str = 'last', network: str | None = None
) -> Model:
    """The model of a run, finished or not.

    Args:
      workdir: the run's folder.
      which: 'last', 'best' (on the test set) or the number of a checkpoint.
      network: '1', '2' ..., or 'mean' or 'sum' of all (numerics.votes); by default
        what the method answers by.

    Raises:
      Missing: no run there, or no such checkpoint.
      Unusable: the checkpoint is of another method or other classes; no such network.
      Damaged: the checkpoint does not agree with its seal.
    """
    workdir = pathlib.Path(workdir)
    card, ahead = describe(files.read_config(workdir), files.read_data(workdir)), ()
    if 'features' in card:
        ahead, scale = front.read(workdir, card)
        card['preprocessing'] |= scale
    wanted = dict(zip(('params', 'stats'), shapes(card)))
    wanted['step'] = jax.ShapeDtypeStruct((), jnp.int32)
    if 'adjust' in card:
        shape = card['data']['train_examples'], len(card['class_names'])
        wanted['evidence'] = jax.ShapeDtypeStruct(shape, jnp.float32)
    try:
        state = checkpoint.read(
            files.checkpoints(workdir), which, wanted, card['class_names']
        )
    except (whole.Damaged, Missing):
        raise
    except ValueError as error:
        raise Unusable(
            f'{workdir}: no checkpoint of {title(card)}, as config.json and data.json'
            f' want: {error}; give the folder as its run left it'
        ) from None
    network = network or method(card).answer
    numbers = choose(network, peers.size(state['params']))
    rows = files.read_rows(workdir)
    row = next((row for row in rows if row['step'] == int(state['step'])), {})
    card |= {
        'networks': numbers,
        'vote': network if network in votes.TOGETHER else 'mean',
        'checkpoint': {'which': which, 'step': int(state['step'])},
        'metrics': {k: v for k, v in row.items() if k.startswith(('test/', 'noise/'))},
    }
    if 'adjust' in card:
        prior = np.mean(state['evidence'], axis=0).tolist()
        card['adjust'] |= {'mean_prediction': tuple(prior)}
    places = [number - 1 for number in numbers]
    params, stats = (
        jax.tree.map(lambda leaf: leaf[places], state[part])
        for part in ('params', 'stats')
    )
    return Model(card, params, stats, ahead)


def describe(config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The card of a run, as far as it does not depend on a checkpoint.

    Args:
      config: content of config.json.
      data: content of data.json.
    """
    known = ('set', 'train_examples', 'digest', 'noise_list_sha256')
    return frozen(
        {
            'format': FORMAT,
            'class_names': data['class_names'],
            'image_size_px': data['image_size_px'],
            'preprocessing': preprocessing(config['data'], data),
            'algorithm': config['algorithm'],
            'backbone': config['model'] | {'dtype': 'float32'},
            'start': data.get('start', []),
            'data': {name: data[name] for name in known},
        }
        | {name: data[name] for name in ('features',) if name in data}
        | ({'adjust': {'tau': config['adjust']}} if config.get('adjust') else {})
    )


def preprocessing(config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """What happens to stored images on their way into the network, for the card.

    Args:
      config: config.data of the run.
      data: content of data.json; runs that took the recipe's scale do not say one.
    """
    recipe = augment.RECIPES[config['augmentation']]
    scale = augment.Scale(*data['scale']) if data.get('scale') else recipe.scale
    return {
        'recipe': config['augmentation'],
        'network_size_px': config['image_size_px'],
        'zoom': recipe.zoom,
        'resize': 'bilinear, antialiased when it shrinks',
        'channels': 'RGB, uint8',
        'mean': scale.mean,
        'std': scale.std,
    }


def method(card: dict[str, Any]) -> Algorithm:
    """The card's algorithm."""
    return build.method(
        card['algorithm'],
        card['backbone'],
        num_classes=len(card['class_names']),
        num_examples=card['data']['train_examples'],
    )


def shapes(card: dict[str, Any]) -> tuple[Any, Any]:
    """params and stats of the card's algorithm as ShapeDtypeStructs, all its P."""
    seen = jax.eval_shape(view(card), *stored(card))
    return jax.eval_shape(method(card).init, jax.random.key(0), seen)[:2]


def choose(network: str, count: int) -> tuple[int, ...]:
    """Numbers of the networks that `network` names, counted from 1."""
    numbers = [str(number) for number in range(1, count + 1)]
    if network in votes.TOGETHER:
        return tuple(range(1, count + 1))
    if network not in numbers:
        raise Unusable(
            f'network {network!r}: the run has {count}; give'
            f' {", ".join(numbers)} or {" or ".join(votes.TOGETHER)}'
        )
    return (int(network),)


def view(card: dict[str, Any]) -> Callable:
    """see(front, images [B, h, w, 3] uint8) -> what the networks see, [B, ...]."""
    if 'features' in card:
        return front.make(card)
    settings = card['preprocessing']
    seen = source.Images(
        settings['recipe'],
        settings['network_size_px'],
        stored_px=card['image_size_px'],
        scale=augment.Scale(settings['mean'], settings['std']),
    )
    return lambda ahead, images: seen.plain(images)


def stored(card: dict[str, Any]) -> tuple[Any, jax.ShapeDtypeStruct]:
    """Shapes of a front, and of one image as it is kept: what `view` takes."""
    size = card['image_size_px']
    return front.shapes(card), jax.ShapeDtypeStruct((1, size, size, 3), jnp.uint8)


def make_predict(card: dict[str, Any]) -> Callable:
    """predict(*weights, images [B, h, w, 3] uint8) -> algorithms.Prediction.

    Weights as a Model has them. Preprocessing included; images of any one size, as
    stored sets have.
    """
    algorithm, see = method(card), view(card)

    def predict(params, stats, ahead, images):
        return algorithm.predict(params, stats, see(ahead, images))

    return predict


def make_logits(card: dict[str, Any]) -> Callable:
    """logits(*weights, images [B, h, w, 3] uint8) -> [P, B, C] float32."""
    predict = make_predict(card)
    return lambda *given: predict(*given).logits


def make_probs(card: dict[str, Any]) -> Callable:
    """probs(*weights, images [B, h, w, 3] uint8) -> [P, B, C] float32."""
    logits = make_logits(card)
    return lambda *given: jax.nn.softmax(logits(*given))


def function(model: Model) -> Callable:
    """recognise(images [B, h, w, 3] uint8) -> [B, C] float32, the weights inside.

    Several networks answer together, by the card's vote.
    """
    logits, vote = make_logits(model.card), model.card['vote']
    return lambda images: answered(model.card, vote, logits(*model.weights, images))


def answered(card: dict[str, Any], voter: str, logits: jax.Array) -> jax.Array:
    """[B, C] float32: what a voter says of logits [P, B, C], adjusted by the card."""
    probs = votes.probabilities(voter, logits)
    if 'adjust' not in card:
        return probs
    prior = jnp.array(card['adjust']['mean_prediction'], jnp.float32)
    return votes.adjusted(probs, prior, card['adjust']['tau'])


def compiled(model: Model) -> Callable:
    """`function` of the model, compiled for each size of a batch that comes."""
    return compiling.jit(function(model), 'look')


def weights(model: Model) -> dict[str, np.ndarray]:
    """{name: array} of what the predictions depend on, 'params/classifier/kernel' ...

    Other parts (the branches that only training needs) stay behind. The axis P is
    there for several networks, and left out for one.
    """
    probs, (_, image) = make_probs(model.card), stored(model.card)
    tree = dict(zip(PARTS, model.weights))
    needed = graph.used(
        lambda tree, images: probs(*(tree[part] for part in PARTS), images), tree, image
    )
    alone = len(model.card['networks']) == 1
    leaves = trees.named(tree).items()
    return {
        name: leaf[0] if alone and of_networks(name) else leaf
        for (name, leaf), wanted in zip(leaves, needed)
        if wanted
    }


def of_networks(name: str) -> bool:
    """Whether weights of this name have an axis of networks."""
    return not name.startswith('front/')


def from_weights(card: dict[str, Any], found: dict[str, np.ndarray]) -> Model:
    """The model of a card and the named arrays of `weights`.

    Parts that the predictions do not depend on are filled with zeros.

    Raises:
      Unusable: an array is missing, left over, or of another shape: these are the
        weights of another method, or for another number of classes.
    """
    count = len(card['networks'])
    every = dict(zip(PARTS, (*shapes(card), front.shapes(card))))
    stacked = {
        name: leaf[None] if count == 1 and of_networks(name) else leaf
        for name, leaf in found.items()
    }
    wanted = {
        name: (count, *leaf.shape[1:]) if of_networks(name) else leaf.shape
        for name, leaf in trees.named(every).items()
    }
    for name, leaf in stacked.items():
        if leaf.dtype != np.float32 or not np.isfinite(leaf).all():
            raise Unusable(
                f'{quoted(name)} is {leaf.dtype} or not finite, wanted finite float32'
            )
        if wanted.get(name) != leaf.shape:
            raise Unusable(
                f'no weights of {title(card)}, as model.json wants: {quoted(name)} is'
                f' {leaf.shape}, wanted {wanted.get(name, "none of this name")}'
            )
    filled = [
        stacked.get(name, np.broadcast_to(np.float32(0), shape))
        for name, shape in wanted.items()
    ]
    tree = jax.tree.unflatten(jax.tree.structure(every), filled)
    loaded = Model(card, *(tree[part] for part in PARTS))
    missing = set(weights(loaded)) - set(found)
    if missing:
        raise Unusable(
            f'no weights of {title(card)}, as model.json wants: there is no'
            f' {min(missing)}'
        )
    return loaded
