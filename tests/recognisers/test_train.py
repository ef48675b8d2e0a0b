"""The command that makes what ships, on drawn faces."""

import numpy as np
import pytest

from data_prep import __main__ as data_prep
from fer_jax import Recognizer
from fer_jax.data import coordinates, pipeline, prepared
from fer_jax.deploy import card
from fer_jax.recognisers import train


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """(prepared set, the folder that the command made of it)."""
    folder = tmp_path_factory.mktemp('made')
    drawn = f'synthetic --out={folder}/faces --train=90 --test=30 --size=48 --seed=3'
    assert data_prep.main(drawn.split()) == 0
    options = [f'--data={folder}/faces', f'--out={folder}/drawn']
    assert train.main(options) == 0
    return prepared.load(folder / 'faces'), folder / 'drawn'


def test_the_numbers_of_the_card_are_those_of_the_recogniser(made):
    data, folder = made
    known = card.read(folder)
    assert known['class_names'] == data.class_names
    assert 60 < known['data']['train_examples'] < 90  # the rest set the temperature
    images = pipeline.Reader(data.test)(np.arange(30))
    probs = Recognizer.load(folder).squares(images)
    confusion = np.zeros((7, 7), int)
    np.add.at(confusion, (data.test.labels, probs.argmax(axis=1)), 1)
    assert np.abs(confusion - known['metrics']['confusion']).sum() <= 2  # float16
    assert known['metrics']['accuracy'] > 0.3  # chance: .14
    assert 'On 30 faces' in (folder / card.README).read_text()


def test_eyes_nose_and_mouth_are_where_faces_have_them(made):
    places = np.array(card.read(made[1])['preprocessing']['landmarks'])
    assert places[2, 0] == 0.5
    np.testing.assert_allclose(places[0] + places[1], [1, 2 * places[0, 1]])
    assert (places[:2, 1] < places[2, 1]).all()
    assert (places[3:, 1] > places[2, 1]).all()


def test_a_folder_that_is_there_is_not_written_over(made, capsys):
    data, folder = made
    assert train.main([f'--data={data.folder}', f'--out={folder}']) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert str(folder) in said


def test_columns_that_hardly_move_are_left_out():
    """Deviations 1, 2, .04 and a constant: below .05 of the median, 1, there is .04."""
    scale = np.array([[[1, 0.5, 1, 25, 0]]], np.float32)
    columns = np.arange(5).reshape(1, 1, 5)
    axes = coordinates.Coordinates(columns, scale, scale, np.eye(5, dtype=np.float32))
    assert train.without_quiet(axes).scale.tolist() == [[[1, 0.5, 1, 0, 0]]]
