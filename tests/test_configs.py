"""Every config file: loads, makes sense, names fields that the code takes."""

import functools
import importlib
import inspect
import json
import pathlib
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from fer_jax import algorithms, nets, settings
from fer_jax.algorithms import proximity
from fer_jax.data import source
from fer_jax.errors import Unusable
from fer_jax.numerics import noise
from fer_jax.training import command_line, fields, optimizer, schema

ROOT = pathlib.Path(__file__).parent.parent
METHODS = algorithms.names()
DOORS = sorted(
    path.stem
    for path in (ROOT / 'configs').glob('*.py')
    if path.stem not in ('__init__', 'default', 'stored', *METHODS)
)


def load(name, arg=''):
    return importlib.import_module(f'configs.{name}').get_config(arg)


def complete(config):
    """The shapes of the parameters of a config that passes every check."""
    config.data.dir = 'anything'
    fields.check(config)
    model, data = config.model, config.data
    given = tuple(config.algorithm.items())
    seen = data.image_size_px, data.image_size_px, 3
    if data.source == 'features':
        source.check_activations(data.augmentation)
        seen = data.parts, data.parts, data.axes
    return shapes(given, model.backbone, model.width, config.peer_map, seen)


@functools.cache  # many data sets share a preset
def shapes(given, backbone, width, peer_map, seen):
    given = dict(given)
    algorithm = algorithms.make(
        given.pop('name'),
        backbone=nets.make(backbone, width=width),
        num_classes=7,
        num_examples=1000,
        peer_map=peer_map,
        **given,
    )
    images = jax.ShapeDtypeStruct((1, *seen), jnp.float32)
    params, _, _ = jax.eval_shape(algorithm.init, jax.random.key(0), images)
    return jax.tree.leaves(params)


@pytest.mark.parametrize('dataset', default.DATASETS)
@pytest.mark.parametrize('method', METHODS)
def test_every_method_on_every_data_set(method, dataset):
    config = load(method, f'dataset={dataset},noise=0.2')
    assert config.algorithm.name == method
    assert config.data.name == dataset
    assert config.noise.rate == 0.2
    assert complete(config)


@pytest.mark.parametrize('method', [*METHODS, 'scn_c', 'rul_c', 'dmue_c'])
def test_the_face_network_with_every_method_on_every_data_set(method):
    """All that a method does by epochs happens in the first half of them."""
    for dataset in default.DATASETS:
        config = load(method, f'start=face,dataset={dataset},noise=0.3')
        assert (config.data.name, config.noise.rate) == (dataset, 0.3)
        assert complete(config)
        for path, value in default.FACE.items():
            assert fields.field(config, path) == value, path
        assert not config.data.balanced
        for name, value in config.algorithm.items():
            if name.endswith(('_epoch', '_epochs')):
                assert value <= config.epochs / 2, name
    assert load('resup', 'start=face').algorithm.rules == 'paper'
    assert load('resup', 'start=face').algorithm.warmup_epochs == 1


def test_pictures_of_ones_own_start_as_the_device_can():
    """Tests run on a CPU; JAX is not started to find out, for hosts have to meet."""
    assert load('baseline', 'dataset=folder').start == ('face',)
    config = load('baseline', 'dataset=folder,start=random')
    assert config.start == ('random',)
    assert config.data.image_size_px == 224
    code = (
        'import jax, jax._src.xla_bridge as bridge; from configs import resup\n'
        'for platforms in ("cpu", "cuda,cpu"):\n'
        '    jax.config.update("jax_platforms", platforms)\n'
        '    print(resup.get_config("dataset=folder").data.image_size_px)\n'
        'print(bridge.backends_are_initialized())'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ['67', '224', 'False'], done.stderr


@pytest.mark.parametrize('method', [*METHODS, 'dmue_c', 'rul_c', 'scn_c'])
def test_every_method_on_features(method):
    """One preset on all sets, whatever the papers do there; EAC has parts of faces."""
    config = load(method, 'dataset=fer2013,noise=0.2,on=features')
    other = load(method, 'dataset=affectnet,noise=0.2,on=features')
    assert complete(config)
    assert config.optimizer == other.optimizer
    assert config.proximity.weight == other.proximity.weight
    assert (config.epochs, config.batch_size) == (30, 128)
    assert (config.data.parts, config.model.backbone) == (
        1 + 2 * (method == 'eac'),
        'heads',
    )


@pytest.mark.parametrize('name', DOORS)
def test_named_doors(name):
    assert complete(load(name))
    assert complete(load(name, 'noise=0.3'))


def test_doors_that_users_expect():
    sets = ('affectnet', 'rafdb', 'ferplus', 'fer2013')
    methods = ('resup', 'scn_c', 'rul_c', 'dmue_c')
    assert {f'{method}_{name}' for method in methods for name in sets} <= set(DOORS)


@pytest.mark.parametrize('method', ['scn', 'rul', 'dmue'])
@pytest.mark.parametrize(
    ('name', 'gamma'),
    [('affectnet', 0.02), ('rafdb', 0.01), ('ferplus', 0.1), ('fer2013', 0.002)],
)
def test_weights_of_embedding_proximity(method, name, gamma):
    """The paper's gamma for each data set; the method alone has none."""
    config = load(f'{method}_c_{name}')
    assert config.algorithm.name == method
    assert config.proximity.weight == gamma
    assert load(method, f'dataset={config.data.name}').proximity.weight == 0
    heads = load(f'{method}_c', f'dataset={config.data.name},on=features')
    assert heads.proximity.weight == default.PROXIMITY_OF_HEADS


@pytest.mark.parametrize('name', METHODS)
def test_a_config_has_the_fields_of_the_tables(name):
    """No more, no fewer, of the types of their defaults, and each with a meaning."""
    values = fields.flat(load(name, 'dataset=cifar10,noise=0.9').to_dict())
    entries = schema.FIELDS | {
        f'algorithm.{setting}': field
        for setting, field in algorithms.settings_of(name).items()
    }
    assert values.keys() == entries.keys() | {'algorithm.name'}
    for path, field in entries.items():
        assert field.meaning, path
        assert not field.meaning.endswith('.'), path
        assert type(values[path]) is type(field.default), path
        settings.check(path, field, field.default)


@pytest.mark.parametrize('name', METHODS)
def test_a_method_and_its_table_have_the_same_settings_and_defaults(name):
    """What a call from Python gets is what the table, --help and the docs say."""
    made = importlib.import_module(f'fer_jax.algorithms.{name}').make
    defaults = {
        setting: parameter.default
        for setting, parameter in inspect.signature(made).parameters.items()
        if setting != 'task'
    }
    table = algorithms.settings_of(name)
    assert defaults == {setting: field.default for setting, field in table.items()}
    assert [type(value) for value in defaults.values()] == [
        type(table[setting].default) for setting in defaults
    ]


def test_proximity_and_its_table_have_the_same_settings_and_defaults():
    parameters = inspect.signature(proximity.attach).parameters
    table = proximity.SETTINGS
    assert parameters.keys() - {'algorithm', 'num_classes'} == table.keys()
    assert all(
        parameters[name].default == field.default
        for name, field in table.items()
        if name != 'weight'  # 0 is no proximity, and asked for it has one
    )


def test_the_config_of_a_run_that_is_there(tmp_path):
    """As the page of an audit names it; flags change it."""
    config = load('scn', 'dataset=raf_db,noise=0.2')
    folder = tmp_path / 'runs [a]: b'
    folder.mkdir()
    (folder / 'config.json').write_text(config.to_json())
    given = command_line.read(
        [
            f'--config={ROOT / "configs/stored.py"}:{folder}',
            '--config.noise.corrections=decisions.csv',
            '--config.noise.rate=0.5',
            '--config.optimizer.decay_factors=0.5',
        ]
    )
    wanted = json.loads(config.to_json())
    wanted['noise'] |= {'corrections': 'decisions.csv', 'rate': 0.5}
    wanted['optimizer']['decay_factors'] = [0.5]
    assert json.loads(given.config.to_json()) == wanted
    with pytest.raises(ValueError, match=r'no config\.json, so no folder'):
        load('stored', str(tmp_path))


def test_presets_of_the_paper():
    """ReSup sec. 4.2: Adam 2e-4, batch 96, decayed at 10 and 20; AffectNet 5 and 10."""
    config = load('resup_rafdb')
    assert config.optimizer.learning_rate == 2e-4
    assert config.batch_size == 96
    assert (config.epochs, config.optimizer.decay_epochs) == (30, (10, 20))
    assert config.algorithm.rules == 'paper'
    assert config.algorithm.consistency == 5.0
    config = load('resup_affectnet')
    assert (config.epochs, config.optimizer.decay_epochs) == (20, (5, 10))


def test_balanced_weights_under_asymmetric_noise():
    """ReSup sec. 4.9 on RAF-DB, or with a rate the symmetric noise of sec. 4.8."""
    config = load('resup_balanced')
    assert config.data.name == 'raf_db'
    assert (config.noise.kind, config.noise.rate) == ('asymmetric_fer', 0)
    assert config.algorithm.balance == 'class_var'
    config = load('resup_balanced', 'noise=0.3')
    assert (config.noise.kind, config.noise.rate) == ('symmetric', 0.3)
    config = load('resup_balanced', 'dataset=affectnet')
    assert (config.data.name, config.epochs) == ('affectnet', 20)


@pytest.mark.parametrize('dataset', ['cifar10', 'cifar100'])
def test_the_residual_network_of_resup_on_cifar(dataset):
    """Sec. 4.12: SGD from .1, linearly from epoch 100 to 0 at 200."""
    config = load('resup_cifar_resnet18', f'dataset={dataset},noise=0.4')
    assert complete(config)
    assert (config.data.name, config.data.image_size_px) == (dataset, 32)
    assert (config.model.backbone, config.model.width) == ('resnet18_cifar', 64)
    assert (config.optimizer.name, config.batch_size) == ('sgd', 128)
    rate = rates('resup_cifar_resnet18', f'dataset={dataset}')
    found = [rate(epoch) for epoch in (0, 100, 150, 199)]
    np.testing.assert_allclose(found, [0.1, 0.1, 0.05, 0.001], rtol=1e-5)
    assert load('resup_cifar_resnet18').data.name == 'cifar10'
    with pytest.raises(ValueError, match='dataset=raf_db: this config is for'):
        load('resup_cifar_resnet18', 'dataset=raf_db')


def rates(name, arg, steps_per_epoch=10):
    """By 0-based epoch, from its first step: learning rate of a method's config."""
    chosen = load(name, arg).optimizer
    rate = optimizer.learning_rate(
        chosen.schedule,
        chosen.learning_rate,
        tuple(chosen.decay_epochs),
        tuple(chosen.decay_factors),
    )
    return lambda epoch: float(rate(epoch * steps_per_epoch, steps_per_epoch))


@pytest.mark.parametrize('dataset', ['affectnet', 'raf_db', 'ferplus', 'fer2013'])
def test_presets_of_embedding_proximity(dataset):
    """Sec. IV-B: ResNet-18 at 224 pixels on all four sets; SCN-C in batches of 1024
    from .1 in steps, RUL-C of 64 from 2e-4 by a factor an epoch, DMUE-C of 72 from .01
    by 10 at epochs 10 and 20."""
    scn, rul, dmue = (
        load(f'{method}_c', f'dataset={dataset}') for method in ('scn', 'rul', 'dmue')
    )
    for config in (scn, rul, dmue):
        assert (config.model.backbone, config.model.width) == ('resnet18', 64)
        assert config.data.image_size_px == 224
    assert (scn.batch_size, scn.optimizer.name) == (1024, 'sgd')
    found = [rates('scn_c', f'dataset={dataset}')(e) for e in (0, 14, 15, 30, 39)]
    np.testing.assert_allclose(found, [0.1, 0.1, 0.01, 0.001, 0.001], rtol=1e-5)
    assert (rul.batch_size, rul.optimizer.learning_rate) == (64, 2e-4)
    assert rul.optimizer.schedule == 'exponential'
    assert (dmue.batch_size, dmue.optimizer.classifier_learning_rate) == (72, 0.01)
    assert dmue.optimizer.classifier_decay_epochs == ()
    found = [rates('dmue_c', f'dataset={dataset}')(e) for e in (0, 9, 10, 20, 35)]
    np.testing.assert_allclose(found, [1e-3, 1e-3, 1e-4, 1e-5, 1e-5], rtol=1e-5)


def test_the_method_alone_keeps_its_preset_on_fer2013():
    """Embedding proximity's preset is not that of SCN, RUL and DMUE by themselves."""
    for method in ('scn', 'rul', 'dmue'):
        assert load(method, 'dataset=fer2013').data.image_size_px == 48
    assert load('dmue', 'dataset=affectnet').optimizer.decay_epochs == (6, 12, 22, 25)


@pytest.mark.parametrize('method', ['coteaching', 'jocor'])
@pytest.mark.parametrize(('dataset', 'first'), [('cifar10', 80), ('cifar100', 100)])
def test_the_eightieth_trained_epoch_by_hand(method, dataset, first):
    """The release's plan, plan[e] = (200 - e) / (200 - first) from e = first on, holds
    for its e-th trained epoch; the first is number 1 and the last 199."""
    rate = rates(method, f'dataset={dataset}')
    config = load(method, f'dataset={dataset}')
    assert config.epochs == 199
    whole = 200 - first
    plan = {
        1: 1,
        first - 1: 1,
        first: 1,
        first + 1: (whole - 1) / whole,
        199: 1 / whole,
    }
    found = [rate(number - 1) for number in plan]
    np.testing.assert_allclose(found, 1e-3 * np.array([*plan.values()]), rtol=1e-5)
    assert min(config.optimizer.decay_epochs) == first - 1  # beta1 is .1 from then on
    assert config.optimizer.late_beta1 == 0.1


@pytest.mark.parametrize('method', ['dividemix', 'arazo'])
@pytest.mark.parametrize('dataset', ['cifar10', 'cifar100'])
def test_cifar_noise_of_dividemix_and_arazo_draws_the_own_class_too(method, dataset):
    """Of 10 classes and a rate of .5, a label stays with .5 + .5 / 10."""
    config = load(method, f'dataset={dataset},noise=0.5')
    assert config.noise.inclusive
    kind, rate = config.noise.kind, config.noise.rate
    matrix = noise.transition(kind, rate, 10, inclusive=config.noise.inclusive)
    np.testing.assert_allclose(np.diag(matrix), np.full(10, 0.55))
    np.testing.assert_allclose(matrix[0, 1:], np.full(9, 0.05))
    assert not load('resup', f'dataset={dataset},noise=0.5').noise.inclusive
    assert not load(method, 'dataset=fer2013,noise=0.5').noise.inclusive
    config = load(method, f'dataset={dataset}')
    config.noise.list = 'a folder'  # a list is drawn already, by whatever rule
    fields.check_noise(config.noise)


@pytest.mark.parametrize(
    ('arg', 'message'),
    [
        ('dataset=nope', 'there are: synthetic, fer2013'),
        ('rate=0.3', 'write dataset=<set>, noise=<rate>, start=face or on=features'),
        ('noise=much', 'write noise=0.3'),
        ('noise', 'write dataset=<set>, noise=<rate>, start=face or on=features'),
        ('on=feature', "on='feature': a run is on=images or on=features"),
        ('on=features,start=face', 'start=face is of networks on images'),
        (
            'start=dlib',
            "start='dlib': there are presets for start=random and start=face",
        ),
    ],
)
def test_arguments_that_make_no_sense(arg, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load('resup', arg)


@pytest.mark.parametrize(
    ('argument', 'near'),
    [
        ('datset=raf_db', 'dataset=raf_db'),
        ('noize=0.3', 'noise=0.3'),
        ('raf-db', 'dataset=raf_db'),
        ('dataset=RAFDB', 'dataset=raf_db'),
    ],
)
def test_the_nearest_argument_is_offered(argument, near):
    with pytest.raises(Unusable) as error:
        default.parse(argument)
    assert str(error.value).endswith(f'; did you mean {near}?')
