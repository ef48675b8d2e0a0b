"""What a run's networks start from: config.pretrained, or random weights."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax

from fer_jax.algorithms import Algorithm
from fer_jax.data import augment, weights
from fer_jax.errors import Unusable
from fer_jax.nets import pretrained
from fer_jax.training import mesh


class Start(NamedTuple):
    """Pretrained weights of one network."""

    folder: str
    card: dict  # data.weights


def choose(config: Any, algorithm: Algorithm) -> tuple[Start, ...]:
    """The Start of each network; () for random weights. Reads cards, no tensors.

    Raises:
      Missing: a folder without weights.
      Unusable: weights of another backbone, or more of them than networks.
    """
    folders = tuple(config.pretrained)
    if not folders:
        return ()
    count = algorithm.peers
    if len(folders) not in (1, count):
        raise Unusable(
            f'pretrained names {len(folders)} weights, and {config.algorithm.name} has'
            f' {count} network{"s" * (count > 1)}; give one for all or one for each:'
            ' --config.pretrained=FOLDER, once for each'
        )
    wanted = {name: config.model[name] for name in ('backbone', 'width')}
    starts = [Start(folder, weights.read_card(folder)) for folder in folders]
    for folder, card in starts:
        own = {name: card[name] for name in wanted}
        if own != wanted:
            flags = ' '.join(f'--config.model.{name}={own[name]}' for name in own)
            raise Unusable(
                f'pretrained: {folder} has weights of {own["backbone"]} with width'
                f' {own["width"]}, and the run is {wanted["backbone"]} with width'
                f' {wanted["width"]}; give other weights, or {flags}'
            )
    return tuple(starts) * (count // len(starts))


def load(state: Any, starts: Sequence[Start]) -> Any:
    """`state` with the backbones of all networks read from their files, if any.

    Raises:
      Missing, Damaged: the weights are not those that `choose` found.
    """
    if not starts:
        return state
    read = {start.folder: weights.read(start.folder) for start in starts}
    tree = {'params': state.params, 'stats': state.stats}
    filled = pretrained.fill(tree, [read[start.folder] for start in starts])
    placed = jax.tree.map(
        lambda old, new: old if new is old else mesh.put(new, old.sharding),
        tree,
        filled,
    )
    return state._replace(**placed)


def words(starts: Sequence[Start]) -> Iterator[str]:
    """Lines about what the networks start from."""
    if not starts:
        yield 'starts from random weights, for config.pretrained names none'
    for number, (folder, card) in enumerate(starts, start=1):
        yield f'network {number} starts from {folder}, sha256 {card["sha256"][:12]}'


def scale(starts: Sequence[Start]) -> augment.Scale | None:
    """augment.Scale of the images that the weights were learned from; None: random.

    Raises:
      Unusable: two networks that were learned from images of different scales, for
        both see the same ones.
    """
    scales = {
        augment.Scale(*map(tuple, (card['mean'], card['std']))): folder
        for folder, card in starts
    }
    if len(scales) > 1:
        first, second = list(scales.items())[:2]
        raise Unusable(
            f'pretrained: {first[1]} was learned from images of {first[0]} and'
            f' {second[1]} from images of {second[0]}; give both networks weights of'
            ' one scale'
        )
    return next(iter(scales), None)
