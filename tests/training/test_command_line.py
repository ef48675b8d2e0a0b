"""What a command line says, and what is said of one that is wrong."""

import pytest

from fer_jax.errors import Unusable
from fer_jax.training import command_line

RESUP = '--config=configs/resup.py:dataset=synthetic'


def read(*words):
    return command_line.read(words, ('train', 'selftest', 'evaluate'))


def test_every_type_of_field():
    config = read(
        RESUP,
        '--config.epochs=7',
        '--config.optimizer.learning_rate=1e-2',
        '--config.data.dir=a=b',
        '--config.data.balanced',
        '--noconfig.algorithm.exchange',
        '--config.algorithm.average=False',
        '--config.optimizer.decay_epochs=(2,4)',
        '--config.optimizer.decay_factors=0.5, 0.1',
        '--config.start=w/a',
        '--config.start=7',
    ).config
    assert config.epochs == 7
    assert config.optimizer.learning_rate == 0.01
    assert config.data.dir == 'a=b'
    assert config.data.balanced is True
    assert config.algorithm.exchange is False
    assert config.algorithm.average is False
    assert config.optimizer.decay_epochs == (2, 4)
    assert config.optimizer.decay_factors == (0.5, 0.1)
    assert config.start == ('w/a', '7')  # a folder for each network, in order
    assert read(RESUP).config.start == ('random',)


def test_options_and_blanks():
    given = read(
        'selftest', '--config', 'configs/scn.py:noise=0.2', '--workdir', 'a b',
        '--accept_changes', '--breaks=3', '--config.epochs', '5',
    )  # fmt: skip
    assert (given.command, given.workdir, given.breaks) == ('selftest', 'a b', 3)
    assert given.accept_changes is True
    assert (given.config.algorithm.name, given.config.noise.rate) == ('scn', 0.2)
    assert given.config.epochs == 5
    assert given.profile == range(0)
    assert read(RESUP, '--profile=20:30').profile == range(20, 30)
    again = read(RESUP, '--workdir=y', '--noaccept_changes')
    assert (again.command, again.workdir, again.accept_changes) == ('train', 'y', False)


@pytest.mark.parametrize(
    ('dataset', 'rate', 'weight', 'threshold'),
    [('cifar10', 0.2, 0, 0.5), ('cifar10', 0.5, 25, 0.5), ('cifar10', 0.9, 50, 0.6),
     ('cifar100', 0.5, 150, 0.5), ('fer2013', 0.3, 25, 0.5)],
)  # fmt: skip
def test_the_noise_rate_reaches_what_follows_it(dataset, rate, weight, threshold):
    """DivideMix's table of lambda_u, whichever way the rate is given."""
    file = f'--config=configs/dividemix.py:dataset={dataset}'
    flag = read(file, f'--config.noise.rate={rate}').config
    assert flag == read(f'{file},noise={rate}').config
    assert flag == read(f'{file},noise=0.1', f'--config.noise.rate={rate}').config
    for words in (['--config.noise.rate', f'{rate}'], [f'-config.noise.rate={rate}']):
        assert flag == read(file, *words).config
    assert flag.algorithm.unlabelled_weight == weight
    assert flag.algorithm.threshold == threshold
    assert flag.noise.rate == rate
    own = '--config.algorithm.unlabelled_weight=3'
    given = read(file, own, f'--config.noise.rate={rate}').config
    assert given.algorithm.unlabelled_weight == 3


def test_decay_epochs_follow_the_epochs_unless_given():
    """(9, 12) of 14 epochs, halved: 4.5 and 6; given ones stay."""
    given = read(RESUP, '--config.epochs=7')
    assert given.config.optimizer.decay_epochs == (4, 6)
    assert given.remarks == (
        'epochs is 7 instead of 14: optimizer.decay_epochs is (4, 6) instead of'
        ' (9, 12); give it to choose',
    )
    given = read(RESUP, '--config.epochs=7', '--config.optimizer.decay_epochs=(9,12)')
    assert given.config.optimizer.decay_epochs == (9, 12)
    assert given.remarks == ()
    assert read(RESUP, '--config.epochs=14').remarks == ()
    assert read(RESUP, '--config.epochs=1').config.optimizer.decay_epochs == (1, 2)


def test_the_rates_of_a_classifier_are_scaled_by_themselves():
    """DMUE on AffectNet, 36 epochs: rates at (6, 12, 22, 25), (4, 8, 14, 22, 25)."""
    words = ['--config=configs/dmue.py:dataset=affectnet', '--config.epochs=72']
    optimizer = read(*words).config.optimizer
    assert optimizer.decay_epochs == (12, 24, 44, 50)
    assert optimizer.classifier_decay_epochs == (8, 16, 28, 44, 50)
    optimizer = read(
        *words, '--config.optimizer.decay_epochs=(1,2,3,4)'
    ).config.optimizer
    assert optimizer.decay_epochs == (1, 2, 3, 4)
    assert optimizer.classifier_decay_epochs == (8, 16, 28, 44, 50)


def test_shipped_configs_are_found_from_anywhere(tmp_path, monkeypatch):
    """By name or by the repository's path; a file of one's own comes first."""
    monkeypatch.chdir(tmp_path)
    for named in ('resup', 'resup.py', 'configs/resup', './configs/resup.py'):
        config = read(f'--config={named}:dataset=raf_db').config
        assert (config.algorithm.name, config.data.name) == ('resup', 'raf_db')
    own = tmp_path / 'configs' / 'resup.py'
    own.parent.mkdir()
    own.write_text(
        'from fer_jax.configs import scn\n\n\n'
        'def get_config():\n    return scn.get_config()\n'
    )
    assert read('--config=configs/resup.py').config.algorithm.name == 'scn'
    assert read('--config=resup').config.algorithm.name == 'resup'
    for unknown in ('elsewhere/resup.py', '../configs/scn.py', 'default/resup', '.'):
        with pytest.raises(Unusable, match='no config file'):
            read(f'--config={unknown}')


@pytest.mark.parametrize(
    ('words', 'offered'),
    [
        ([RESUP, '--config.pretrained=w/a'], '--config.start=w/a'),
        ([RESUP, '--config.lr=0.1'], '--config.optimizer.learning_rate=0.1'),
        ([RESUP, '--config.learning_rate=0.1'], '--config.optimizer.learning_rate=0.1'),
        ([RESUP, '--config.bs=3'], '--config.batch_size=3'),
        ([RESUP, '--config.batch-size=3'], '--config.batch_size=3'),
        ([RESUP, '--config.data.max-train=3'], '--config.data.max_train=3'),
        ([RESUP, '--config.optimizer=sgd'], '--config.optimizer.name=sgd'),
        ([RESUP, '--config.model=cnn7'], '--config.model.backbone=cnn7'),
        ([RESUP, '--config.algorithm=scn'], '--config=configs/scn.py'),
        ([RESUP, '--config.algorithm.name=scn'], '--config=configs/scn.py'),
        ([RESUP, '--config.data.name=expw'], '--config=configs/resup.py:dataset=expw'),
        ([RESUP, '--epochs=3'], '--config.epochs=3'),
        ([RESUP, 'epochs=3'], '--config.epochs=3'),
        ([RESUP, 'workdir=x'], '--workdir=x'),
        ([RESUP, '--work-dir=x'], '--workdir=x'),
        ([RESUP, '--accept-changes'], '--accept_changes'),
        ([f'{RESUP},', 'noise=0.3'], f'{RESUP},noise=0.3'),
        (['--config=configs/resup.py:', 'noise=0.3'], 'configs/resup.py:noise=0.3'),
        ([f'{RESUP}, noise=0.3'], 'dataset=synthetic,noise=0.3'),
        ([f'{RESUP},epochs=3'], '--config.epochs=3'),
        (['--config=configs/resup.py:dataset=raf-db'], 'dataset=raf_db'),
        (['--config=configs/resup.py:dataset=RAFDB'], 'dataset=raf_db'),
        (['resup'], '--config=configs/resup.py?'),
        (['--config=resub'], '--config=configs/resup.py?'),
        (['--config=stord:x'], '--config=configs/stored.py:x?'),
        (['--config=defalt'], 'give one of configs/, as configs/resup.py'),
        (['--config=resub:noise=0.1'], '--config=configs/resup.py:noise=0.1'),
        (['--config=configs/resub'], '--config=configs/resup.py?'),
        (['--config=configs/resub.py'], '--config=configs/resup.py?'),
        (['--config=configs/resup-affectnet.py'], 'configs/resup_affectnet.py'),
        (['--config=ReSup_AffectNet'], '--config=configs/resup_affectnet.py'),
        (['configs/resup.py'], '--config=configs/resup.py?'),
        (['--config.data.dir=d', RESUP], f'{RESUP} comes first'),
        (['--config.data.dir=d'], '--config=FILE --config.data.dir=d'),
        (['evalute'], 'did you mean evaluate?'),
        (['Train', RESUP], 'did you mean train?'),
        ([RESUP, '--config.epochs=many'], 'wanted a whole number'),
        ([RESUP, '--config.epochs=1.5'], 'wanted a whole number'),
        ([RESUP, '--config.optimizer.decay_epochs=(a,b)'], 'wanted a whole number'),
        ([RESUP, '--config.noise.seed'], '--config.noise.seed=0'),
        ([RESUP, '--config.data.balanced=maybe'], 'wanted True or False'),
        ([RESUP, '--config.noise.rate=30'], 'for 30 % write 0.3'),
        ([RESUP, '--workdir'], '--workdir=...'),
        ([RESUP, RESUP], 'given 2 times'),
        ([RESUP, 'train', 'selftest'], 'two commands'),
        ([RESUP, '--workdir=a', '--workdir', 'b'], '--workdir is given twice'),
        (['--config=configs/default.py'], 'gives no config'),
        (['--config=README.md'], 'wanted a Python file'),
    ],
)  # fmt: skip
def test_the_right_spelling_is_offered(words, offered):
    with pytest.raises(Unusable) as caught:
        read(*words)
    assert offered in str(caught.value)
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_group_of_fields_lists_them():
    with pytest.raises(Unusable, match='rate, reduction, update, weight'):
        read(RESUP, '--config.proximity=0.01')


@pytest.mark.parametrize('words', [['dataset=ferplus'], ['noise=0.2,dataset=ferplus']])
def test_a_config_for_one_data_set_takes_no_other(words):
    with pytest.raises(Unusable, match='this config is for raf_db alone'):
        read(f'--config=configs/resup_rafdb.py:{words[0]}')
    config = read('--config=configs/resup_rafdb.py:dataset=raf_db,noise=0.2').config
    assert (config.data.name, config.noise.rate) == ('raf_db', 0.2)
    rate = read('--config=configs/resup_rafdb.py', '--config.noise.rate=0.4').config
    assert (rate.data.name, rate.noise.rate) == ('raf_db', 0.4)
    with pytest.raises(Unusable, match='has noise twice; write one'):
        read(f'{RESUP.partition(":")[0]}:noise=0.2,noise=0.4')


def test_a_config_of_the_users_own(tmp_path):
    """It may take no argument, and what it raises is told by its name."""
    own = tmp_path / 'own.py'
    start = 'from configs import resup\n\n\ndef get_config():\n'
    own.write_text(f'{start}    return resup.get_config("dataset=expw")\n')
    config = read(f'--config={own}', '--config.noise.rate=0.25').config
    assert (config.data.name, config.noise.rate) == ('expw', 0.25)
    own.write_text(f'{start}    return 1 / 0\n')
    with pytest.raises(Unusable, match=r'own\.py.*ZeroDivisionError: division by zero'):
        read(f'--config={own}')


@pytest.mark.parametrize('text', ['', '3', '3:3', '5:3', ':3', '3:', '-1:3', '1:2:3'])
def test_steps_to_trace_that_are_none(text):
    with pytest.raises(Unusable, match='wanted steps FROM:TO, as 20:30'):
        read(RESUP, f'--profile={text}')


def test_sinks_are_of_those_that_there_are():
    assert read(RESUP, '--config.log.sinks=mlflow').config.log.sinks == ('mlflow',)
    both = read(RESUP, '--config.log.sinks=mlflow', '--config.log.sinks=wandb').config
    assert both.log.sinks == ('mlflow', 'wandb')
