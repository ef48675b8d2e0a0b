import numpy as np
import pytest
from PIL import Image

from data_prep import __main__ as door
from data_prep import canvas, faces, synthetic
from fer_jax.data import prepared, records, sets
from fer_jax.data.pipeline import decode


def test_a_face_is_a_function_of_seed_split_and_index():
    image, label = synthetic.draw(3, 'train', 5)
    again, label_again = synthetic.draw(3, 'train', 5)
    np.testing.assert_array_equal(image, again)
    assert label == label_again
    for other in ((4, 'train', 5), (3, 'test', 5), (3, 'train', 6)):
        assert not np.array_equal(image, synthetic.draw(*other)[0])


@pytest.mark.parametrize('size_px', [24, 48, 100])
def test_images_have_the_size_asked_for_and_use_the_range(size_px):
    images = np.stack([synthetic.draw(0, 'train', i, size_px)[0] for i in range(12)])
    assert images.shape == (12, size_px, size_px, 3)
    assert images.dtype == np.uint8
    assert images.std(axis=(1, 2, 3)).min() > 8  # none is blank


def test_the_label_does_not_depend_on_the_size():
    for index in range(10):
        labels = {synthetic.draw(1, 'test', index, size)[1] for size in (16, 48)}
        assert len(labels) == 1


def test_tables_name_the_classes_and_muscles():
    known = set(sets.SETS['synthetic'].class_names)
    assert set(synthetic.PRIOR) == set(synthetic.MUSCLES) == known
    assert sum(synthetic.PRIOR.values()) == pytest.approx(1)
    for pulls in synthetic.MUSCLES.values():
        assert len(pulls) == len(faces.Muscles._fields)
        assert max(map(abs, pulls)) <= 1


def test_classes_come_as_often_as_the_prior_says():
    """2,000 draws: the standard deviation of a share is at most .0093."""
    names = [
        synthetic.choose_class(synthetic.Dice(0, 'train', index))
        for index in range(2000)
    ]
    for name, share in synthetic.PRIOR.items():
        assert names.count(name) / 2000 == pytest.approx(share, abs=0.04)


def test_the_label_dominates_its_blend():
    """a (1 - m) > a m for m < 1/2, so on average a face is nearest its own class.

    The blend lies on the segment from the label's pulls to the other's, nearer the
    first, and is then shrunk towards neutral: the direction decides, not the length.
    """
    right = total = 0
    table = np.array(list(synthetic.MUSCLES.values()))
    units = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    for index in range(300):
        dice = synthetic.Dice(0, 'test', index)
        name = synthetic.choose_class(dice)
        if name == 'neutral':
            continue
        nearest = np.argmax(units @ np.array(synthetic.expression(dice, name)))
        right += list(synthetic.MUSCLES)[nearest] == name
        total += 1
    assert 0.75 < right / total < 1  # neither lost nor without ambiguous faces


def test_straight_at_the_camera_a_point_lands_where_scale_and_shift_say():
    """48 px, scale .4, shift (.1, 0): x = 24 + 4.8 + 19.2 = 48, y = 24 - 9.6."""
    pose = canvas.Pose(0, 0, 0, scale=0.4, shift_x=0.1, shift_y=0)
    placed = canvas.Canvas(pose, 48, (0, 0, 0)).place([(1, -0.5)])
    np.testing.assert_allclose(placed, [48, 14.4])


def test_rolling_a_quarter_turn_sends_right_to_down():
    pose = canvas.Pose(np.pi / 2, 0, 0, scale=0.5, shift_x=0, shift_y=0)
    placed = canvas.Canvas(pose, 100, (0, 0, 0)).place([(1, 0)])
    np.testing.assert_allclose(placed, [50, 100], atol=1e-9)


def test_a_curve_passes_through_its_knots():
    knots = [(0, 0), (1, 3), (2, -1)]
    np.testing.assert_allclose(canvas.curve(*knots, points=5)[::2], knots, atol=1e-12)


def test_the_door_writes_the_faces_that_draw_gives(tmp_path):
    """More faces leave the earlier ones as they are; every label is the true one."""
    for train, name in ((4, 'small'), (9, 'large')):
        arguments = [f'--train={train}', '--test=3', '--size=32', '--seed=2']
        out = f'--out={tmp_path / name}'
        assert door.main(['synthetic', out, *arguments]) == 0
    small, large = (prepared.load(tmp_path / name) for name in ('small', 'large'))
    assert small.set_name == 'synthetic'
    assert len(small.train.ids) == 4
    assert len(large.train.ids) == 9
    np.testing.assert_array_equal(large.train.ids[:4], small.train.ids)
    np.testing.assert_array_equal(large.test.labels, small.test.labels)
    for data in (small, large):
        np.testing.assert_array_equal(data.train.labels, data.train.clean_labels)
        stored = records.RecordSource(data.train.shards)
        for index in range(4):
            name, png = records.decode_example(stored[index])
            image, label = synthetic.draw(2, 'train', index, 32)
            np.testing.assert_array_equal(decode(png, 32), image)
            assert name == f'train-{index:06}'
            assert data.train.labels[index] == label


def test_wrong_options_are_refused_in_one_line(tmp_path, capsys):
    for wrong in ('--train=0', '--size=8', '--seed=-1'):
        assert door.main(['synthetic', f'--out={tmp_path / "o"}', wrong]) == 2
        said = capsys.readouterr().err.strip()
        assert wrong in said
        assert '\n' not in said
    assert not (tmp_path / 'o').exists()


def test_a_contact_sheet_has_a_row_for_each_class(tmp_path, capsys):
    folder = tmp_path / 'faces'
    door.main(['synthetic', f'--out={folder}', '--train=9', '--test=2', '--size=16'])
    out = tmp_path / 'sheet.png'
    assert door.main(['sheet', str(folder), f'--out={out}', '--columns=2']) == 0
    with Image.open(out) as image:
        assert image.size == (90 + 2 * 16, 7 * 16)
    assert door.main(['sheet', str(tmp_path / 'none'), f'--out={out}']) == 2
