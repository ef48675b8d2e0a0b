"""What a run's networks start from: config.start."""

import hashlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from fer_jax import nets
from fer_jax.algorithms import Algorithm
from fer_jax.data import augment, dlib_model, pipeline, weights
from fer_jax.errors import Unusable
from fer_jax.nets import face_weights, pretrained
from fer_jax.training import files, hosts, mesh, seals, stopping

RANDOM, FACE = 'random', 'face'
FACES = 512  # of the run's own, from which the face network's statistics are


class Start(NamedTuple):
    """Weights that a network's backbone starts from."""

    source: str  # FACE, or a folder
    card: dict  # data.weights


def of_run(
    config: Any, algorithm: Algorithm, workdir: pathlib.Path
) -> tuple[Start, ...]:
    """The Start of each network; as `choose`, but for a run with a checkpoint: that
    does not look for weights again, for data.json knows them."""
    if seals.steps(files.checkpoints(workdir)) and files.has_data(workdir):
        stored = files.read_data(workdir).get('start', ())
        return tuple(Start(**start) for start in stored)
    return choose(config, algorithm)


def choose(config: Any, algorithm: Algorithm) -> tuple[Start, ...]:
    """The Start of each network; () for random weights. Reads cards, no tensors.

    Raises:
      Missing: a folder without weights, or no face network on this machine.
      Unusable: weights of another backbone, or more of them than networks.
    """
    sources = tuple(config.start)
    if sources == (RANDOM,):
        return ()
    if config.model.backbone in nets.HEADS:
        raise Unusable(
            f'start={sources[0] if sources else ""} is of networks on images; heads on'
            ' features start from random weights: leave it out'
        )
    if not sources or RANDOM in sources:
        raise Unusable(
            'start is random for all networks, or face, or a folder of python -m'
            f' data_prep weights; it has {len(sources)} items'
            f'{", random among them" * (RANDOM in sources)}; write'
            ' --config.start=random, or leave it out'
        )
    count = algorithm.peers
    if len(sources) not in (1, count):
        raise Unusable(
            f'start names {len(sources)} weights, and {config.algorithm.name} has'
            f' {count} network{"s" * (count > 1)}; give one for all or one for each:'
            ' --config.start=FOLDER, once for each'
        )
    model = config.model
    starts = [
        Start(name, face_card(model) if name == FACE else weights.read_card(name))
        for name in sources
    ]
    for name, card in starts:
        own = {field: card[field] for field in ('backbone', 'width')}
        if own != {field: model[field] for field in own}:
            flags = ' '.join(f'--config.model.{field}={own[field]}' for field in own)
            raise Unusable(
                f'start: {name} has weights of {own["backbone"]} with width'
                f' {own["width"]}, and the run is {model.backbone} with width'
                f' {model.width}; give other weights, or {flags}'
            )
    return tuple(starts) * (count // len(starts))


def face_card(model: Any) -> dict[str, Any]:
    """The card of the face network's tensors, which are made when a run begins.

    Args:
      model: config.model.

    Raises:
      Missing: the package is not installed.
      Unusable: its tensors do not fit into this backbone.
    """
    if model.backbone not in face_weights.FORMS:
        raise Unusable(
            f'start=face is for {", ".join(face_weights.FORMS)}, and the run is'
            f' {model.backbone}; write start=face into the argument of the config,'
            ' which chooses all that goes with it:'
            ' --config=configs/METHOD.py:dataset=SET,start=face'
        )
    dlib_model.path()
    return {
        'format': weights.FORMAT,
        'backbone': model.backbone,
        'width': face_weights.WIDTH,
        'mean': list(dlib_model.MEAN),
        'std': list(dlib_model.STD),
        'source': f'{dlib_model.FILE} of {dlib_model.PACKAGE}',
        'licence': dlib_model.LICENCE,
        'sha256': dlib_model.SHA256,
    }


def load(state: Any, run: Any) -> Any:
    """`state` with the backbones of all networks from where they start, if anywhere.

    Args:
      run: setup.Run.

    Raises:
      Missing, Damaged: the weights are not those that `choose` found.
      Stopped: when asked to.
    """
    if not run.starts:
        return state
    read = {start.source: tensors(start, run) for start in run.starts}
    tree = {'params': state.params, 'stats': state.stats}
    filled = pretrained.fill(tree, [read[start.source] for start in run.starts])
    placed = jax.tree.map(
        lambda old, new: old if new is old else mesh.put(new, old.sharding),
        tree,
        filled,
    )
    return state._replace(**placed)


def tensors(start: Start, run: Any) -> dict[str, np.ndarray]:
    """{name in the backbone: float32 array}; the rest as for `load`."""
    if start.source != FACE:
        return weights.read(start.source)
    return hosts.together(  # in a thread, without the mesh: each host by itself
        lambda: stopping.heard(lambda: face_tensors(run)), digest
    )


def face_tensors(run: Any) -> dict[str, np.ndarray]:
    """The face network's tensors, made ready on FACES of the run's own faces.

    They are taken at equal distances from those that are learned from, whatever the
    seed; no label is looked at.
    """
    learned = run.examples.positions[run.examples.learned]
    places = np.linspace(0, len(learned) - 1, min(FACES, len(learned))).astype(int)
    stored = pipeline.Reader(run.prepared.train)(learned[places])
    arrays, _ = dlib_model.read()
    images = np.asarray(jax.jit(run.spec.source.plain)(stored))
    return face_weights.make(run.config.model.backbone, arrays, images)


def digest(arrays: dict[str, np.ndarray]) -> bytes:
    """sha256 of tensors."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode() + arrays[name].tobytes())
    return found.digest()


def words(run: Any) -> Iterator[str]:
    """Lines about what the networks of a setup.Run start from."""
    starts = run.starts
    if run.config.data.name == 'folder' and len(run.config.start) == 1:
        yield preset(run.config.start[0], run.config.data.image_size_px)
    if not starts:
        yield 'starts from random weights, as config.start says'
    for number, (name, card) in enumerate(starts, start=1):
        yield f'network {number} starts from {name}, sha256 {card["sha256"][:12]}'
    yield from dict.fromkeys(s.card['licence'] for s in starts if 'licence' in s.card)


def preset(source: str, size_px: int) -> str:
    """That dataset=folder chooses by device, and what it does not choose."""
    here, other = ('a CPU', 'an accelerator')[:: 1 if source == FACE else -1]
    there = RANDOM if source == FACE else FACE
    return (
        f'start={source} at {size_px} px, as dataset=folder has it on {here};'
        f' start={there} in the argument of --config is what it has on {other}'
    )


def scale(starts: Sequence[Start]) -> augment.Scale | None:
    """augment.Scale of the images that the weights were learned from; None: random.

    Raises:
      Unusable: two networks that were learned from images of different scales, for
        both see the same ones.
    """
    scales = {
        augment.Scale(*map(tuple, (card['mean'], card['std']))): name
        for name, card in starts
    }
    if len(scales) > 1:
        first, second = list(scales.items())[:2]
        raise Unusable(
            f'start: {first[1]} was learned from images of {first[0]} and'
            f' {second[1]} from images of {second[0]}; give both networks weights of'
            ' one scale'
        )
    return next(iter(scales), None)
