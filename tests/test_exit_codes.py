"""How a command ends: the table "Exit codes" of docs/design.md, fault by fault.

Real processes, started side by side, of whoever runs the tests and, where that is root,
of nobody too (nobody.py). tests/test_faults.py has what goes wrong while a run is
trained, tests/test_pods.py the loss of a host.
"""

import contextlib
import os
import signal
import subprocess

import pytest

import launch
from data_prep import __main__ as data_prep
from fer_jax.analysis import compare
from tests import disks, nobody
from tests.processes import ROOT, command, small_run

ROOT_RUNS = os.geteuid() == 0


@pytest.fixture(scope='module')
def unavailable():
    """Why no process can be of nobody, as text."""
    return nobody.refusal() if ROOT_RUNS else 'only root can start processes of nobody'


@pytest.fixture(params=['oneself', 'nobody'])
def start(request, faces, tmp_path):
    """start(words of launch.py, **environment): a process of a user."""
    if request.param == 'nobody' and request.getfixturevalue('unavailable'):
        pytest.skip(request.getfixturevalue('unavailable'))

    def started(*arguments, **environment):
        words = command(*arguments)
        if request.param == 'nobody':
            words = nobody.command(words, faces, tmp_path)
            environment |= {'JAX_ENABLE_COMPILATION_CACHE': 'false'}  # not theirs
        return subprocess.Popen(
            words,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    if request.param == 'nobody':
        os.chown(tmp_path, *nobody.owner())
    started.may_all = request.param == 'oneself' and ROOT_RUNS
    return started


def ends(process):
    """(code, the only line of stderr) of a process."""
    _, errors = process.communicate(timeout=300)
    assert len(errors.splitlines()) == 1, errors
    return process.returncode, errors.strip()


@contextlib.contextmanager
def shut(path, mode):
    """Makes `path` one of nobody, if it can be, who has no more rights than `mode`."""
    before = path.stat()
    path.chmod(mode)
    if ROOT_RUNS:
        os.chown(path, *nobody.owner())
    try:
        yield
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        path.chmod(before.st_mode)


def test_folders_that_cannot_be_used(start, faces, tmp_path):
    """Before a device is touched, but for the lock, and nothing is left."""
    (tmp_path / 'file').touch()
    for name in ('closed', 'locked', 'of another'):
        (tmp_path / name).mkdir()
    (tmp_path / 'locked' / '.lock').touch()
    wanted = {
        'file': 'there is a file of this name',
        'file/run': 'there is a file of this name',
        'x' * 256: 'File name too long',
    }
    if not start.may_all:
        wanted |= {
            'closed': 'Permission denied',
            'closed/run': 'Permission denied',
            'locked': 'tells whether another process trains there',
        }
        wanted |= {'of another/run': 'Permission denied'} if ROOT_RUNS else {}
    with (
        shut(tmp_path / 'closed', 0o555),
        shut(tmp_path / 'locked', 0o755),
        shut(tmp_path / 'locked' / '.lock', 0),
    ):
        started = {
            name: start(
                *small_run(faces, tmp_path / name, 'baseline'),
                JAX_PLATFORMS='cpu' if name == 'locked' else 'nowhere',
            )
            for name in wanted
        }
        for name, process in started.items():
            code, said = ends(process)
            assert code == 2, said
            assert wanted[name] in said
            assert 'make room' not in said
    assert (tmp_path / 'file').read_text() == ''
    assert list((tmp_path / 'closed').iterdir()) == []
    assert list((tmp_path / 'of another').iterdir()) == []
    assert not (tmp_path / 'locked' / 'metrics.jsonl').exists()


def test_disks_that_are_full_or_closed(start, faces, tmp_path):
    """4 where there is no room, for the same command goes on; 2 where it is closed."""
    with disks.small(tmp_path, '4k') as small:
        run = small_run(faces, small / 'run', 'baseline')
        code, said = ends(start(*run))
        assert code == 4
        assert f"No space left on device: '{small}/run/" in said
        assert said.endswith('; make room, and the same command goes on')
        subprocess.run(['mount', '-o', 'remount,ro', str(small)], check=True)
        code, said = ends(start(*run, JAX_PLATFORMS='nowhere'))
        assert code == 2
        assert 'Read-only file system' in said


@pytest.mark.parametrize(('kind', 'code'), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_is_heard_while_the_first_step_compiles(
    start, faces, tmp_path, kind, code
):
    """Within a second or so, with the code of a stop; the cache is not asked."""
    process = start(
        *small_run(faces, tmp_path / 'run'), JAX_ENABLE_COMPILATION_CACHE='false'
    )
    with process:
        size, device = (process.stdout.readline() for _ in range(2))
        assert ' 3 epochs, 192 images to learn from' in size
        assert device.startswith('run: on 1 cpu device; compiling')
        process.send_signal(kind)
        process.communicate(timeout=10)
    assert process.returncode == code
    assert not (tmp_path / 'run' / 'result.json').exists()


def test_outputs_that_cannot_be_written_are_found_before_the_work(tmp_path, capsys):
    """Before the run is looked for: there is none."""
    (tmp_path / 'file').touch()
    out, run = tmp_path / 'file' / 'out', f'--workdir={tmp_path}/nowhere'
    for words in (
        ['predict', run, f'--csv={out}', 'face.jpg'],
        ['predict', run, f'--sheet={out}', 'face.jpg'],
        ['export', run, f'--out={out}'],
        ['audit', f'--workdir={out}'],
    ):
        assert launch.main(['launch.py', *words]) == 2
        assert str(tmp_path / 'file') in capsys.readouterr().err
    assert compare.main([f'{tmp_path}/nowhere', f'--out={out}']) == 2
    assert str(out) in capsys.readouterr().err
    for door in ('synthetic', 'image_folder --source=nowhere', 'doctor nowhere'):
        assert data_prep.main([*door.split(), f'--out={out}']) == 2
        assert str(tmp_path / 'file') in capsys.readouterr().err


def test_a_workdir_without_a_name(capsys):
    for words in (['evaluate'], ['audit'], ['predict', 'face.jpg'], ['bench']):
        assert launch.main(['launch.py', *words, '--workdir=']) == 2
        assert '--workdir is empty' in capsys.readouterr().err
    assert launch.main(['launch.py', '--config=configs/resup.py', '--workdir=']) == 2
    assert '--workdir=FOLDER' in capsys.readouterr().err
