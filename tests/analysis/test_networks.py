"""What is asked of a checkpoint's networks: outputs of examples, and Grad-CAM."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import nets
from fer_jax.analysis import features, gradcam
from fer_jax.data import augment, pipeline, prepared, records
from fer_jax.deploy import model

CLASSES = 7


@pytest.fixture(scope='module')
def loaded():
    """loaded(method, backbone, size_px): a model with random weights."""

    def make(method, backbone='cnn7', size_px=16):
        card = {
            'class_names': tuple('abcdefg'),
            'image_size_px': size_px,
            'preprocessing': {'recipe': 'flip', 'network_size_px': size_px}
            | augment.IMAGENET._asdict(),
            'algorithm': {'name': method},
            'backbone': {'backbone': backbone, 'width': 4, 'dtype': 'float32'},
            'data': {'train_examples': 70},
        }
        generator = np.random.default_rng(0)

        def fill(leaf):
            if leaf.ndim < 3:  # of norms and biases, stacked
                return np.ones(leaf.shape, np.float32)
            kernel = generator.standard_normal(leaf.shape, np.float32)
            return kernel * np.float32(np.prod(leaf.shape[1:-1]) ** -0.5)

        params, stats = jax.tree.map(fill, model.shapes(card))
        return model.Model(card, params, stats)

    return make


@pytest.fixture(scope='module')
def images():
    return np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize('method', ['resup', 'rul', 'dmue'])
def test_importance_is_what_finite_differences_say(loaded, images, method):
    """Channel k of the last maps 1 higher everywhere moves z_c by h w a_k.

    Between these maps and the logits all three are linear in evaluation mode (RUL has
    two norms and a product there, DMUE its neck), so that the step may be large.
    """
    network = loaded(method)
    classes = np.array([0, 3, 6])
    found, maps = jax.jit(gradcam.make_importance(network))(images, classes)
    algorithm = model.method(network.card)
    weights = jax.tree.map(lambda leaf: leaf[:1], (network.params, network.stats))
    prepared_images = augment.prepare('flip', 16, jnp.asarray(images))

    @jax.jit
    def logits(by):
        with nets.moved(by) as seen:
            return algorithm.predict(*weights, prepared_images).logits[0], seen[0]

    before, seen = logits(jnp.zeros(maps.shape[-1]))
    np.testing.assert_allclose(maps, seen, rtol=1e-5, atol=1e-5)
    places = maps.shape[1] * maps.shape[2]
    for channel in (0, 7, 15):
        after, _ = logits(jnp.zeros(maps.shape[-1]).at[channel].set(1.0))
        moved = (after - before)[np.arange(3), classes] / places
        scale = np.abs(found).max()
        np.testing.assert_allclose(found[:, channel], moved, atol=2e-3 * scale)


def test_heat_of_averaged_maps_is_the_class_activation_map(loaded, images):
    """With pooling and one linear layer a_k = W_kc / (h w) (Zhou et al. 2016)."""
    network = loaded('baseline', 'resnet18_slim', 32)
    classes = np.array([1, 2, 2])
    found = gradcam.heat(network, images, classes)
    _, maps = jax.jit(gradcam.make_importance(network))(images, classes)
    kernel = network.params['classifier']['kernel'][0][:, classes]
    wanted = np.maximum(np.einsum('bhwk,kb->bhw', maps, kernel), 0)
    largest = wanted.max(axis=(1, 2), keepdims=True)
    assert maps.shape[1:3] == (2, 2)
    np.testing.assert_allclose(found * largest, wanted, atol=1e-4 * largest.max())
    assert found.max() == 1


def test_heat_of_many_is_that_of_each(loaded, images, monkeypatch):
    network = loaded('baseline')
    classes = np.array([1, 2, 2])
    whole = gradcam.heat(network, images, classes)
    monkeypatch.setattr(gradcam, 'BATCH', 2)
    parts = gradcam.heat(network, images, classes)
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-6)


def test_outputs_are_those_of_a_loop(loaded, faces):
    """Of chosen examples in any order; probabilities as the deployed model has them."""
    network, data = loaded('resup', size_px=24), prepared.load(faces)
    positions = np.array([5, 2, 60])
    found = features.of(network, data.train, positions)
    assert found.probs.shape == (2, 3, CLASSES)
    probs = jax.jit(model.make_probs(network.card))
    source = data.train.records()
    for row, position in enumerate(positions):
        name, image = records.decode_example(source[position])
        pixels = pipeline.decode(image, 24, name)[None]
        wanted = probs(*network.weights, pixels)[:, 0]
        np.testing.assert_allclose(found.probs[:, row], wanted, rtol=1e-4, atol=1e-6)
    kernel, bias = (network.params['classifier'][name] for name in ('kernel', 'bias'))
    logits = np.einsum('pnd,pdc->pnc', found.embeddings, kernel) + bias[:, None]
    np.testing.assert_allclose(
        jax.nn.softmax(logits), found.probs, rtol=1e-4, atol=1e-6
    )
