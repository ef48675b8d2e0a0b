"""What is refused before a device is touched, and which examples a run gets."""

import json
import shutil

import numpy as np
import pytest

from configs import resup, scn
from data_prep import __main__ as data_prep
from fer_jax.data import noise_list, prepared
from fer_jax.training import fields, optimizer, setup


@pytest.fixture
def config(faces):
    config = resup.get_config('dataset=synthetic,noise=0.3')
    config.data.dir = str(faces)
    config.data.image_size_px = 24
    config.model.width = 4
    config.batch_size = 16
    return config


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('noise.rate', 30.0, r'must be in \[0, 1\), got 30.0; for 30 % write 0.3'),
        ('noise.kind', 'pear', 'pear'),
        ('data.name', 'rafdb', 'must be one of synthetic, fer2013'),
        ('data.name', 'raf', 'raf_db'),
        ('data.augmentation', 'strong', 'must be one of resup'),
        ('data.dir', '', 'python -m data_prep'),
        ('model.backbone', 'resnet19', 'must be one of resnet18'),
        ('model.dtype', 'float16', 'float32, bfloat16'),
        ('peer_map', 'pmap', 'auto, unroll, vmap'),
        ('optimizer.name', 'lamb', 'adam, adamw, sgd'),
        ('optimizer.learning_rate', 0.0, 'above 0, got 0.0'),
        ('optimizer.decay_epochs', (20, 10), 'must rise'),
        ('epochs', 0, 'must be 1 or more, got 0'),
        ('batch_size', 71, 'at most 70'),
        ('data.max_train', -1, 'must be 0 or more'),
        ('algorithm.rules', 'fast', 'paper, safe'),
    ],
)
def test_refusals(config, tmp_path, field, value, message):
    holder, _, name = field.rpartition('.')
    (config[holder] if holder else config)[name] = value
    with pytest.raises(ValueError, match=message):
        setup.prepare(config, tmp_path / 'run')
    assert not (tmp_path / 'run' / 'config.json').exists()


@pytest.mark.parametrize(
    ('schedule', 'own', 'message'),
    [
        # a classifier falls between two epochs of its own
        ('linear', {'decay_epochs': (5,)}, 'needs two classifier_decay_epochs'),
        # two factors, which are those of all others, for three epochs
        ('step', {'decay_epochs': (5, 10, 15)}, 'classifier_decay_factors'),
        ('step', {'decay_epochs': (10, 5)}, 'must rise'),
        # one factor for each of two epochs, which are those of all others
        ('step', {'decay_factors': (0.1, 0.2)}, None),
        ('step', {}, None),
    ],
)
def test_the_rates_of_a_classifier_are_checked_as_they_are_used(
    config, schedule, own, message
):
    config.optimizer.schedule = schedule
    config.optimizer.decay_epochs = (5, 10)
    config.optimizer.decay_factors = (0.1, 0.2)
    for name, value in own.items():
        config.optimizer[f'classifier_{name}'] = value
    fields.check(config)  # without a rate of its own a classifier has none of these
    config.optimizer.classifier_learning_rate = 1e-3
    if message is None:
        fields.check(config)
        assert len(optimizer.rates_of_epoch(config.optimizer, 7)) == 2
    else:
        with pytest.raises(ValueError, match=message):
            fields.check(config)


def test_a_missing_folder(config, tmp_path):
    config.data.dir = str(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='make one with python -m data_prep'):
        setup.prepare(config, tmp_path / 'run')


def test_classes_of_another_set(config, tmp_path):
    config.data.name = 'cifar10'
    with pytest.raises(ValueError, match='not those of cifar10'):
        setup.prepare(config, tmp_path / 'run')


def test_protocols_with_rates_of_their_own(config, tmp_path):
    config.noise.kind = 'asymmetric_fer'
    with pytest.raises(ValueError, match=r'leave noise\.rate at 0'):
        setup.prepare(config, tmp_path / 'run')
    config.noise.rate = 0.0
    run = setup.prepare(config, tmp_path / 'run')
    kept = [run.prepared.class_names.index(name) for name in ('happiness', 'neutral')]
    same = run.examples.labels == run.examples.clean_labels
    assert same[np.isin(run.examples.clean_labels, kept)].all()
    assert not same.all()


def test_noise_from_a_matrix_file(config, tmp_path):
    """A cyclic shift: every label becomes the next one."""
    np.savetxt(tmp_path / 'shift.txt', np.roll(np.eye(7), 1, axis=1))
    config.noise.kind, config.noise.rate = 'matrix', 0.0
    config.noise.matrix = str(tmp_path / 'shift.txt')
    run = setup.prepare(config, tmp_path / 'run')
    wanted = (run.examples.clean_labels + 1) % 7
    np.testing.assert_array_equal(run.examples.labels, wanted)


def test_inclusive_is_of_symmetric_noise_only(config, tmp_path):
    """A preset that draws from all classes leaves another kind as it is."""
    config.noise.inclusive = True
    drawn = setup.prepare(config, tmp_path / 'symmetric').noise
    assert drawn.protocol['inclusive']
    config.noise.kind = 'pair'
    assert not setup.prepare(config, tmp_path / 'pair').noise.protocol['inclusive']


def test_noise_is_stored_and_taken_up_again(config, tmp_path):
    first = setup.prepare(config, tmp_path / 'run')
    second = setup.prepare(config, tmp_path / 'run')
    np.testing.assert_array_equal(first.examples.labels, second.examples.labels)
    stored = json.loads((tmp_path / 'run' / 'noise.json').read_text())
    assert stored['sha256'] == second.noise.sha256
    wrong = (first.examples.labels != first.examples.clean_labels).sum()
    assert stored['wrong'] == wrong
    np.testing.assert_array_equal(first.test_labels, first.prepared.test.labels)


def test_a_subset_keeps_its_labels(config, tmp_path):
    """Noise covers the split, so a subset is a selection of its rows."""
    whole = setup.prepare(config, tmp_path / 'whole')
    config.data.max_train = 30
    part = setup.prepare(config, tmp_path / 'part')
    assert len(part.examples.labels) == 30
    assert (np.diff(part.examples.positions) > 0).all()
    for name in ('ids', 'labels', 'clean_labels'):
        np.testing.assert_array_equal(
            getattr(part.examples, name),
            getattr(whole.examples, name)[part.examples.positions],
        )
    config.data.max_train = 20
    fewer = setup.prepare(config, tmp_path / 'fewer')
    assert set(fewer.examples.positions) < set(part.examples.positions)
    config.data.subset_seed = 1
    other = setup.prepare(config, tmp_path / 'other')
    assert set(fewer.examples.positions) != set(other.examples.positions)


def test_another_method_in_the_same_folder_is_said_first(config, tmp_path):
    """Before all fields that differ, and before what is wrong besides."""
    setup.prepare(config, tmp_path / 'run')
    other = scn.get_config('dataset=synthetic,noise=0.3')
    other.batch_size = 0
    for accept in (False, True):
        with pytest.raises(ValueError, match='a run of resup, and this is scn'):
            setup.prepare(other, tmp_path / 'run', accept_changes=accept)


def test_decay_epochs_without_effect_are_told(config):
    """By number; the last of a linear schedule is where it is 0, behind the end."""
    config.epochs, config.optimizer.decay_epochs = 10, (5, 10)
    wanted = (
        'optimizer.decay_epochs is (5, 10) and epochs 10: training ends before 10 can'
        ' have an effect'
    )
    assert fields.remarks(config) == [wanted]
    config.optimizer.decay_epochs = (5, 9)
    assert fields.remarks(config) == []
    config.optimizer.schedule, config.optimizer.decay_epochs = 'linear', (5, 10)
    assert fields.remarks(config) == []
    config.optimizer.decay_epochs = (5, 11)
    assert '11 can have' in fields.remarks(config)[0]


def test_another_config_in_the_same_folder(config, tmp_path):
    setup.prepare(config, tmp_path / 'run')
    config.log_every_steps = 1  # free to change
    setup.prepare(config, tmp_path / 'run')
    config.batch_size = 8
    with pytest.raises(ValueError, match='batch_size was 16 and is 8'):
        setup.prepare(config, tmp_path / 'run')


def test_human_noise_needs_no_list(config, tmp_path, faces):
    """Given labels that differ from the clean ones are used as they are."""
    data = prepared.load(faces)
    config.noise.rate = 0.0
    run = setup.prepare(config, tmp_path / 'run')
    assert run.noise is None
    np.testing.assert_array_equal(run.examples.labels, data.train.labels)
    np.testing.assert_array_equal(run.examples.clean_labels, data.train.clean_labels)
    assert not (tmp_path / 'run' / 'noise.csv').exists()


@pytest.fixture
def listed(config, faces, tmp_path):
    """A config with a list that gives every training face the label 3."""
    data = prepared.load(faces)
    protocol = {'dataset': data.digest, 'kind': 'imported', 'format': 'csv'}
    given = noise_list.of(data, np.full(70, 3, np.int32), protocol)
    noise_list.save(given, data.train.ids, tmp_path / 'list')
    config.noise.rate = 0.0
    config.noise.list = str(tmp_path / 'list')
    return config


def test_a_list_takes_the_place_of_drawing(listed, faces, tmp_path):
    run = setup.prepare(listed, tmp_path / 'run')
    np.testing.assert_array_equal(run.examples.labels, np.full(70, 3))
    true = prepared.load(faces).train.labels
    np.testing.assert_array_equal(run.examples.clean_labels, true)
    sums = [
        json.loads((folder / name).read_text())[field]
        for folder, name, field in (
            (tmp_path / 'list', 'noise.json', 'sha256'),
            (tmp_path / 'run', 'noise.json', 'sha256'),
            (tmp_path / 'run', 'data.json', 'noise_list_sha256'),
        )
    ]
    assert sums == [run.noise.sha256] * 3
    assert run.noise.protocol['format'] == 'csv'


def test_a_run_goes_on_with_its_own_copy_of_the_list(listed, tmp_path):
    first = setup.prepare(listed, tmp_path / 'run')
    shutil.rmtree(tmp_path / 'list')
    again = setup.prepare(listed, tmp_path / 'run')
    np.testing.assert_array_equal(again.examples.labels, first.examples.labels)
    assert again.noise.sha256 == first.noise.sha256
    with pytest.raises(FileNotFoundError, match='make a list'):
        setup.prepare(listed, tmp_path / 'other')


@pytest.mark.parametrize(
    ('field', 'value'),
    [('rate', 0.3), ('kind', 'pair'), ('seed', 1), ('exact', True)],
)
def test_a_list_is_not_drawn_too(listed, tmp_path, field, value):
    listed.noise[field] = value
    with pytest.raises(ValueError, match=rf'drawn already; leave out noise\.{field}'):
        setup.prepare(listed, tmp_path / 'run')


def test_a_list_of_another_set_or_changed_is_refused(listed, tmp_path):
    listed.data.dir = str(tmp_path / 'more')
    options = f'synthetic --out={tmp_path}/more --train=70 --test=5 --size=24'
    assert data_prep.main(options.split()) == 0
    with pytest.raises(ValueError, match='made for data set'):
        setup.prepare(listed, tmp_path / 'run')
    with open(tmp_path / 'list' / 'noise.csv', 'a') as file:
        file.write('train-000070,0\n')
    with pytest.raises(ValueError, match='not the list that noise'):
        setup.prepare(listed, tmp_path / 'run')


def test_corrections_change_labels_and_drop_examples(config, tmp_path):
    """They come after the noise; a run goes on with the same file, under any name."""
    plain = setup.prepare(config, tmp_path / 'plain')
    ids, classes = plain.examples.ids, plain.prepared.class_names
    path = tmp_path / 'corrections.csv'
    new = [(label + 1) % 7 for label in plain.examples.labels[:2]]
    path.write_text(
        f'id,decision,label\n{ids[0]},relabel,{classes[new[0]]}\n{ids[3]},drop,\n'
        f'{ids[1]},relabel,{classes[new[1]]}\n{ids[2]},keep,\n'
    )
    config.noise.corrections = str(path)
    run = setup.prepare(config, tmp_path / 'run')
    kept = np.delete(np.arange(70), 3)
    np.testing.assert_array_equal(run.examples.ids, ids[kept])
    wanted = plain.examples.labels.copy()
    wanted[:2] = new
    np.testing.assert_array_equal(run.examples.labels, wanted[kept])
    np.testing.assert_array_equal(
        run.examples.clean_labels, plain.examples.clean_labels[kept]
    )
    counts = {'changed': 2, 'dropped': 1, 'kept': 1}
    assert run.corrections == counts
    assert json.loads((tmp_path / 'run/data.json').read_text())['corrections'] == counts
    assert plain.corrections is None
    config.noise.corrections = str(path.rename(tmp_path / 'moved.csv'))
    setup.prepare(config, tmp_path / 'run')
    (tmp_path / 'moved.csv').write_text(f'id,decision,label\n{ids[3]},drop,\n')
    with pytest.raises(ValueError, match='was started with corrections_sha256'):
        setup.prepare(config, tmp_path / 'run')
    config.noise.corrections = ''
    with pytest.raises(ValueError, match='now has None; give'):
        setup.prepare(config, tmp_path / 'run')


def test_a_fold_is_left_out(config, tmp_path):
    whole = setup.prepare(config, tmp_path / 'whole')
    assert whole.examples.learned.all()
    config.data.folds = 5
    parts = []
    for fold in range(5):
        config.data.fold = fold
        run = setup.prepare(config, tmp_path / str(fold))
        learned = run.examples.learned
        assert learned.sum() == 56
        np.testing.assert_array_equal(run.trial.learned, learned)
        np.testing.assert_array_equal(run.examples.ids, whole.examples.ids)
        parts += run.examples.ids[~learned].tolist()
    assert len(set(parts)) == 70
    for folds, fold in ((5, 5), (1, 0), (0, 2)):
        config.data.folds, config.data.fold = folds, fold
        with pytest.raises(ValueError, match='give 2 folds or more'):
            setup.prepare(config, tmp_path / 'wrong')


def test_hosts_with_other_lists_do_not_agree(listed, faces, tmp_path):
    data = prepared.load(faces)
    digests = []
    for host, label in enumerate((3, 4)):
        protocol = {'dataset': data.digest, 'kind': 'imported'}
        given = noise_list.of(data, np.full(70, label, np.int32), protocol)
        noise_list.save(given, data.train.ids, tmp_path / 'list')
        digests.append(setup.digest(setup.prepare(listed, tmp_path / f'run{host}')))
    assert digests[0] != digests[1]
