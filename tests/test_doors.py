"""How commands end: a user's mistake is a line, a fault of ours is a traceback."""

import argparse
import errno
import importlib
import os
import re
import subprocess
import sys

import pytest

import launch as launcher
from data_prep import __main__ as data_prep
from data_prep import synthetic
from fer_jax import cli, doors
from fer_jax.deploy import evaluate
from fer_jax.errors import Missing, Unusable
from fer_jax.training import schema
from tests.processes import ROOT, launch


def raising(error):
    def command(*_, **__):
        raise error

    return command


FAULTS = [ValueError('a bug'), KeyError('lr'), TypeError('a bug'), OSError('a bug')]


@pytest.mark.parametrize(
    ('error', 'code', 'said'),
    [
        (Unusable('no such thing; give another'), 2, 'x: no such thing; give another'),
        (Missing('f: no such file'), 2, 'x: f: no such file'),
        (PermissionError(errno.EACCES, 'Permission denied', 'f'), 2, "denied: 'f'"),
        (OSError(errno.ENOSPC, 'No space left on device', 'f'), 4, "device: 'f'"),
        (KeyboardInterrupt(), 130, 'x: stopped'),
        (KeyboardInterrupt('stopped; go on'), 130, 'x: stopped; go on'),
    ],
)
def test_what_a_user_can_mend_is_one_line(capsys, error, code, said):
    assert doors.run('x', raising(error)) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize('error', FAULTS, ids=repr)
def test_a_fault_of_the_program_keeps_its_traceback(capsys, error):
    assert doors.run('x', raising(error)) == 70
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith('Traceback')
    assert 'a fault of this program' in shown[-1]


@pytest.mark.parametrize('error', FAULTS, ids=repr)
def test_a_fault_inside_a_command_is_no_mistake_of_the_user(
    monkeypatch, capsys, tmp_path, error
):
    """Of launch.py and of data_prep."""
    monkeypatch.setattr(evaluate, 'run', raising(error))
    assert launcher.main(['launch.py', 'evaluate', f'--workdir={tmp_path}']) == 70
    assert 'Traceback' in capsys.readouterr().err
    monkeypatch.setattr(synthetic, 'run', raising(error))
    assert data_prep.main(['synthetic', f'--out={tmp_path / "out"}']) == 70
    assert 'Traceback' in capsys.readouterr().err


def test_done_is_0():
    assert doors.run('x', lambda: None) == 0
    assert doors.run('x', lambda: 1) == 1


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        ([], 'give a door, one of affectnet'),
        (['image-folder', '--source=x'], 'did you mean image_folder?'),
        (['synthetic', '--tran=3', '--out=x'], 'did you mean --train=3?'),
        (['fer2013', '--sorce=x', '--out=x'], 'did you mean --source=x?'),
        (['synthetic'], 'required: --out'),
        (['noise', 'drw', '--rate=0.3'], "ACTION: no 'drw'; there are: draw, show"),
        (['noise', 'draw', '--rat=0.3', '--out=x'], 'did you mean --rate=0.3?'),
        (['synthetic', '--train=many', '--out=x'], "'many'; wanted a whole number"),
        (['cifar10', '--largest-file=1k', '--source=x'], "'1k'; wanted a number"),
        (['csv', '--source=.', '--out=x'], '.: a folder, not a file'),
        (['csv', '--source=x', '--out=x', '--set=raf-db'], 'did you mean raf_db?'),
        (['csv', '--source=x', '--out=x', '--set=zzz'], "no 'zzz'; there are: "),
    ],
)
def test_doors_of_data_prep_offer_what_is_near(capsys, words, said):
    assert data_prep.main(words) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ''


@pytest.mark.parametrize('words', [['launch.py'], ['-m', 'data_prep']])
def test_output_that_goes_nowhere_is_no_fault(words):
    """Nobody reads it, as behind `head`: 141, without a word. No room for it: 4."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, *words, '--help']
    settings = {'stderr': subprocess.PIPE, 'cwd': ROOT, 'check': False, 'text': True}
    unread = subprocess.run(command, stdout=writing, **settings)
    os.close(writing)
    assert (unread.returncode, unread.stderr) == (141, '')
    with open('/dev/full', 'w') as full:
        lost = subprocess.run(command, stdout=full, **settings)
    assert lost.returncode == 4
    assert len(lost.stderr.splitlines()) == 1
    assert 'No space left on device' in lost.stderr


def test_help_lists_what_there_is(capsys):
    for words in (['--help'], ['-h'], ['train', '--help']):
        assert launcher.main(['launch.py', *words]) == 0
        said = capsys.readouterr().out
        for wanted in ('evaluate', 'coteaching', 'raf_db', 'optimizer.learning_rate'):
            assert wanted in said
    config = '--config=configs/scn.py:dataset=raf_db'
    assert launcher.main(['launch.py', config, '--help']) == 0
    assert 'algorithm.rank_margin=0.07' in capsys.readouterr().out
    assert data_prep.main(['--help']) == 0
    assert 'image_folder' in capsys.readouterr().out


def parsers():
    """(what is called, its parser) of every command and door that takes options."""
    modules = {door: f'data_prep.{module}' for door, module in data_prep.DOORS.items()}
    modules |= {name: cli.module_of(name)[len('fer_jax.') :] for name in cli.USES}
    for name, module in modules.items():
        loaded = importlib.import_module(f'fer_jax.{module}')
        parser = doors.Parser(name, description=loaded.__doc__)
        loaded.add_arguments(parser)
        yield name, parser


def test_every_help_begins_with_examples_and_says_what_each_option_is():
    for name, parser in parsers():
        before, _, behind = parser.format_help().partition('\nusage: ')
        examples = [line for line in before.splitlines() if line[:4] == '    ']
        assert examples, name
        called = {'python -m data_prep', 'python launch.py'}
        assert any(
            one[4:].startswith(f'{c} {name}') for one in examples for c in called
        )
        assert len(before.splitlines()[0]) > 20
        assert 'options:' in behind or 'ACTION' in behind
        for action in every_action(parser):
            assert action.help, (name, action.dest)


def every_action(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from every_action(inner)
        else:
            yield action


def test_help_of_training_shows_every_field_with_its_default(capsys):
    for words in (['train', '--help'], ['selftest', '-h'], ['--help']):
        assert launcher.main(['launch.py', *words]) == 0
        said = capsys.readouterr().out
        for path, field in schema.FIELDS.items():
            assert f'  {path}={field.default}' in said
        first = next(line for line in said.splitlines() if line[:4] == '    ')
        assert first.startswith('    python ')


def test_configs_lists_what_a_config_may_name(capsys):
    assert launcher.main(['launch.py', 'configs']) == 0
    said = capsys.readouterr().out
    for path in (ROOT / 'configs').glob('*.py'):
        if path.stem not in ('__init__', 'default', 'stored'):
            assert re.search(rf'\b{path.stem}\b', said), path.stem
    assert re.search(r'affectnet +224 px, resnet18 of width 64, 20 epochs', said)
    assert launcher.main(['launch.py', 'configs', 'resup']) == 2
    assert '--config=NAME --help' in capsys.readouterr().err


@pytest.mark.parametrize(
    'words',
    [
        ['audit', '--workdir=a', '--workdir=b'],
        ['predict', 'x.png', '--workdir', 'a', '--workdir=b'],
        ['prepare', 'csv', '--source=a', '--out=b', '--out=b'],
        ['prepare', 'noise', 'draw', '--out=a', '--data=b', '--data=c'],
    ],
)
def test_what_is_given_twice_is_refused(capsys, words):
    """The last one would win without a word."""
    assert launcher.main(['launch.py', *words]) == 2
    said = capsys.readouterr().err
    assert 'is given twice; give it once' in said
    assert len(said.splitlines()) == 1


def test_a_command_may_stand_behind_its_options():
    assert doors.command(['--workdir=evaluate', 'evaluate'], ('evaluate',)) == (
        'evaluate',
        ['--workdir=evaluate'],
    )
    assert doors.command(['--workdir', 'audit', 'evaluate'], ('audit', 'evaluate')) == (
        'evaluate',
        ['--workdir', 'audit'],
    )
    assert doors.command(['train'], ('audit',)) == ('', ['train'])
    found = doors.command(['help', 'audit'], ('audit',))
    assert found == ('audit', ['--help'])
    words = ['--config.data.dir', 'audit', 'train']
    assert doors.command(words, ('audit', 'train')) == ('train', words[:2])


@pytest.mark.parametrize('platform', ['cuda', 'nonsense'])
def test_a_platform_that_is_not_there_is_one_line(faces, tmp_path, platform):
    """After all that is wrong with the command, its data and its folder."""
    config = '--config=configs/baseline.py:dataset=synthetic'
    words = [config, f'--workdir={tmp_path / "run"}', f'--config.data.dir={faces}']
    done = launch(*words, JAX_PLATFORMS=platform)
    assert done.returncode == 2
    assert f'JAX_PLATFORMS={platform}: there is no such device here' in done.stderr
    assert len(done.stderr.splitlines()) == 1
