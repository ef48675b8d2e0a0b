"""Similarities by hand and by NumPy's least squares; pixels that go where they must."""

import numpy as np
import pytest

from fer_jax.faces import align


def test_a_similarity_by_hand():
    """A quarter turn (x, y) -> (-y, x), twice as large, shifted by (3, 5):
    (1, 0) -> (3, 7), (0, 1) -> (1, 5), (2, 4) -> (-5, 9)."""
    source = [[1, 0], [0, 1], [2, 4]]
    target = [[3, 7], [1, 5], [-5, 9]]
    wanted = [[0, -2, 3], [2, 0, 5]]
    np.testing.assert_allclose(align.similarity(source, target), wanted, atol=1e-12)


def test_noisy_points_as_by_least_squares():
    """x' = a x - b y + t, y' = b x + a y + u is linear in (a, b, t, u)."""
    generator = np.random.default_rng(0)
    source = generator.normal(50, 20, (5, 2))
    target = align.TEMPLATE + generator.normal(0, 3, (5, 2))
    rows = []
    for x, y in source:
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
    a, b, t, u = np.linalg.lstsq(np.array(rows), target.ravel())[0]
    wanted = [[a, -b, t], [b, a, u]]
    np.testing.assert_allclose(align.similarity(source, target), wanted, atol=1e-9)


def test_a_mirrored_face_is_not_mirrored_back():
    mirrored = align.TEMPLATE * [-1, 1] + [112, 0]
    turn = align.similarity(mirrored, align.TEMPLATE)[:, :2]
    assert np.linalg.det(turn) > 0


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match='5 points in one place; wanted landmarks'):
        align.similarity(np.ones((5, 2)), align.TEMPLATE)


@pytest.mark.parametrize('size_px', [48, 112])
@pytest.mark.parametrize('scale', [0.7, 2.0, 7.0])
def test_landmarks_end_on_the_template(size_px, scale):
    """A disc at each landmark of a turned, shifted, larger face."""
    z = scale * np.exp(0.4j)
    turn = np.array([[z.real, -z.imag], [z.imag, z.real]])
    landmarks = align.TEMPLATE @ turn.T
    landmarks += 8 * scale - landmarks.min(axis=0)  # discs are whole
    width, height = (landmarks.max(axis=0) + 8 * scale).astype(int)
    y, x = np.mgrid[:height, :width] + 0.5
    for landmark, wanted in zip(landmarks, align.TEMPLATE * size_px / 112):
        far = np.hypot(x - landmark[0], y - landmark[1])
        disc = np.where(far < 6 * scale, 255, 0).astype(np.uint8)
        found = align.aligned(disc[..., None].repeat(3, 2), landmarks, size_px)
        assert found.shape == (size_px, size_px, 3)
        weights = found[..., 0].astype(float)
        rows, columns = np.mgrid[:size_px, :size_px] + 0.5
        centre = [(weights * at).sum() / weights.sum() for at in (columns, rows)]
        np.testing.assert_allclose(centre, wanted, atol=0.25)


def test_a_face_in_its_place_keeps_its_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)
    np.testing.assert_array_equal(align.aligned(pixels, align.TEMPLATE), pixels)


def test_a_large_face_is_averaged():
    """Black and white columns by turns, 8.2 times too large: grey, not stripes."""
    stripes = np.zeros((920, 920, 3), np.uint8)
    stripes[:, ::2] = 255
    found = align.aligned(stripes, align.TEMPLATE * 8.2)
    assert np.abs(found[1:-1, 1:-1].astype(int) - 127).max() <= 1


def test_beyond_the_picture_it_is_black():
    """The picture begins 30 px to the right of where the square does."""
    white = np.full((112, 82, 3), 255, np.uint8)
    found = align.aligned(white, align.TEMPLATE - [30, 0])
    assert (found[:, :29] == 0).all()
    assert (found[:, 31:] == 255).all()


def test_a_template_of_ones_own():
    """Landmarks of a face go where the template has them: a dot on the left eye."""
    landmarks = align.TEMPLATE + np.array([20, 30])
    image = np.zeros((200, 200, 3), np.uint8)
    x, y = landmarks[0]
    image[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 255
    template = align.TEMPLATE / align.TEMPLATE_PX
    np.testing.assert_array_equal(
        align.aligned(image, landmarks, 100, template),
        align.aligned(image, landmarks, 100),
    )
    for shift in ([0, 0], [0.1, -0.2]):
        found = align.aligned(image, landmarks, 100, template + shift)[..., 0]
        centre = [
            np.average(np.arange(100) + 0.5, weights=found.sum(axis)) for axis in (0, 1)
        ]
        np.testing.assert_allclose(centre, 100 * (template[0] + shift), atol=1)
