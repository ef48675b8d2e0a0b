"""Networks against loops, tiles against the whole, and a photograph."""

import pathlib
import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from fer_jax import faces
from fer_jax.faces import mtcnn, networks

# Marked by eye in an enlarged picture: pupils, tip of the nose, corners of the mouth.
MARKED = [[222, 190], [306, 186], [268, 240], [228, 281], [309, 279]]


def convolved(x, kernel):
    """[h, w, i] by [k, k, i, o], without padding."""
    k = len(kernel)
    rows, columns = x.shape[0] - k + 1, x.shape[1] - k + 1
    found = np.zeros((rows, columns, kernel.shape[3]))
    for r in range(rows):
        for c in range(columns):
            found[r, c] = np.einsum('abi,abio', x[r : r + k, c : c + k], kernel)
    return found


def largest(x, k):
    """Of k x k squares two apart, of which the last may be cut off by the edge."""
    rows, columns = (int(np.ceil((n - k) / 2)) + 1 for n in x.shape[:2])
    found = np.zeros((rows, columns, x.shape[2]))
    for r in range(rows):
        for c in range(columns):
            found[r, c] = x[2 * r : 2 * r + k, 2 * c : 2 * c + k].max(axis=(0, 1))
    return found


def by_loops(arrays, image, pools, heads):
    """What `heads` heads say of one image; a face's probability from the last one."""
    arrays = iter([np.asarray(array, np.float64) for array in arrays])
    x = (image - 127.5) / 128
    for pool in pools:
        kernel, bias, slope = next(arrays), next(arrays), next(arrays)
        if kernel.ndim == 4:
            x = convolved(x, kernel) + bias
        else:
            columns_first = x.transpose(1, 0, 2) if x.ndim == 3 else x
            x = columns_first.ravel() @ kernel + bias
        x = np.maximum(x, 0) + slope * np.minimum(x, 0)
        x = largest(x, pool) if pool else x
    found = []
    for _ in range(heads):
        kernel, bias = next(arrays), next(arrays)
        kernel = kernel.reshape(kernel.shape[-2:])  # windows of 1 x 1
        found.append(x @ kernel + bias)
    logits = found.pop()
    found.append(1 / (1 + np.exp(logits[..., 0] - logits[..., 1])))
    return found


@pytest.mark.parametrize(
    ('name', 'size_px', 'pools', 'heads'),
    [
        ('pnet', 17, [2, 0, 0], 2),  # odd: the last square is cut off
        ('rnet', 24, [3, 3, 0, 0], 2),
        ('onet', 48, [3, 3, 2, 0, 0], 3),
    ],
)
def test_networks_say_what_loops_say(name, size_px, pools, heads):
    images = np.random.default_rng(1).integers(0, 256, (2, size_px, size_px, 3))
    arrays = networks.weights()[name]
    found = getattr(networks, name)(arrays, images.astype(np.uint8))
    for place, image in enumerate(images):
        wanted = by_loops(arrays, image, pools, heads)
        if name == 'onet':
            wanted[1] = np.stack([wanted[1][:5], wanted[1][5:]], axis=1)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one[place], other, atol=2e-5)


def test_tiles_say_what_the_whole_copy_says():
    """Windows of 150 x 97 px: 70 x 43, on 3 x 2 tiles of 32 x 32."""
    level = np.random.default_rng(2).integers(0, 256, (150, 97, 3), np.uint8)
    assert mtcnn.cells(level) == [70, 43]
    tiles = np.array(list(mtcnn.tiled(level)))
    assert tiles.shape == (6, 74, 74, 3)
    found = networks.ask(networks.pnet, tiles)
    wanted = networks.pnet(networks.weights()['pnet'], level[None])
    for one, whole in zip(found, wanted, strict=True):
        np.testing.assert_allclose(
            mtcnn.joined(one, 70, 43), whole[0][:70, :43], atol=1e-5
        )


def test_a_face_is_found_where_it_is(hopper):
    found = faces.detect(hopper)
    assert found.scores.shape == (1,)
    assert found.scores[0] > 0.98
    far = np.linalg.norm(found.landmarks[0] - MARKED, axis=1)
    assert far.max() < 8, far  # a face of 200 px
    left, top, right, bottom = found.boxes[0]
    assert 160 < left < 200
    assert 90 < top < 140
    assert 330 < right < 380
    assert 320 < bottom < 360
    assert 'mtcnn' not in sys.modules
    assert 'tensorflow' not in sys.modules


def test_several_pictures_at_a_time_have_the_same_faces(hopper, monkeypatch):
    """Of different sizes, one of them without a face; in passes of up to 100,000 px
    also (three, one alone, one)."""
    photograph = Image.fromarray(hopper)
    sizes = [(171, 200), (90, 120), (230, 220), (290, 340), (102, 120)]
    pictures = [np.array(photograph.resize(size)) for size in sizes]
    pictures[1][:] = 90
    wanted = [faces.detect(picture) for picture in pictures]
    assert [len(one.scores) for one in wanted] == [1, 0, 1, 1, 1]
    for together in (mtcnn.TOGETHER_PX, 100_000):
        monkeypatch.setattr(mtcnn, 'TOGETHER_PX', together)
        found = faces.detect_all(pictures)
        for one, other in zip(found, wanted, strict=True):
            for left, right in zip(one, other, strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-6)
    assert [len(some) for some in mtcnn.few(pictures)] == [3, 1, 1]
    assert faces.detect_all([]) == []


def test_a_mirrored_or_smaller_copy_has_the_same_face(hopper):
    wanted = faces.detect(hopper).landmarks[0]
    mirrored = faces.detect(np.ascontiguousarray(hopper[:, ::-1])).landmarks[0]
    back = (mirrored * [-1, 1] + [512, 0])[[1, 0, 2, 4, 3]]
    assert np.abs(back - wanted).max() < 6
    smaller = np.array(Image.fromarray(hopper).resize((154, 180)))
    found = faces.detect(smaller).landmarks
    assert len(found) == 1
    assert np.abs(found[0] / 0.3 - wanted).max() < 8


def test_faces_of_a_group_from_left_to_right(hopper):
    """A small dark one, a large one, a small light one: by no score or size."""
    small = np.array(Image.fromarray(hopper).resize((171, 200)))
    group = np.full((600, 854, 3), 128, np.uint8)
    group[300:500, :171] = small // 2
    group[:, 171:683] = hopper
    group[200:400, 683:] = 127 + small // 2
    found = faces.detect(group)
    assert len(found.scores) == 3
    assert (np.diff(found.scores) <= 0).all()
    dark, middle, light = faces.crops(group, 48).mean(axis=(1, 2, 3))
    assert dark < middle < light


def test_faces_under_the_bound_are_left_out(hopper):
    """A face of about 12 px, which the networks do find, and one of 200."""
    tiny = np.array(Image.fromarray(hopper).resize((32, 38)))
    assert len(faces.detect(tiny).scores) == 0
    assert len(faces.detect(tiny, smallest_px=10).scores) == 1
    assert len(faces.detect(hopper, smallest_px=400).scores) == 0


@pytest.mark.parametrize('shape', [(1, 1), (11, 300), (40, 2000), (200, 200)])
def test_no_face_is_none_of_the_right_shape(shape):
    found = faces.detect(np.full((*shape, 3), 90, np.uint8))
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)
    assert faces.crops(np.full((*shape, 3), 90, np.uint8), 24).shape == (0, 24, 24, 3)


@pytest.mark.parametrize(
    'image', [np.zeros((50, 50), np.uint8), np.zeros((50, 50, 3), np.float32)]
)
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match=r'wanted uint8 \[H, W, 3\]'):
        faces.detect(image)


class Trap:
    """A pickle that makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@pytest.fixture
def forgotten():
    networks.weights.cache_clear()
    yield
    networks.weights.cache_clear()


@pytest.mark.usefixtures('forgotten')
def test_other_weights_are_not_even_read(tmp_path, monkeypatch):
    folder = tmp_path / 'mtcnn' / 'assets' / 'weights'
    folder.mkdir(parents=True)
    (tmp_path / 'mtcnn' / '__init__.py').touch()
    (folder / 'pnet.lz4').write_bytes(pickle.dumps(Trap(tmp_path / 'sprung')))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FileNotFoundError, match=r'pnet\.lz4: not the file of mtcnn 1'):
        networks.weights()
    assert not (tmp_path / 'sprung').exists()


@pytest.mark.usefixtures('forgotten')
def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, 'path', [])
    sys.path_importer_cache.clear()
    with pytest.raises(
        FileNotFoundError, match=r'pip install mtcnn==1\.0\.0'
    ) as caught:
        networks.weights()
    assert len(str(caught.value).splitlines()) == 1
