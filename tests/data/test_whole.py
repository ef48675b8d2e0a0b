"""Files and folders that are whole or not there, and what a dying process leaves."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from fer_jax.data import whole
from fer_jax.errors import Unusable
from tests import disks

HELD = """
import os, sys, time
from fer_jax.data import whole
with whole.replacing(sys.argv[1]) as file:
    file.write(b'new')
    file.flush()
    print('held', flush=True)
    time.sleep(60)
"""


def writer(path):
    """A process that has written half of `path` and goes on."""
    process = subprocess.Popen(
        [sys.executable, '-c', HELD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == 'held\n'
    return process


def test_what_died_is_cleared_and_what_lives_is_not(tmp_path):
    (tmp_path / 'below').mkdir()
    path = tmp_path / 'below' / 'a [1].json'
    path.write_text('old')
    with writer(path) as process:
        (partial,) = path.parent.glob('.*.partial')
        whole.clear(tmp_path)
        assert partial.read_text() == 'new'
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert partial.exists()
    whole.clear(tmp_path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == 'old'


def test_a_new_folder_clears_what_an_older_one_left(tmp_path):
    """Of its own name alone, and not what is kept to go on with."""
    left = [tmp_path / f'.set.@{host}.77.partial' for host in ('here', 'a.b.c')]
    others = [tmp_path / f'.{name}.partial' for name in ('set.0123ab', 'other.@a.7')]
    for folder in (*left, *others):
        folder.mkdir()
        (folder / 'file').touch()
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'old').touch()
    with whole.folder(tmp_path / 'set', replace=True) as partial:
        (partial / 'new').touch()
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / 'set'])
    assert [path.name for path in (tmp_path / 'set').iterdir()] == ['new']


def test_a_full_disk_is_named(tmp_path):
    with disks.small(tmp_path, '100k') as small:
        with pytest.raises(OSError, match='No space left') as caught:
            whole.write_text(small / 'file', 'x' * 200_000)
        assert caught.value.filename == str(small / 'file')
        full = pytest.raises(OSError, match='No space left')
        with full as caught, whole.folder(small / 'set') as partial:
            whole.write_text(partial / 'a', 'x')
            with open(partial / 'b', 'wb') as file:
                file.write(bytes(200_000))
        assert caught.value.filename == str(small / 'set')
        assert list(small.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path):
    """Found by trying, which leaves nothing; the path that was given is named."""
    (tmp_path / 'file').touch()
    cases = [
        (whole.check_file, tmp_path, errno.EISDIR),
        (whole.check_file, tmp_path / 'nowhere' / 'a', errno.ENOENT),
        (whole.check_file, tmp_path / 'file' / 'a', errno.ENOTDIR),
        (whole.check_file, tmp_path / ('x' * 256), errno.ENAMETOOLONG),
        (whole.check_folder, tmp_path / 'file', errno.EEXIST),
        (whole.check_folder, tmp_path / 'file' / 'a', errno.ENOTDIR),
        (whole.check_folder, tmp_path / ('x' * 256) / 'a', errno.ENAMETOOLONG),
    ]
    for check, path, code in cases:
        with pytest.raises(OSError) as caught:  # noqa: PT011 (its number is asked)
            check(path)
        assert caught.value.errno == code, path
    with pytest.raises(FileNotFoundError) as caught:
        whole.write_text(tmp_path / 'nowhere' / 'a', 'x')
    assert caught.value.filename == str(tmp_path / 'nowhere' / 'a')
    whole.check_folder(tmp_path / 'a' / 'b')
    whole.check_file(tmp_path / 'file')
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_a_folder_is_held(tmp_path):
    """Another one is refused, and leaves it there even while nothing is in it."""
    again = whole.folder(tmp_path / 'set', keep='word')
    refused = pytest.raises(Unusable, match='is being written by another process')
    with whole.folder(tmp_path / 'set', keep='word'), refused:
        again.__enter__()
    assert os.listdir(tmp_path) == ['set']
