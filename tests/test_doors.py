"""How commands end: a user's mistake is a line, a fault of ours is a traceback."""

import errno
import os
import subprocess
import sys

import pytest

import launch as launcher
from data_prep import __main__ as data_prep
from data_prep import synthetic
from fer_jax import doors
from fer_jax.deploy import evaluate
from fer_jax.errors import Missing, Unusable
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


@pytest.mark.parametrize('platform', ['cuda', 'nonsense'])
def test_a_platform_that_is_not_there_is_one_line(faces, tmp_path, platform):
    """After all that is wrong with the command, its data and its folder."""
    config = '--config=configs/baseline.py:dataset=synthetic'
    words = [config, f'--workdir={tmp_path / "run"}', f'--config.data.dir={faces}']
    done = launch(*words, JAX_PLATFORMS=platform)
    assert done.returncode == 2
    assert f'JAX_PLATFORMS={platform}: there is no such device here' in done.stderr
    assert len(done.stderr.splitlines()) == 1
