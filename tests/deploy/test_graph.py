"""Networks as graphs: folded norms, dropped parts, and their translation to ONNX."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime
import pytest
from jax import export

from fer_jax import algorithms, nets
from fer_jax.data import augment
from fer_jax.deploy import graph, model, onnx_graph

SIZE = 32
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 36, 36, 3)).astype(np.uint8)


def convolve(images, kernel):
    return jax.lax.conv_general_dilated(
        images, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
    )


def test_a_norm_is_folded_into_its_convolution_by_hand():
    """A 1x1 kernel 3; ((3 x - 1) 2 + 5) = 6 x + 3: kernel 6, bias 3."""
    kernel = np.full((1, 1, 1, 1), 3.0, np.float32)

    def function(x):
        return (convolve(x, kernel) - 1.0) * 2.0 + 5.0

    found = graph.fold(graph.trace(function, jnp.ones((1, 2, 2, 1))))
    assert [node.name for node in found.nodes] == ['conv_general_dilated', 'add']
    assert found.nodes[0].operands[1].item() == 6
    assert found.nodes[1].operands[1].item() == 3
    np.testing.assert_allclose(graph.call(found, jnp.full((1, 2, 2, 1), 2.0)), 15)


def test_a_result_that_is_used_twice_is_not_folded_away():
    kernel = np.full((1, 1, 1, 1), 3.0, np.float32)

    def function(x):
        y = convolve(x, kernel)
        return y * 2.0 + y

    found = graph.fold(graph.trace(function, jnp.ones((1, 2, 2, 1))))
    np.testing.assert_allclose(graph.call(found, jnp.ones((1, 2, 2, 1))), 9)


def test_a_factor_that_differs_between_pixels_stays():
    kernel = np.full((1, 1, 1, 1), 3.0, np.float32)
    mask = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)[None, :, :, None]
    found = graph.fold(
        graph.trace(lambda x: convolve(x, kernel) * mask, jnp.ones((1, 2, 2, 1)))
    )
    np.testing.assert_allclose(
        graph.call(found, jnp.ones((1, 2, 2, 1)))[0, :, :, 0], 3 * mask[0, :, :, 0]
    )


def card(method, backbone, recipe='flip'):
    """Of a network of width 8 for 36 px images that are resized to 32, or to the
    least that dlib's need."""
    size = {'dlib_affine': 103, 'dlib_batch': 103}.get(backbone, SIZE)
    size = 55 if backbone.startswith('dlib') and size == SIZE else size
    return {
        'class_names': tuple('abcdefg'),
        'image_size_px': 36,
        'vote': 'mean',
        'preprocessing': {'recipe': recipe, 'network_size_px': size}
        | augment.RECIPES[recipe].scale._asdict(),
        'algorithm': {'name': method},
        'backbone': {'backbone': backbone, 'width': 8, 'dtype': 'float32'},
        'data': {'train_examples': 10},
    }


CASES = [
    *(('baseline', name, 'flip') for name in nets.BACKBONES),
    *((method, 'cnn7', 'flip') for method in algorithms.names() if method != 'dmue'),
    ('dmue', 'cnn7', 'dmue'),  # its recipe crops
]


@pytest.mark.parametrize(('method', 'backbone', 'recipe'), CASES)
def test_every_network_folded_and_in_onnx(randomised, method, backbone, recipe):
    """Both say what the network says, for any batch; the norms are gone."""
    known = card(method, backbone, recipe)
    gain = 1.0 if 'resnet' in backbone else 2**0.5
    gain = 0.5 if 'dlib' in backbone else gain
    params, stats = randomised(model.shapes(known), gain)
    function = model.function(model.Model(known, params, stats))
    wanted = np.asarray(jax.jit(function)(IMAGES))
    assert wanted.shape == (3, 7)
    assert 1e-3 < np.abs(wanted - wanted[:1]).max() < 0.999, 'a test without content'

    b, height, width, channels = export.symbolic_shape('b, 36, 36, 3')
    free = jax.ShapeDtypeStruct((b, height, width, channels), np.uint8)
    found = graph.fold(graph.trace(function, free))
    users = graph.uses(found)
    for node in found.nodes:
        if node.name == 'conv_general_dilated':
            after = {user.name for user in users[node.results[0]]}
            assert after <= {'add'}, after

    proto = onnx_graph.translate(found)
    kinds = collections.Counter(node.op_type for node in proto.graph.node)
    assert kinds['Transpose'] <= 3, kinds
    convolutions = [node for node in proto.graph.node if node.op_type == 'Conv']
    assert all(len(node.input) == 3 for node in convolutions)
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    for count in (1, 3):
        (probs,) = session.run(None, {'images': IMAGES[:count]})
        np.testing.assert_allclose(probs, wanted[:count], atol=2e-5)


def test_a_folded_function_is_compiled_like_any_other(randomised):
    known = card('baseline', 'resnet18_slim')
    whole = model.Model(known, *randomised(model.shapes(known), 1.0))
    found = jax.jit(graph.folded(model.function(whole)))(IMAGES)
    np.testing.assert_allclose(found, model.compiled(whole)(IMAGES), atol=2e-5)


def test_onnx_refuses_wrong_images(randomised):
    known = card('baseline', 'cnn7')
    function = model.function(model.Model(known, *randomised(model.shapes(known))))
    shape = export.symbolic_shape('b, 36, 36, 3')
    proto = onnx_graph.translate(
        graph.trace(function, jax.ShapeDtypeStruct(shape, np.uint8))
    )
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    for images, message in (
        (IMAGES.transpose(0, 3, 1, 2), 'Expected: 36'),
        (IMAGES[:, :30], 'Expected: 36'),
        (IMAGES.astype(np.float32), r'expected: \(tensor\(uint8\)\)'),
    ):
        with pytest.raises(Exception, match=message):
            session.run(None, {'images': images})


KERNEL = np.random.default_rng(1).random((1, 1, 3, 3)).astype(np.float32)
MATRIX = np.random.default_rng(2).random((3, 5)).astype(np.float32)


def summed(x, dilation=1):
    window, border = (1, 2, 3, 1), ((0, 0), (1, 0), (0, 2), (0, 0))
    return jax.lax.reduce_window(
        x, 0.0, jax.lax.add, window, (1, 2, 1, 1), border,
        window_dilation=(1, dilation, 1, 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    'function',
    [
        lambda x: jnp.pad(x, ((0, 0), (1, 0), (2, 3), (0, 4)), constant_values=-2.0),
        lambda x: jax.lax.pad(x, 0.0, ((0, 0, 0), (-1, 2, 0), (0, -2, 0), (0, 0, 0))),
        summed,
        lambda x: jnp.concatenate([x, 2 * x, x], axis=3),
        lambda x: jax.lax.slice(x, (0, 1, 0, 1), (x.shape[0], 6, 5, 3), (1, 2, 3, 1)),
        lambda x: x @ MATRIX,
        lambda x: jnp.einsum('bhwc,cd->dbwh', x, MATRIX),
        lambda x: jnp.einsum('bhwc,bhwd->bcd', x, x + 1),
        lambda x: jnp.einsum('bhwc,d->bdhwc', x, MATRIX[0]),
    ],
)
def test_operations_behind_a_convolution(function):
    """Where ONNX has the channels second."""
    images = np.random.default_rng(3).random((2, 7, 6, 3)).astype(np.float32)

    def behind(x):
        return function(convolve(x, KERNEL))

    free = jax.ShapeDtypeStruct(export.symbolic_shape('b, 7, 6, 3'), np.float32)
    proto = onnx_graph.translate(graph.trace(behind, free))
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    (found,) = session.run(None, {'images': images})
    wanted = np.asarray(behind(images))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ('function', 'message'),
    [
        (jnp.sort, 'operation sort has no translation'),
        (lambda x: jax.lax.pad(x, 0.0, ((0, 0, 1),) * 4), 'a pad between values'),
        (lambda x: summed(x, 2), 'sums of pixels apart have no translation'),
    ],
)
def test_what_cannot_be_translated_is_named(function, message):
    with pytest.raises(ValueError, match=message):
        onnx_graph.translate(graph.trace(function, jnp.ones((1, 4, 4, 2))))


def test_parts_that_only_training_needs_stay_behind(randomised):
    for method, gone, kept in (
        ('dmue', 'params/auxiliary_0', 'params/target'),
        ('rul', 'params/log_var', 'params/mean'),
        ('pt_threshold', 'params/', 'stats/teacher_params'),
    ):
        known = card(method, 'cnn7') | {'networks': (1,)}
        whole = model.Model(known, *randomised(model.shapes(known)))
        found = model.weights(whole)
        assert not any(name.startswith(gone) for name in found), method
        assert any(name.startswith(kept) for name in found), method
        again = model.from_weights(known, found)
        np.testing.assert_array_equal(
            model.compiled(again)(IMAGES), model.compiled(whole)(IMAGES)
        )
