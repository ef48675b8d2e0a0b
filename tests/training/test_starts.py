"""Runs that start from given weights, and what they say of it."""

import json
import re
import shutil
import types

import jax
import numpy as np
import pytest

import launch
from configs import default
from fer_jax import algorithms, nets
from fer_jax.data import augment, dlib_model, pipeline, weights, whole
from fer_jax.deploy import card, model
from fer_jax.errors import Unusable
from fer_jax.nets import dlib, torch_names
from fer_jax.nets import pretrained as backbones
from fer_jax.training import fields, files, loop, seals, setup, starts
from fer_jax.training.session import Session

ABOUT = {'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225], 'source': 'x.pth'}


@pytest.fixture(autouse=True)
def backbone(tiny, monkeypatch):
    monkeypatch.setitem(nets.BACKBONES, 'tiny', tiny)


@pytest.fixture
def config(short):
    """config(method, *folders): a run of a second on 70 faces of 24 pixels."""

    def make(method, *folders):
        config = short(method, 'tiny')
        config.model.width = 8
        config.batch_size = 32
        config.start = tuple(map(str, folders)) or ('random',)
        return config

    return make


@pytest.fixture
def two(tmp_path):
    """Two folders with weights of the tiny backbone, and their arrays."""
    found = {}
    for seed, name in enumerate('ab'):
        random = np.random.default_rng(seed)
        shapes = torch_names.shapes('tiny', 8).items()
        arrays = {n: random.random(s).astype(np.float32) for n, s in shapes}
        weights.write(tmp_path / name, arrays, backbone='tiny', width=8, **ABOUT)
        found[tmp_path / name] = arrays
    return found


def begun(run):
    """The state before the first step, and the lines that were said of the weights."""
    lines = []
    watch = types.SimpleNamespace(say=lines.append, advance=lambda count: None)
    with jax.set_mesh(run.mesh):
        state = loop.begin(Session(run), None, 0, seals.Place(), watch)
    size, device, *lines = lines
    assert ' images to learn from' in size
    assert device.startswith(f'{run.workdir.name}: on 1 cpu device; compiling')
    return jax.device_get(state), lines


def backbone_of(state, network, part='backbone'):
    """{name: array} of one network's backbone."""
    trees = {**state.params[part]}, state.stats[part]
    return {
        jax.tree_util.keystr(path, simple=True, separator='/'): leaf[network]
        for tree in trees
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)


def test_two_networks_start_from_two_files(config, two, tmp_path):
    folders = list(two)
    run = setup.prepare(config('coteaching', *folders), tmp_path / 'run')
    state, lines = begun(run)
    for network, folder in enumerate(folders):
        assert_same(backbone_of(state, network), two[folder])
    kernel = state.params['classifier']['kernel']
    assert np.std(kernel[0] - kernel[1]) > 0  # heads are still drawn
    sums = [weights.read_card(folder)['sha256'] for folder in folders]
    assert lines == [
        f'run: network {number} starts from {folder}, sha256 {sum[:12]}'
        for number, folder, sum in zip((1, 2), folders, sums)
    ]
    stored = json.loads((tmp_path / 'run' / 'data.json').read_text())['start']
    assert [start['card']['sha256'] for start in stored] == sums


def test_one_file_serves_all_networks(config, two, tmp_path):
    folder, arrays = next(iter(two.items()))
    run = setup.prepare(config('coteaching', folder), tmp_path / 'run')
    state, _ = begun(run)
    for network in (0, 1):
        assert_same(backbone_of(state, network), arrays)


def test_every_branch_of_dmue_starts_from_the_file(config, two, tmp_path):
    """All of the tiny backbone is its last stage."""
    folder, arrays = next(iter(two.items()))
    run = setup.prepare(config('dmue', folder), tmp_path / 'run')
    state, lines = begun(run)
    branches = [name for name in state.params if name.startswith('auxiliary')]
    assert len(branches) == 7
    for part in ('target', *branches):
        assert_same(backbone_of(state, 0, part), arrays)
    assert len(lines) == 1


def test_the_scale_of_images_travels_with_the_weights(config, two, tmp_path):
    """DMUE's recipe has mean and deviation 1/2; these weights saw ImageNet's. Exports
    and predictions take them from data.json."""
    folder, other = two
    changed = config('coteaching', folder)
    changed.data.augmentation = 'dmue'
    run = setup.prepare(changed, tmp_path / 'run')
    assert run.spec.source.scale == (tuple(ABOUT['mean']), tuple(ABOUT['std']))
    stored = json.loads((tmp_path / 'run' / 'data.json').read_text())
    assert stored['scale'] == [ABOUT['mean'], ABOUT['std']]
    settings = model.describe(json.loads(changed.to_json()), stored)['preprocessing']
    assert [list(settings[name]) for name in ('mean', 'std')] == stored['scale']
    card = json.loads((other / 'weights.json').read_text()) | {'mean': [0.0, 0.0, 0.0]}
    (other / 'weights.json').write_text(json.dumps(card))
    with pytest.raises(Unusable, match='weights of one scale'):
        setup.prepare(config('coteaching', folder, other), tmp_path / 'both')


@pytest.mark.parametrize('method', algorithms.names())
@pytest.mark.parametrize('name', ['tiny', 'cnn7'])
def test_every_method_has_its_backbone_where_weights_go(method, name):
    """cnn7 has an early part, too."""
    net = nets.make(name, width=8)
    algorithm = algorithms.make(
        method, backbone=net, num_classes=7, num_examples=70, peer_map='unroll'
    )
    images = jax.ShapeDtypeStruct((1, 24, 24, 3), np.float32)
    params, stats, _ = jax.eval_shape(algorithm.init, jax.random.key(0), images)
    count = nets.peers.size(params)
    tree = {'params': params, 'stats': stats}
    shapes = jax.eval_shape(
        lambda: net.init(jax.random.key(0), np.zeros(images.shape), False)
    )
    arrays = {
        jax.tree_util.keystr(path[1:], simple=True, separator='/'): np.ones(leaf.shape)
        for path, leaf in jax.tree_util.tree_leaves_with_path(shapes)
    }
    filled = backbones.fill(tree, [arrays] * count)
    heads = {
        jax.tree_util.keystr(path, simple=True, separator='/')
        for path, leaf in jax.tree_util.tree_leaves_with_path(filled)
        if not isinstance(leaf, np.ndarray)
    }
    known = r'(params|stats(/teacher_params)?)/(classifier|attention|mean|log_var)/.*'
    assert all(re.fullmatch(known, head) for head in heads)
    assert any(head.startswith('params/classifier') for head in heads)
    with pytest.raises(ValueError, match='the network has no more'):
        backbones.fill(tree, [arrays | {'more': np.ones(1)}] * count)
    del arrays[min(arrays)]
    with pytest.raises(ValueError, match='the weights: None'):
        backbones.fill(tree, [arrays] * count)


def test_a_run_that_goes_on_needs_the_file_no_more(config, two, tmp_path, capsys):
    folder = next(iter(two))
    settings, workdir = config('baseline', folder), tmp_path / 'run'
    asked = iter(range(9))
    assert loop.train(setup.prepare(settings, workdir), lambda: next(asked) > 2) is None
    said = capsys.readouterr().out
    assert 'network 1 starts from' in said
    digest = weights.read_card(folder)['sha256']
    shutil.rmtree(folder)
    result = loop.train(setup.prepare(settings, workdir))
    assert [start['card']['sha256'] for start in result['start']] == [digest]
    assert 'starts from' not in capsys.readouterr().out
    settings.start = ('random',)
    with pytest.raises(ValueError, match='start was'):
        setup.prepare(settings, workdir)


@pytest.mark.parametrize('folders', [0, 1])
def test_a_run_of_an_older_version_is_the_same_run(config, two, tmp_path, folders):
    """Its config.json and data.json say `pretrained`, () for random weights."""
    settings, workdir = config('baseline', *[*two][:folders]), tmp_path / 'run'
    before = setup.prepare(settings, workdir).starts
    for name in ('config.json', 'data.json'):
        found = json.loads((workdir / name).read_text())
        given = found.pop('start')
        if name == 'data.json':
            given = [{'folder': s['source'], 'card': s['card']} for s in given]
        found['pretrained'] = given if given != ['random'] else []
        (workdir / name).write_text(json.dumps(found))
    assert tuple(fields.stored(workdir).start) == settings.start
    assert fields.changes(settings, workdir) == []
    assert [start._asdict() for start in before] == files.read_data(workdir)['start']
    assert setup.prepare(settings, workdir).starts == before


def test_a_run_says_that_it_starts_from_random_weights(config, tmp_path):
    run = setup.prepare(config('baseline'), tmp_path / 'run')
    assert run.starts == ()
    assert begun(run)[1] == ['run: starts from random weights, as config.start says']


@pytest.fixture
def face(faces):
    """face(method, seed=0): a run from the face network, on its smallest images."""

    def make(method, seed=0):
        config = default.get_config('dataset=synthetic,start=face,noise=0.3', method)
        config.data.dir, config.data.image_size_px = str(faces), 55
        config.batch_size, config.eval_batch_size = 16, 35
        config.epochs, config.seed = 1, seed
        return config

    return make


def test_the_face_network_is_made_ready_on_the_runs_own_faces(face, tmp_path):
    """The same for both networks and for all seeds; images have its own scale."""
    found = []
    for seed in (0, 1):
        run = setup.prepare(face('coteaching', seed), tmp_path / f'run_{seed}')
        state, lines = begun(run)
        found += [backbone_of(state, network) for network in (0, 1)]
        assert run.spec.source.scale == (dlib_model.MEAN, dlib_model.STD)
    digest = dlib_model.SHA256
    assert lines == [
        f'run_1: network 1 starts from face, sha256 {digest[:12]}',
        f'run_1: network 2 starts from face, sha256 {digest[:12]}',
        f'run_1: {dlib_model.LICENCE}',
    ]
    for other in found[1:]:
        assert_same(other, found[0])
    arrays, _ = dlib_model.read()
    kernel = arrays['stem/conv/kernel'] * arrays['stem/norm/scale']
    np.testing.assert_array_equal(found[0]['stem/conv/kernel'], kernel)
    images = pipeline.Reader(run.prepared.train)(np.arange(64))  # a whole batch
    seen = augment.prepare('flip', 55, images, run.spec.source.scale)
    y = dlib.convolved(*dlib.in_blocks(seen, kernel), 1, 0)
    for name, wanted in (('mean', y.mean((0, 1, 2))), ('var', y.var((0, 1, 2)))):
        np.testing.assert_allclose(found[0][f'stem/norm/{name}'], wanted, rtol=1e-3)
    about = json.loads((tmp_path / 'run_1' / 'data.json').read_text())['start']
    assert [start['source'] for start in about] == ['face', 'face']
    assert about[0]['card']['sha256'] == digest
    assert about[0]['card']['licence'] == dlib_model.LICENCE


def test_a_run_from_the_face_network_goes_on_to_the_same_bits(
    face, tmp_path, monkeypatch
):
    whole_run = loop.train(setup.prepare(face('baseline'), tmp_path / 'whole'))
    asked = iter(range(9))
    run = setup.prepare(face('baseline'), tmp_path / 'broken')
    assert loop.train(run, lambda: next(asked) > 3) is None
    monkeypatch.delattr(dlib_model, 'read')  # it is not made a second time
    broken_run = loop.train(setup.prepare(face('baseline'), tmp_path / 'broken'))
    for folder in ('whole', 'broken'):
        assert (tmp_path / folder / 'labels.csv').is_file()
    assert broken_run['confusion'] == whole_run['confusion']
    tables = [tmp_path / name / 'labels.csv' for name in ('whole', 'broken')]
    assert tables[0].read_bytes() == tables[1].read_bytes()
    out = tmp_path / 'exported'
    options = [f'--workdir={tmp_path}/whole', f'--out={out}', '--formats=onnx']
    assert launch.main(['launch.py', 'export', *options]) == 0  # and it says the same
    assert card.read(out)['start'][0]['card']['sha256'] == dlib_model.SHA256
    text = ' '.join((out / 'README.md').read_text().split())
    about = (
        f'Started from {dlib_model.FILE} of {dlib_model.PACKAGE} (sha256 55533b28a958).'
    )
    assert f'{about} {dlib_model.LICENCE}' in text


def test_refusals(config, two, tmp_path):
    a, b = two

    def refused(message, *folders, **model):
        settings = config('coteaching', *folders)
        settings.model.update(model)
        with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
            setup.prepare(settings, tmp_path / 'run')
        assert '\n' not in str(caught.value)
        assert not (tmp_path / 'run').exists()

    refused(r'start=face is for dlib_affine.*is tiny; write start=face into', 'face')
    refused(
        r'width 64, and the run is dlib_batch4 with width 8',
        'face',
        backbone='dlib_batch4',
    )
    refused('it has 2 items, random among them; write', 'random', a)
    refused('nowhere: no weights.json, so no weights', tmp_path / 'nowhere')
    refused('names 3 weights, and coteaching has 2 networks', a, b, a)
    refused('tiny with width 8, and the run is tiny with width 4; give', a, width=4)
    refused('.*--config.model.backbone=tiny', b, backbone='cnn7')
    card = json.loads((b / 'weights.json').read_text())
    (b / 'weights.json').write_text(json.dumps(card | {'format': 99}))
    refused('format 99', a, b)


@pytest.mark.parametrize(
    ('backbone', 'least'), [('dlib_batch4', 55), ('dlib_affine', 103), ('vgg16', 32)]
)
def test_images_too_small_for_the_network(config, tmp_path, backbone, least):
    """Are refused before anything is written."""
    settings = config('baseline')
    settings.model.update(backbone=backbone, width=64)
    settings.data.image_size_px = least - 1
    with pytest.raises(Unusable, match=f'{least} pixels; set --config.data.image_size'):
        setup.prepare(settings, tmp_path / 'run')
    assert not (tmp_path / 'run').exists()


def test_weights_that_changed_are_noticed(config, two, tmp_path):
    a, b = two
    run = setup.prepare(config('baseline', a), tmp_path / 'run')
    shutil.copy(b / weights.ARRAYS, a)
    with pytest.raises(whole.Damaged, match=r'not the file that weights\.json desc'):
        starts.load(None, run)
    shutil.copy(b / weights.CARD, a)
    with pytest.raises(ValueError, match='was started with start'):
        setup.prepare(config('baseline', a), tmp_path / 'run')
