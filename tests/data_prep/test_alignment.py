"""Each rule of alignment, on a photograph and on boxes by hand."""

import argparse
import dataclasses
import io
import math
import pickle

import numpy as np
import pytest
from PIL import Image

from data_prep import alignment, squares
from fer_jax import faces
from fer_jax.faces import networks

GREY = np.full((90, 120, 3), 90, np.uint8)


@pytest.fixture(scope='module')
def small(hopper):
    """uint8 [200, 171, 3]; a face of about 60 x 77 px."""
    return np.array(Image.fromarray(hopper).resize((171, 200)))


def beside(*pictures):
    """Pictures in a row on grey, upper edges at one height."""
    height = max(len(picture) for picture in pictures)
    filled = [
        np.pad(one, [(0, height - len(one)), (0, 0), (0, 0)], constant_values=128)
        for one in pictures
    ]
    return np.concatenate(filled, axis=1)


def outcomes(aligner, images, boxes=None, landmarks=None):
    none = [None] * len(images)
    return aligner(images, boxes or none, landmarks or none)


def test_one_face_is_aligned_and_no_face_is_left_out(small):
    aligner = alignment.Aligner('mtcnn', 48)
    face, empty = outcomes(aligner, [small, GREY])
    found = faces.detect(small, smallest_px=32 * 0.709)
    np.testing.assert_array_equal(
        face.pixels, faces.aligned(small, found.landmarks[0], 48)
    )
    assert (face.reason, face.faces) == ('one face', 1)
    assert face.score == pytest.approx(found.scores[0])
    assert face.face_px == pytest.approx(np.ptp(found.boxes[0, 1::2]), abs=0.01)
    assert empty[:3] == (None, 'no face', 0)
    assert math.isnan(empty.score)


def test_without_a_face_the_middle_or_the_box_is_taken():
    """120 x 90 px: the middle square has columns 15 to 105. The box [10, 20, 30, 50]
    is 30 high, so its square is [5, 20, 35, 50]."""
    image = np.random.default_rng(0).integers(0, 256, GREY.shape, np.uint8)
    middle = alignment.Aligner('mtcnn', 90, no_face='centre')
    boxed = dataclasses.replace(middle, size_px=30)
    (first,) = outcomes(middle, [image])
    (second,) = outcomes(boxed, [image], [(10, 20, 30, 50)])
    assert first.reason == second.reason == 'no face'
    np.testing.assert_array_equal(first.pixels, image[:, 15:105])
    np.testing.assert_array_equal(second.pixels, image[20:50, 5:35])


def test_of_several_faces_the_largest_or_that_of_the_box(small):
    """Twice the same face, the left one in half the light and a third smaller."""
    dark = np.array(Image.fromarray(small // 2).resize((114, 133)))
    group = beside(dark, small)
    aligner = alignment.Aligner('mtcnn', 48)
    large, boxed = outcomes(aligner, [group, group], [None, (35, 25, 80, 80)])
    assert (large.reason, large.faces) == ('several faces', 2)
    assert (boxed.reason, boxed.faces) == ('one face', 1)  # the other is not seen
    assert large.face_px > 65 > 55 > boxed.face_px
    assert boxed.pixels.mean() < 0.6 * large.pixels.mean()


def test_a_face_off_the_given_box_is_not_taken(small):
    (found,) = outcomes(alignment.Aligner('mtcnn', 48), [small], [(0, 120, 60, 180)])
    assert found[:2] == (None, 'no face')


def test_preferred_faces_by_hand():
    """Areas 400, 441, 3600. Of the box [5, 40, 25, 60] the second has 400 px of
    441 in all, the first nothing, the last 15 x 20 px, 300 of 3700."""
    found = np.array([[40, 40, 60, 60], [4.5, 39.5, 25.5, 60.5], [-40, 20, 20, 80]])
    assert alignment.preferred(found, None).tolist() == [2, 1, 0]
    box = np.array([5.0, 40, 25, 60])
    assert alignment.preferred(found, box).tolist() == [1]
    assert alignment.preferred(found[:0], box).tolist() == []


def test_tiny_faces_do_not_count(small):
    """The large face has about 77 px, the other one half of it."""
    half = np.array(Image.fromarray(small).resize((86, 100)))
    aligner = alignment.Aligner('mtcnn', 48, smallest_px=50)
    alone, group = outcomes(aligner, [half, beside(half, small)])
    assert alone[:3] == (None, 'tiny face', 1)
    assert (group.reason, group.faces) == ('one face', 2)
    assert group.face_px > 65


def test_around_a_box_the_face_is_the_same(hopper):
    """What lies around a large box is looked at three times smaller."""
    whole, boxed = outcomes(
        alignment.Aligner('mtcnn', 112),
        [hopper, hopper],
        [None, (170, 110, 350, 340)],
    )
    assert alignment.view(hopper, np.array([170, 110, 350, 340.0]))[2] == 3
    assert boxed.face_px == pytest.approx(whole.face_px, rel=0.1)
    error = np.abs(whole.pixels.astype(int) - boxed.pixels).mean()
    assert error < 10, error


def test_given_landmarks_either_side_first(hopper):
    found = faces.detect(hopper).landmarks[0].astype(float)
    aligner = alignment.Aligner('landmarks', 48)
    images, swapped = [hopper] * 5, found[[1, 0, 2, 4, 3]]
    useless = [None, np.ones((5, 2)), np.full((5, 2), np.nan)]
    one, other, *rest = outcomes(aligner, images, None, [found, swapped, *useless])
    np.testing.assert_array_equal(one.pixels, faces.aligned(hopper, found, 48))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert [outcome[:2] for outcome in rest] == [(None, 'no landmarks')] * 3


@pytest.mark.parametrize('kind', ['JPEG', 'PNG'])
def test_an_aligned_picture_is_encoded_as_it_was_whatever_its_name(
    hopper, tmp_path, kind
):
    path = tmp_path / ('face.png' if kind == 'JPEG' else 'face.jpg')
    Image.fromarray(hopper).convert('L').save(path, kind)
    points = faces.detect(hopper).landmarks[0]
    picture = squares.Picture('face', path, 0, landmarks=points)
    aligner = alignment.Aligner('landmarks', 48)
    (found,) = squares.convert([picture], 48, aligner)
    with Image.open(io.BytesIO(found.data)) as image:
        assert (image.format, image.size) == (kind, (48, 48))


def test_given_landmarks_of_a_tiny_face(hopper):
    """On the template scaled to a quarter the square is 28 px."""
    aligner = alignment.Aligner('landmarks', 48)
    (found,) = outcomes(aligner, [hopper], None, [faces.TEMPLATE / 4])
    assert found[:3] == (None, 'tiny face', 1)
    assert found.face_px == pytest.approx(28)


def test_given_boxes_by_hand():
    """[100, 10, 130, 50] is 40 high: a square [95, 10, 135, 50], of which the last 15
    columns are beyond the picture."""
    image = np.full_like(GREY, 200)
    boxes = [(100, 10, 130, 50), None, (130, 10, 170, 50), (9, 9, 9, 50), (0, 0, 20, 9)]
    found = outcomes(alignment.Aligner('boxes', 40), [image] * 5, boxes)
    assert [outcome.reason for outcome in found] == [
        'one face', 'no box', 'no box', 'no box', 'tiny face',
    ]  # fmt: skip
    assert (found[0].pixels[:, :25] == 200).all()
    assert (found[0].pixels[:, 25:] == 0).all()
    assert found[0].face_px == 40


def options(text):
    parser = argparse.ArgumentParser()
    alignment.add_arguments(parser)
    return parser.parse_args(text.split())


def test_options_make_an_aligner_that_other_processes_can_have():
    assert alignment.make(options(''), 48) is None
    made = alignment.make(options('--align=boxes --no-face=centre'), 48)
    assert pickle.loads(pickle.dumps(made)) == made
    assert dataclasses.asdict(made) == {
        'kind': 'boxes', 'size_px': 48, 'no_face': 'centre', 'smallest_px': 32,
    }  # fmt: skip
    with pytest.raises(ValueError, match='--smallest-face=0; wanted 1 px or more'):
        alignment.make(options('--align=boxes --smallest-face=0'), 48)


def test_missing_weights_are_known_before_any_work(monkeypatch):
    def missing():
        raise FileNotFoundError('pip install mtcnn==1.0.0')

    monkeypatch.setattr(networks, 'weights', missing)
    assert alignment.make(options('--align=boxes'), 48).kind == 'boxes'
    with pytest.raises(FileNotFoundError, match='pip install'):
        alignment.make(options('--align=mtcnn'), 48)


def test_what_is_listed_of_an_outcome():
    kept = alignment.Outcome(GREY, 'several faces', 2, 0.98765, 45.26)
    assert kept.note == ('several faces', '2', '0.988', '45.3')
    assert alignment.Outcome(None, 'no face').note == ('no face', '0', '', '')
    assert len(kept.note) == len(alignment.NOTED)
