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
    """Of a network of width 8 for 36 px images that are resized to 32."""
    return {
        'class_names': tuple('abcdefg'),
        'image_size_px': 36,
        'vote': 'mean',
        'preprocessing': {'recipe': recipe, 'network_size_px': SIZE}
        | augment.RECIPES[recipe].scale._asdict(),
        'algorithm': {'name': method},
        'backbone': {'backbone': backbone, 'width': 8, 'dtype': 'float32'},
        'data': {'train_examples': 10},
    }


CASES = [
    *(('baseline', name, 'flip') for name in nets.BACKBONES if name[:4] != 'dlib'),
    *((method, 'cnn7', 'flip') for method in algorithms.names() if method != 'dmue'),
    ('dmue', 'cnn7', 'dmue'),  # its recipe crops
]


@pytest.mark.parametrize(('method', 'backbone', 'recipe'), CASES)
def test_every_network_folded_and_in_onnx(randomised, method, backbone, recipe):
    """Both say what the network says, for any batch; the norms are gone."""
    known = card(method, backbone, recipe)
    gain = 1.0 if 'resnet' in backbone else 2**0.5
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


def test_what_cannot_be_translated_is_named():
    with pytest.raises(ValueError, match='operation sort has no translation'):
        onnx_graph.translate(graph.trace(jnp.sort, jnp.ones((2, 3))))


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
