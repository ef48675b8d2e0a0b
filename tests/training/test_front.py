"""Runs on stored features: made, stopped, refused, and asked about pictures."""

import json
import pathlib
import shutil
import types

import jax
import numpy as np
import pytest

from fer_jax.data import features, pipeline, prepared, tensors, whole
from fer_jax.deploy import evaluate, formats, model
from fer_jax.errors import Unusable
from fer_jax.training import files, front, loop, programs, selftest, setup


def train(config, workdir, stop=lambda: False):
    return loop.train(setup.prepare(config, workdir), stop)


def after(count):
    """stop() that says yes from the `count`th question on."""
    asked = iter(range(1, 10**6))
    return lambda: next(asked) >= count


@pytest.fixture(scope='module')
def trained(faces, features_of_faces, tmp_path_factory):
    """The folder of a run of Co-teaching that is done."""
    from fer_jax.configs import coteaching

    config = coteaching.get_config('dataset=synthetic,noise=0.3,on=features')
    config.data.dir, config.data.features = str(faces), str(features_of_faces)
    config.data.image_size_px, config.model.width = 48, 8
    config.epochs, config.batch_size = 3, 16
    workdir = tmp_path_factory.mktemp('runs') / 'coteaching'
    assert train(config, workdir) is not None
    return workdir


def test_an_epoch_is_one_call(on_features, tmp_path):
    """Or as many as checkpoints within an epoch want, or a stop of a long one."""
    run = setup.prepare(on_features('baseline'), tmp_path)
    assert run.spec.resident
    assert run.spec.source.shape == (1, 1, 70)  # no more axes than faces
    assert programs.chunk(run.spec, 4) == 4
    assert programs.chunk(run.spec, 4, save_every=3) == 2
    assert programs.chunk(run.spec, 2343) == 469  # five parts of at most 500


@pytest.mark.parametrize('method', ['resup', 'eac'])
def test_stopped_runs_end_as_unbroken_ones(method, on_features, tmp_path):
    """With checkpoints within the epoch, after every other question for a stop."""
    config = on_features(method)
    config.save_every_steps = 2
    unbroken, broken = tmp_path / 'unbroken', tmp_path / 'broken'
    assert train(config, unbroken) is not None
    sessions = 1
    while train(config, broken, after(2 * sessions)) is None:
        sessions += 1
        assert sessions < 30
    assert sessions > 3
    assert selftest.differences(broken, unbroken) == []


def test_a_picture_is_seen_as_its_stored_features(trained, faces):
    """`evaluate` gives on images what the run found on features, float16 aside."""
    loaded = model.from_run(trained, network='mean')
    data = prepared.load(faces)
    about = front.Front(
        features.load(files.read_config(trained)['data']['features']),
        files.read_axes(trained),
    )
    rows = np.arange(30)
    images = pipeline.Reader(data.test)(rows)
    seen = jax.jit(model.view(loaded.card))(loaded.front, images)
    stored = about.read('test', rows, lambda count: None)
    plain = about.source('flip').plain(stored)
    np.testing.assert_allclose(seen, plain, atol=0.02)
    found = evaluate.evaluate(loaded, data)['networks']['1']
    assert found['accuracy'] == pytest.approx(
        files.read_result(trained)['last'], abs=0.04
    )


def test_an_export_has_the_frozen_network_inside(trained, faces, tmp_path):
    """As weights and as a program; the card says whose network it is."""
    loaded = model.from_run(trained)
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
    wanted = np.asarray(model.compiled(loaded)(images))
    for name in ('safetensors', 'onnx'):
        path = tmp_path / formats.FORMATS[name].file
        formats.WRITERS[name](path, loaded, False)
        found = formats.READERS[name](path, loaded.card)(images)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    names = tensors.read(tmp_path / 'model.safetensors')
    assert {'front/axes/turn', 'front/network/params/stem/conv/kernel'} <= set(names)
    assert loaded.card['features']['network'] == 'resnet18_slim, width 4'
    assert loaded.card['preprocessing']['mean'] == (0.5, 0.5, 0.5)


def test_adjusted_answers_go_wherever_the_run_goes(on_features, faces, tmp_path):
    """result.json, evaluate and an export: by the mean prediction of the checkpoint."""
    config = on_features('baseline')
    config.adjust = 1.5
    result = train(config, tmp_path / 'run')
    loaded = model.from_run(tmp_path / 'run')
    prior = loaded.card['adjust']['mean_prediction']
    evidence = np.load(tmp_path / 'run' / 'evidence.npy')
    np.testing.assert_allclose(prior, evidence.mean(axis=0), rtol=1e-5)
    plain = loaded._replace(
        card={n: v for n, v in loaded.card.items() if n != 'adjust'}
    )
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
    wanted = np.asarray(model.compiled(plain)(images)) / np.power(prior, 1.5)
    wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.compiled(loaded)(images), wanted, atol=1e-5)
    found = evaluate.evaluate(loaded, prepared.load(faces))['networks']['1']
    assert found['accuracy'] == pytest.approx(result['adjusted']['accuracy'], abs=0.04)
    assert sum(map(sum, result['adjusted']['confusion'])) == 30
    assert result['adjusted']['tau'] == 1.5


def test_axes_of_another_run_are_refused(trained, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(trained, copy)
    axes = files.read_axes(copy)
    files.write_axes(copy, axes._replace(mean=axes.mean + 1))
    with pytest.raises(whole.Damaged, match='has other axes than'):
        model.from_run(copy)
    (copy / files.AXES).write_bytes((copy / files.AXES).read_bytes()[:-9])
    with pytest.raises(whole.Damaged, match='put the file that the run wrote'):
        model.from_run(copy)


def test_weights_of_the_frozen_network_that_changed_are_refused(trained, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(trained, copy)
    known = json.loads((copy / files.DATA).read_text())
    known['features']['weights_sha256'] = '0' * 64
    (copy / files.DATA).write_text(json.dumps(known))
    with pytest.raises(Unusable, match='put those weights back'):
        model.from_run(copy)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'data.image_size_px': 131}, 'give --config.data.image_size_px=48'),
        ({'data.augmentation': 'resup'}, 'resup is of images'),
        ({'data.resident': 'no'}, 'features lie on the devices'),
        ({'data.resident': 'host'}, 'features lie on the devices'),
        ({'model.backbone': 'resnet18'}, 'write on=features in the argument'),
        ({'data.source': 'images'}, 'write on=features in the argument'),
        ({'start': ('face',)}, 'start=face is of networks on images.*leave it out'),
        ({'start': ('weights/x',)}, 'weights/x is of networks on images'),
    ],
)
def test_what_does_not_go_together(changes, message, on_features, tmp_path):
    config = on_features('baseline')
    config.update_from_flattened_dict(changes)
    with pytest.raises(Unusable, match=message):
        setup.prepare(config, tmp_path / 'run')
    assert not (tmp_path / 'run' / files.CONFIG).exists()


def test_features_of_another_set_or_of_other_faces(on_features, tmp_path):
    config = on_features('baseline')
    other = tmp_path / 'other'
    shutil.copytree(config.data.features, other)
    card = json.loads((other / features.CARD).read_text())
    (other / features.CARD).write_text(json.dumps(card | {'dataset_digest': '0' * 64}))
    config.data.features = str(other)
    with pytest.raises(Unusable, match='features of another set than'):
        setup.prepare(config, tmp_path / 'run')


def test_where_features_lie(faces, tmp_path):
    """Beside the set: of all faces, or of those that are drawn."""
    data = prepared.load(faces)
    settings = types.SimpleNamespace(
        dir=str(tmp_path / 'set'), features='', max_train=0, subset_seed=3
    )
    config = types.SimpleNamespace(data=settings)
    folder, rows = front.place(config, data)
    assert folder == tmp_path / 'set.features'
    assert (len(rows['train']), len(rows['test'])) == (70, 30)
    settings.max_train = 40
    folder, rows = front.place(config, data)
    assert (folder.name, len(rows['train'])) == ('set.features-40-3', 40)
    (tmp_path / 'set.features').mkdir()
    assert front.place(config, data)[0].name == 'set.features'
    settings.features = 'elsewhere'
    assert front.place(config, data)[0] == pathlib.Path('elsewhere')
