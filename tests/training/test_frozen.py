"""Features of faces by a frozen network: parts of maps, both mirror images."""

import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax.data import augment, pipeline, prepared, weights
from fer_jax.errors import Unusable
from fer_jax.training import frozen


def test_parts_of_maps():
    """Rows 0-1, 1-2 (they overlap), 2-3 of four; each value is its row + 10 channel."""
    maps = jnp.arange(4.0)[None, :, None, None] + 10 * jnp.arange(2.0)
    maps = jnp.broadcast_to(maps, (1, 4, 3, 2))
    found = np.asarray(frozen.in_parts(maps)).reshape(3, 3, 2)
    np.testing.assert_allclose(found[:, 0, 0], [0.5, 1.5, 2.5])
    np.testing.assert_allclose(found[1, :, 1], [11.5] * 3)


def test_shapes_of_the_face_network():
    sizes = frozen.face_network().shapes(48)
    assert list(sizes.items()) == list({
        'stage1': 32, 'stage2': 64, 'stage3': 128, 'stage4': 256, 'stage5': 256,
        'stage2_grid': 576, 'stage3_grid': 1152, 'stage4_grid': 2304,
    }.items())  # fmt: skip
    assert sum(sizes.values()) * frozen.VIEWS * 2 == 19_072  # bytes, as the door says


def test_features_are_means_of_maps_of_both_mirror_images(own_network, faces, tmp_path):
    data = prepared.load(faces)
    network = frozen.own_network(own_network, 48)
    rows = {'train': np.array([0, 3, 5]), 'test': np.array([1])}
    store = frozen.extract(network, data, tmp_path / 'out', rows=rows)
    assert store.card['dataset_digest'] == data.digest
    assert store.card['weights_sha256'] == weights.read_card(own_network)['sha256']
    found = np.concatenate(list(store.train.blocks()))
    images = pipeline.Reader(data.train)(rows['train'])
    for view, seen in enumerate((images, images[:, :, ::-1])):
        ready = augment.resized(jnp.asarray(seen), 48) / 255 * 2 - 1
        output = network.backbone.apply(network.variables, ready, False)
        first, behind = store.card['columns']['stage4']
        np.testing.assert_allclose(
            found[:, view, first:behind], output.pooled, rtol=2e-3, atol=1e-3
        )
    first, behind = store.card['columns'][
        'stage4_grid'
    ]  # 3x3 maps: the maps themselves
    assert behind - first == 9 * 32


def test_features_that_lack_faces_are_made_anew(own_network, faces, tmp_path):
    """By their own network; a stop leaves those that are there."""
    data, network = prepared.load(faces), frozen.own_network(own_network, 48)
    few = {'train': np.array([0, 3, 5]), 'test': np.array([], np.int32)}
    frozen.extract(network, data, tmp_path / 'out', rows=few)
    more = {'train': np.array([3, 4]), 'test': np.array([1])}

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        frozen.extract(
            network, data, tmp_path / 'out', rows=more, replace=True, progress=stop
        )
    kept = frozen.found(data, tmp_path / 'out', few, shown=False)
    assert kept.train.rows.tolist() == [0, 3, 5]
    found = frozen.found(data, tmp_path / 'out', more, shown=False)
    assert found.train.rows.tolist() == [0, 3, 4, 5]
    assert found.card['own'] == kept.card['own']
    for rows in (few['train'], more['train']):
        alone = frozen.extract(
            network,
            data,
            tmp_path / str(len(rows)),
            rows={'train': rows, 'test': more['test']},
        )
        np.testing.assert_array_equal(
            np.concatenate(list(found.train.blocks(rows))),
            np.concatenate(list(alone.train.blocks())),
        )
    made = (tmp_path / 'out' / 'features.json').stat().st_ino
    frozen.found(data, tmp_path / 'out', few, shown=False)
    assert (tmp_path / 'out' / 'features.json').stat().st_ino == made


def test_a_folder_of_something_else_is_left_alone(faces, tmp_path, capsys):
    data = prepared.load(faces)
    rows = {'train': np.array([0]), 'test': np.array([1])}
    for place in (data.folder, data.folder / 'manifest.json'):
        with pytest.raises(
            Unusable, match=r'has no features\.json; wanted a folder of'
        ):
            frozen.found(data, place, rows)
    assert capsys.readouterr().out == ''
