"""One tiny run, trained once, and runs that were never trained, for every method."""

import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from fer_jax.data import prepared, records
from fer_jax.deploy import model
from fer_jax.training import checkpoint, files, loop, seals, setup, step


@pytest.fixture(scope='session')
def tiny(short):
    """tiny(method, backbone): a config of 24 pixels, width 4, one epoch."""

    def make(method, backbone='cnn7'):
        config = short(method, backbone)
        config.model.width = 4
        config.batch_size = 32
        return config

    return make


@pytest.fixture(scope='session')
def finished(tiny, tmp_path_factory):
    """The folder of a finished run of plain training."""
    workdir = tmp_path_factory.mktemp('runs') / 'baseline'
    loop.train(setup.prepare(tiny('baseline'), workdir))
    return workdir


@pytest.fixture(scope='session')
def randomised():
    """randomised(shapes, gain): weights and statistics that nothing cancels out of.

    The gain of a layer keeps what it puts out in the range of what it is given: sqrt(2)
    behind relus, less where shortcuts add up.
    """

    def make(shapes, gain=2**0.5):
        generator = np.random.default_rng(0)

        def fill(path, leaf):
            values = generator.standard_normal(leaf.shape)
            if leaf.ndim > 2:  # a kernel, stacked
                values *= gain * np.prod(leaf.shape[1:-1]) ** -0.5
            else:
                values = 0.1 * values + (path[-1].key in ('var', 'scale'))
            return values.astype(np.float32)

        return jax.tree_util.tree_map_with_path(fill, shapes)

    return make


@pytest.fixture(scope='session')
def untrained(tiny, randomised, tmp_path_factory):
    """untrained(method, backbone): the folder of a run with random weights."""
    made = {}

    def make(method, backbone='cnn7'):
        if (method, backbone) not in made:
            workdir = tmp_path_factory.mktemp('runs') / method
            setup.prepare(tiny(method, backbone), workdir)
            known = files.read_data(workdir)
            config = json.loads((workdir / 'config.json').read_text())
            params, stats = randomised(model.shapes(model.describe(config, known)))
            state = step.TrainState(
                jnp.int32(2),
                params,
                stats,
                (),
                (),
                np.zeros(70),
                np.zeros(70),
                np.zeros((70, 7)),
            )
            with checkpoint.manager(workdir / 'checkpoints', keep=1) as saved:
                checkpoint.save(saved, state, seals.Place(epoch=1), accuracy=0.0)
            made[method, backbone] = workdir
        return made[method, backbone]

    return make


@pytest.fixture(scope='session')
def held_out(faces):
    """uint8 [30, 24, 24, 3], the test split."""
    data = prepared.load(faces)
    source = records.RecordSource(data.test.shards)
    encoded = [records.decode_example(source[i])[1] for i in range(len(source))]
    return np.stack([np.asarray(Image.open(io.BytesIO(one))) for one in encoded])
