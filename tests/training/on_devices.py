"""Every method on meshes of one and of all devices, in a process of its own.

    JAX_NUM_CPU_DEVICES=8 PYTHONPATH=. python tests/training/on_devices.py OUT.json

How many devices there are must be said before JAX starts; so this is no test but what
test_mesh.py starts and reads.
"""

import functools
import json
import pathlib
import re
import sys

import jax
import numpy as np
import optax

from fer_jax import algorithms
from fer_jax.algorithms import Progress, proximity
from fer_jax.data import source
from fer_jax.nets.resnet import ResNet
from fer_jax.training import mesh, scoring, session, step, trial
from tests.conftest import Tiny

CLASSES, N, B, SIZE = 3, 24, 16, 8
# So that two steps meet what a method does after its warm-up.
SETTINGS = {
    'arazo': {'bootstrap': 'dynamic'},
    'dividemix': {'warmup_epochs': 1},
    'ido': {'warmup_epochs': 1},
    'rul': {'relabel': True, 'relabel_epoch': 1, 'relabel_margin': 0.0},
    'scn': {'relabel_epoch': 1, 'relabel_margin': 0.0},
}
WITH_PROXIMITY = ('resup', 'scn', 'dmue')
SPREAD = ('resup', 'dividemix', 'jocor')  # also with each network on its own devices
GATHERING = re.compile(
    r'= (.*?) (?:all-gather|all-to-all|collective-permute)(?:-start)?\('
)
SUMMING = re.compile(r'= (.*?) (?:all-reduce|reduce-scatter)(?:-start)?\(')
ARRAY = re.compile(r'(\w+)\[([\d,]*)\]')


class Bench:
    """A method on a mesh: its step, whose optimiser keeps the gradients, and scores."""

    def __init__(self, algorithm, devices, size_px=SIZE, recipe='flip'):
        self.algorithm, self.mesh = algorithm, devices
        self.everywhere = mesh.everywhere(devices)
        # The first state is the gradient itself.
        optimizer = optax.chain(optax.trace(decay=0.0), optax.scale(-0.1))
        examples = source.Images(recipe, size_px, views=algorithm.views)
        about = trial.make(0, labels(), labels()[:1], steps_per_epoch=1)
        create = functools.partial(
            step.create, algorithm, optimizer, examples, CLASSES, about
        )
        with jax.set_mesh(devices):
            self.trial = session.placed(about, self.everywhere)
            self.placement = mesh.of_state(devices, jax.eval_shape(create))
            self.fresh = jax.jit(create, out_shardings=self.placement)
            train_step = step.make_step(algorithm, optimizer, examples)
            self.step = jax.jit(
                train_step,
                donate_argnums=0,
                out_shardings=(self.placement, self.everywhere),
            )
            score = scoring.make_score(algorithm, examples)
            self.both = jax.jit(
                lambda *given: (train_step(*given), score(*given)[0]),
                out_shardings=((self.placement, self.everywhere), self.everywhere),
            )

    def start(self):
        with jax.set_mesh(self.mesh):
            return jax.device_get(self.fresh())

    def look(self, state, images, index):
        """(state after a step, metrics, scores before it) from a state on the host."""
        with jax.set_mesh(self.mesh):
            batch = mesh.put((images, index), mesh.over_data(self.mesh))
            state = jax.device_put(state, self.placement)
            (state, metrics), scores = jax.device_get(
                self.both(state, self.trial, *batch)
            )
            return state, metrics, scores

    def compiled(self, images, index):
        """The compiled step."""
        with jax.set_mesh(self.mesh):
            batch = mesh.put((images, index), mesh.over_data(self.mesh))
            return self.step.lower(self.fresh(), self.trial, *batch).compile()


def labels():
    return np.random.default_rng(1).integers(0, CLASSES, N).astype(np.int32)


def batch(number, size_px=SIZE):
    """Images whose brightness tells a class, and a place in the tables twice."""
    random = np.random.default_rng(number)
    index = random.permutation(N)[:B].astype(np.int32)
    index[-1] = index[0]
    images = random.integers(0, 120, (B, size_px, size_px, 3))
    images[np.arange(B), :, :, labels()[index]] += 100
    return images.astype(np.uint8), index


def error(ours, theirs):
    """The largest difference of two trees, relative to each leaf (and to 1 % of all,
    for leaves that are nothing but rounding); infinite where whole numbers differ."""
    pairs = list(zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True))
    largest = max((np.abs(a).max() for a, _ in pairs if a.dtype.kind == 'f'), default=1)
    worst = 0.0
    for a, b in pairs:
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if a.dtype.kind != 'f':
            worst = worst if (a == b).all() else np.inf
        else:
            scale = np.abs(a).max() + 0.01 * largest + 1e-30
            worst = max(worst, float(np.abs(a - b).max() / scale))
    return worst


def gathered(compiled):
    """Shapes of all that the devices hand around whole, sums aside."""
    return shapes_of(GATHERING, compiled)


def summed(compiled):
    """Shapes of all that is summed over the devices."""
    return shapes_of(SUMMING, compiled)


def shapes_of(operation, compiled):
    found = {
        tuple(map(int, filter(None, shape.split(','))))
        for results in operation.findall(compiled.as_text())
        for _, shape in ARRAY.findall(results)
    }
    return sorted(found)


def tiny(method, peer_map='unroll'):
    algorithm = algorithms.make(
        method,
        backbone=Tiny(),
        num_classes=CLASSES,
        num_examples=N,
        peer_map=peer_map,
        **SETTINGS.get(method, {}),
    )
    if method in WITH_PROXIMITY:
        algorithm = proximity.attach(algorithm, num_classes=CLASSES, weight=0.1)
    return algorithm


def compare(method):
    """{mesh: {part: error}} of two steps, both from the one device's state."""
    one = Bench(tiny(method), mesh.make(devices=jax.devices()[:1]))
    state = one.start()
    peers = jax.tree.leaves(state.params)[0].shape[0]
    others = {'data': Bench(tiny(method), mesh.make())}
    if method in SPREAD:
        others['net'] = Bench(tiny(method, 'mesh'), mesh.make(peers))
    found = {name: {} for name in others}
    relabelled = 0
    for number in range(2):
        images, index = batch(number)
        before = state
        state, metrics, scores = one.look(before, images, index)
        relabelled += int(state.flips.sum() - before.flips.sum())
        for name, other in others.items():
            ours, our_metrics, our_scores = other.look(before, images, index)
            parts = {
                'gradients': (state.opt, ours.opt),
                'statistics': (state.stats, ours.stats),
                'memory': (state.memory, ours.memory),
                'tables': ((state.labels, state.flips), (ours.labels, ours.flips)),
                'metrics': (metrics, our_metrics),
                'scores': (scores, our_scores),
            }
            for part, (theirs, own) in parts.items():
                worst = max(found[name].get(part, 0.0), error(theirs, own))
                found[name][part] = worst
        if one.algorithm.refresh:
            table = np.zeros((peers, N), np.float32)
            table[:, index] = scores
            numbers = Progress(np.int32(1), np.int32(1))
            memory = jax.jit(one.algorithm.refresh)(
                state.memory, table, labels(), numbers
            )
            state = state._replace(memory=jax.device_get(memory))
    return found | {'flips': relabelled}


def resnet(peer_map, devices):
    """ReSup's step with a ResNet-10, one block a stage."""
    algorithm = algorithms.make(
        'resup',
        backbone=ResNet(counts=(1, 1, 1, 1), stem='slim', width=4),
        num_classes=CLASSES,
        num_examples=N,
        peer_map=peer_map,
    )
    return Bench(algorithm, devices, 24, 'resup').compiled(*batch(0, 24))


def main(out):
    report = {method: compare(method) for method in algorithms.names()}
    for name, peer_map, devices in (
        ('one', 'unroll', mesh.make(devices=jax.devices()[:1])),
        ('data', 'unroll', mesh.make()),
        ('net', 'mesh', mesh.make(2)),
    ):
        compiled = resnet(peer_map, devices)
        memory = compiled.memory_analysis()
        report[f'resnet {name}'] = {
            'gathered': gathered(compiled),
            'summed': summed(compiled),
            'temporary': memory.temp_size_in_bytes,
            'arguments': memory.argument_size_in_bytes,
        }
    pathlib.Path(out).write_text(json.dumps(report, indent=1))


if __name__ == '__main__':
    main(sys.argv[1])
