"""dlib's face network: dlib's descriptors, the form with batch norms, small images."""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data_prep import synthetic
from fer_jax import nets
from fer_jax.data import dlib_model
from fer_jax.nets import dlib, face_weights
from fer_jax.training import frozen

# dlib-bin 20.0.1: face_recognition_model_v1(file).compute_face_descriptor(face)
STORED = pathlib.Path(__file__).parent / 'dlib_descriptors.npy'  # [4, 128] float32


def drawn():
    """Four drawn faces of 150 px: uint8 [4, 150, 150, 3], in colour."""
    return np.stack([synthetic.draw(0, 'train', i, 150)[0] for i in range(4)])


def normalised(faces):
    return (faces / 255 - np.array(dlib_model.MEAN)) / np.array(dlib_model.STD)


@pytest.fixture(scope='module')
def network():
    return frozen.face_network()


def descriptors(network, faces):
    """[N, 128] by our network and the file's last matrix."""
    images = jnp.asarray(normalised(faces), jnp.float32)
    run = jax.jit(
        lambda images: network.backbone.apply(network.variables, images, False)
    )
    return np.asarray(run(images).pooled) @ dlib_model.read()[1]


def test_descriptors_are_those_that_dlib_gave(network):
    np.testing.assert_allclose(
        descriptors(network, drawn()), np.load(STORED), atol=1e-5
    )


def test_descriptors_are_those_of_dlib_here(network):
    theirs = pytest.importorskip('dlib').face_recognition_model_v1(
        str(dlib_model.path())
    )
    wanted = [np.array(theirs.compute_face_descriptor(face)) for face in drawn()]
    np.testing.assert_allclose(descriptors(network, drawn()), wanted, atol=1e-5)


def test_the_batch_form_evaluates_to_the_affine_one():
    """And the neck gives the faces that it was made from mean 0, deviation near 1."""
    faces = np.stack([synthetic.draw(0, 'train', i, 67)[0] for i in range(6)])
    images, arrays = normalised(faces).astype(np.float32), dlib_model.read()[0]
    found = []
    for form, norm in (
        (face_weights.affine_form, 'affine'),
        (face_weights.batch_form, 'batch'),
    ):
        tensors = form(arrays, images, 4)
        running = {n for n in tensors if n.endswith(('/mean', '/var'))}
        variables = {
            'params': face_weights.tree(
                {n: tensors[n] for n in tensors.keys() - running}
            ),
            'batch_stats': face_weights.tree({n: tensors[n] for n in running}),
        }
        net = nets.make(f'dlib_{norm}4')
        shapes = jax.eval_shape(
            lambda x, net=net: net.init(jax.random.key(0), x, False), images
        )
        assert jax.tree.map(np.shape, shapes['params']) == jax.tree.map(
            np.shape, variables['params']
        )
        run = jax.jit(lambda v, x, net=net: net.apply(v, x, False).pooled)
        found.append(np.asarray(run(variables, images)))
    np.testing.assert_allclose(found[1], found[0], atol=1e-4)
    np.testing.assert_allclose(found[0].mean(axis=0), 0, atol=1e-4)
    assert 0.5 < found[0].std() < 1


def test_the_stem_and_small_maps_are_plain_convolutions():
    generator = np.random.default_rng(0)
    images = jnp.asarray(generator.normal(size=(2, 23, 20, 3)), jnp.float32)
    kernel = jnp.asarray(generator.normal(size=(7, 7, 3, 4)), jnp.float32)
    np.testing.assert_allclose(
        dlib.convolved(*dlib.in_blocks(images, kernel), 1, 0),
        dlib.convolved(images, kernel, 2, 0),
        rtol=1e-4, atol=1e-4,
    )  # fmt: skip
    maps = jnp.asarray(generator.normal(size=(2, 3, 2, 5)), jnp.float32)
    kernel = jnp.asarray(generator.normal(size=(3, 3, 5, 4)), jnp.float32)
    np.testing.assert_allclose(
        dlib.multiplied(maps, kernel), dlib.convolved(maps, kernel, 1, 1), atol=1e-4
    )


def test_max_pool_and_sums_of_unlike_maps():
    rows = jnp.arange(25.0).reshape(1, 5, 5, 1)
    np.testing.assert_array_equal(dlib.max_pool(rows)[0, :, :, 0], [[12, 14], [22, 24]])
    total = dlib.add(jnp.ones((1, 1, 2, 1)), jnp.ones((1, 2, 1, 2)))
    np.testing.assert_array_equal(total[0], [[[2, 1], [1, 0]], [[1, 1], [0, 0]]])


@pytest.mark.parametrize(('name', 'least'), [('dlib_affine', 103), ('dlib_batch4', 55)])
def test_images_that_are_too_small(name, least):
    net = nets.make(name)

    def init(pixels):
        shape = jax.ShapeDtypeStruct((2, pixels, pixels, 3), jnp.float32)
        key = jax.random.key(0)
        run = lambda x: net.init_with_output(key, x, False)[0].maps  # noqa: E731
        return jax.eval_shape(run, shape).shape

    assert init(least) == (2, 1, 1, 256)
    with pytest.raises(ValueError, match=f'need {least} pixels'):
        init(least - 1)
